"""ABC kept alive over pipes.

ABC flushes its output before each prompt, so ``echo TAG`` on a line of its own ends an answer: a
line that begins with the tag. A command that fails says so and nothing more, hence
`AbcProcess.ask` looks for what ABC prints then, and callers check what they get. A process that
takes too long, or ends, is killed, and made anew for the next request.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Mapping
from typing import Any

from archgym.cost_models.kept_process import KeptProcess, SlowAnswerError
from archgym.cost_models.synthesis.engine import Engine
from archgym.cost_models.synthesis.scratch import ScratchFolder

_END_SECONDS = 5.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FAILED = re.compile(
    r"\*\* cmd error.*|Cannot open input file.*|Error: .*|Wrong input file format.*"
    r"|Reading .* has failed.*|Empty network.*|There is no .*|Writing this format .*"
)


class EngineError(Exception):
    """ABC gave no usable answer; says why."""


class EngineTimeoutError(EngineError):
    """ABC did not answer within the time limit; it was killed."""


class AbcProcess:
    """One ABC, started at the first request, in a scratch folder of its own.

    File names in commands are therefore plain names, whatever the paths of users look like.

    Args:
        engine: The executable.
        files: Name -> content of files that lie in the folder from the start.
        start: Commands that each new process runs first, for example those that read a library.
        limit_s: Wall-clock limit of one request in seconds.

    Attributes:
        folder: The scratch folder; it goes away with this object.
        greeting: What the last process answered to the start commands.
        starts: How many processes were started.
    """

    def __init__(
        self,
        engine: Engine,
        files: Mapping[str, bytes] | None = None,
        start: str = "",
        limit_s: float = 60.0,
    ):
        self.engine, self.limit_s = engine, limit_s
        self._files, self._start_commands = dict(files or {}), start
        self._process: KeptProcess | None = None
        self._tags = itertools.count()
        self._scratch = ScratchFolder()
        self.folder = self._scratch.path
        for name, content in self._files.items():
            (self.folder / name).write_bytes(content)
        self.greeting = ""
        self.starts = 0

    def __reduce__(self) -> Any:
        return type(self), (self.engine, self._files, self._start_commands, self.limit_s)

    @property
    def pid(self) -> int | None:
        """Of the process, None where none runs."""
        return None if self._process is None else self._process.pid

    def ask(self, commands: str, limit_s: float | None = None) -> str:
        """Return what ABC prints, without colours.

        Args:
            commands: A line of commands.
            limit_s: Where it differs from the process's own.

        Raises:
            EngineTimeoutError: It took too long.
            EngineError: It ended, or says that a command failed.
        """
        process = self._process or self._start()
        return self._exchange(process, commands, limit_s or self.limit_s)

    def close(self) -> None:
        """Kill the process; its scratch files stay until this object goes away."""
        if self._process is not None:
            self._process.close()
        self._process = None

    def _start(self) -> KeptProcess:
        try:
            process = KeptProcess([str(self.engine.path), "-s"], subprocess.STDOUT, self.folder)
        except OSError as error:
            raise EngineError(f"{self.engine.path} cannot be started: {error.strerror}") from None
        self._process = process
        self.starts += 1
        if self._start_commands:
            self.greeting = self._exchange(process, self._start_commands, self.limit_s)
        return process

    def _exchange(self, process: KeptProcess, commands: str, limit_s: float) -> str:
        tag = f"archgym-{next(self._tags)}-answered"
        try:
            process.write(f"{commands}\necho {tag}\n".encode())
            said = process.read_until(f"\n{tag}".encode(), limit_s)
        except SlowAnswerError:
            self.close()
            raise EngineTimeoutError(f"ABC: no answer within {limit_s:g} s") from None
        except (BrokenPipeError, EOFError):
            raise EngineError(self._post_mortem(process)) from None
        except BaseException:
            self.close()  # its answer may still come, to no question
            raise
        answer = _COLOURS.sub("", said.decode(errors="replace"))
        failed = _FAILED.search(answer)
        if failed:
            raise EngineError(f"ABC: {failed.group(0).strip()}")
        return answer

    def _post_mortem(self, process: KeptProcess) -> str:
        code = process.exit_code(_END_SECONDS)
        words = _COLOURS.sub("", process.unread.decode(errors="replace")).split("\n")
        said = next((line.strip() for line in reversed(words) if line.strip()), "")
        self.close()
        return f"ABC ended with exit code {code} (negative: a signal): {said}".rstrip(": ")
