"""A tool that needs a Python of its own: a process that is kept alive and answers requests.

Tools that do not share our dependencies cannot be imported here. A `ToolProcess` runs
``tool_server.py`` with another interpreter, which loads one script of ours and calls its
``answer(request)``. Requests and answers are JSON, a line each. A request has a time limit; a
process that exceeds it, or ends, is killed with whatever it started and made anew for the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from archgym.errors import SettingError

SERVER = Path(__file__).with_name("tool_server.py")
_START_SECONDS = 300.0
_CHUNK_BYTES = 65536


class ToolFailedError(Exception):
    """The tool gave no answer; says why."""


class ToolTimeoutError(ToolFailedError):
    """The tool did not answer within the time limit."""


class ToolProcess:
    """One tool, started at the first request.

    Args:
        name: Of the tool, for messages.
        python: An interpreter that has it installed.
        script: Defines ``answer(request: dict) -> dict``; what it imports at its top must exist.
        install: What brings the tool, for messages.
        timeout_s: Wall-clock limit of one request in seconds.
    """

    def __init__(self, name: str, python: Path, script: Path, install: str, timeout_s: float):
        self._name, self._python, self._script = name, python, script
        self._install, self._timeout_s = install, timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._end: weakref.finalize[..., ToolProcess] | None = None
        self._unread = b""

    def __getstate__(self) -> dict[str, Any]:
        """Return what describes the tool; each process of ours starts one of its own."""
        return self.__dict__ | {"_process": None, "_log": None, "_end": None, "_unread": b""}

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tool's answer.

        Raises:
            SettingError: The interpreter cannot be started, or does not have the tool.
            ToolFailedError: The tool raised an error or ended.
            ToolTimeoutError: It took too long.
        """
        process = self._process or self._start()
        try:
            answer = self._exchange(process, request)
        except (BrokenPipeError, EOFError):
            raise ToolFailedError(self._post_mortem()) from None
        except BaseException:
            self.close()  # its answer may still come, to no question
            raise
        if "error" in answer:
            raise ToolFailedError(f"{self._name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """Kill the process and whatever it started."""
        if self._end is not None:
            self._end()
        if self._log is not None:
            self._log.close()
        self._process = self._log = self._end = None
        self._unread = b""

    def _exchange(
        self, process: subprocess.Popen[bytes], request: Mapping[str, Any]
    ) -> dict[str, Any]:
        assert process.stdin is not None
        process.stdin.write(json.dumps(dict(request)).encode() + b"\n")
        process.stdin.flush()
        return self._read(process, self._timeout_s)

    def _start(self) -> subprocess.Popen[bytes]:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        process = self._spawn(self._log)
        self._process = process
        self._end = weakref.finalize(self, _kill, process)
        try:
            greeting = self._read(process, _START_SECONDS)
        except EOFError:
            raise SettingError(self._refusal(self._post_mortem())) from None
        except BaseException:
            self.close()
            raise
        if "error" in greeting:
            self.close()
            raise SettingError(self._refusal(greeting["error"]))
        return process

    def _spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        # Isolated mode: neither our PYTHONPATH nor the folder of the script reaches the tool.
        command = [str(self._python), "-I", str(SERVER), str(self._script)]
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        except OSError as error:
            self.close()
            raise SettingError(self._refusal(error.strerror or str(error))) from None

    def _read(self, process: subprocess.Popen[bytes], limit_s: float) -> dict[str, Any]:
        """Return the next line of the process as JSON."""
        assert process.stdout is not None
        deadline = time.monotonic() + limit_s
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise ToolTimeoutError(f"{self._name}: no answer within {limit_s:g} s")
            chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                raise EOFError
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _post_mortem(self) -> str:
        """Return how the process ended, with the last line that it wrote; forget it."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        code, said = self._process.returncode, self._last_words()
        self.close()
        return f"{self._name}: its process ended with exit code {code} (negative: a signal){said}"

    def _last_words(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {last}" if last else ""

    def _refusal(self, reason: str) -> str:
        return (
            f"{self._name} cannot run with {self._python}: {reason}; install it: {self._install}"
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group, which it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def interpreter(name: str, variable: str, install: str, package: str = "") -> Path:
    """Return the interpreter that an environment variable names.

    Args:
        name: What the cost model is called.
        variable: The environment variable.
        install: The command that makes such an interpreter.
        package: What the tool is imported as: where the variable is not set and this process's
            Python has the package, that Python does.

    Raises:
        SettingError: It is not set, or names no file. Says how to make one.
    """
    path = os.environ.get(variable, "")
    if not path and package and find_spec(package):
        return Path(sys.executable)
    if not path or not Path(path).expanduser().is_file():
        found = f"is {path!r}, which is no file" if path else "is not set"
        raise SettingError(
            f"cost model {name!r} runs in a Python of its own, and {variable} {found};"
            f" make one: {install}, and set {variable} to its python"
        )
    return Path(path).expanduser()


def time_limit(name: str, options: str, default_s: float) -> float:
    """Return the seconds of ``name:timeout_s=SECONDS``, the default where nothing is given.

    Raises:
        SettingError: The options say anything else.
    """
    key, _, value = options.partition("=")
    try:
        seconds = float(value) if options else default_s
    except ValueError:
        seconds = 0.0
    if (options and key != "timeout_s") or not 0 < seconds < float("inf"):
        raise SettingError(
            f"cost model {name}:{options}: write {name} or {name}:timeout_s=SECONDS"
        )
    return seconds
