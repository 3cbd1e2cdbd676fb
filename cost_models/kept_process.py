"""A child process that is kept alive and talked to over pipes."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

_CHUNK_BYTES = 65536


class SlowAnswerError(Exception):
    """What is waited for did not come within the time limit."""


class KeptProcess:
    """One process that leads a group of its own; killed when this object goes away.

    Args:
        command: The program and its arguments.
        errors: Where its standard error goes, as `subprocess.Popen` takes it.
        folder: Where it runs; where we do unless given.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, command: Sequence[str], errors: int | IO[Any], folder: Path | None = None):
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            start_new_session=True,
        )
        self._unread = b""
        self._end = weakref.finalize(self, _kill, self._process)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def write(self, text: bytes) -> None:
        """Send text to its standard input.

        Raises:
            BrokenPipeError: It has ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def read_until(self, mark: bytes, limit_s: float) -> bytes:
        """Return what it says before ``mark``, which is taken away.

        Raises:
            SlowAnswerError: The mark did not come in time.
            EOFError: It has ended; `unread` holds its last words.
        """
        assert self._process.stdout is not None
        deadline = time.monotonic() + limit_s
        while mark not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise SlowAnswerError
            chunk = os.read(self._process.stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                raise EOFError
            self._unread += chunk
        answer, _, self._unread = self._unread.partition(mark)
        return answer

    @property
    def unread(self) -> bytes:
        """What it said and nobody asked for yet."""
        return self._unread

    def exit_code(self, patience_s: float) -> int | None:
        """Wait for its end and return the exit code, negative for a signal; None if it goes on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=patience_s)
        return self._process.returncode

    def close(self) -> None:
        """Kill the process and whatever it started."""
        self._end()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group, which it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
