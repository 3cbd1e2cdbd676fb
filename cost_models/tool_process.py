"""A tool that needs a Python of its own: a process that is kept alive and answers requests.

Tools that do not share our dependencies cannot be imported here. A `ToolProcess` runs
``tool_server.py`` with another interpreter, which loads one script of ours and calls its
``answer(request)``. Requests and answers are JSON, a line each. A request has a time limit; a
process that exceeds it, or ends, is killed with whatever it started and made anew for the next.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from archgym.cost_models.kept_process import KeptProcess, SlowAnswerError
from archgym.errors import SettingError

SERVER = Path(__file__).with_name("tool_server.py")
_START_SECONDS = 300.0
_END_SECONDS = 5.0


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
        self._process: KeptProcess | None = None
        self._log: IO[bytes] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what describes the tool; each process of ours starts one of its own."""
        return self.__dict__ | {"_process": None, "_log": None}

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tool's answer.

        Raises:
            SettingError: The interpreter cannot be started, or does not have the tool.
            ToolFailedError: The tool raised an error or ended.
            ToolTimeoutError: It took too long.
        """
        process = self._process or self._start()
        try:
            process.write(json.dumps(dict(request)).encode() + b"\n")
            answer = self._read(process, self._timeout_s)
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
        if self._process is not None:
            self._process.close()
        if self._log is not None:
            self._log.close()
        self._process = self._log = None

    def _start(self) -> KeptProcess:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        # Isolated mode: neither our PYTHONPATH nor the folder of the script reaches the tool.
        command = [str(self._python), "-I", str(SERVER), str(self._script)]
        try:
            self._process = process = KeptProcess(command, self._log)
            greeting = self._read(process, _START_SECONDS)
        except EOFError:
            raise SettingError(self._refusal(self._post_mortem())) from None
        except OSError as error:
            self.close()
            raise SettingError(self._refusal(error.strerror or str(error))) from None
        except BaseException:
            self.close()
            raise
        if "error" in greeting:
            self.close()
            raise SettingError(self._refusal(greeting["error"]))
        return process

    def _read(self, process: KeptProcess, limit_s: float) -> dict[str, Any]:
        """Return the next line of the process as JSON."""
        try:
            line = process.read_until(b"\n", limit_s)
        except SlowAnswerError:
            raise ToolTimeoutError(f"{self._name}: no answer within {limit_s:g} s") from None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _post_mortem(self) -> str:
        """Return how the process ended, with the last line that it wrote; forget it."""
        assert self._process is not None
        code, said = self._process.exit_code(_END_SECONDS), self._last_words()
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
