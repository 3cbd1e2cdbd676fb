"""Which ABC is used: where it lies, what it calls itself, and the hash of its file."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from archgym.errors import SettingError

VARIABLE = "ARCHGYM_ABC"
INSTALL = "pip install pyosys"
_ON_PATH = ("yosys-abc", "berkeley-abc", "abc")
_VERSION_SECONDS, _TRIES = 30.0, 2
_VERSION = re.compile(r"UC Berkeley, (ABC .*)")


@dataclass(frozen=True)
class Engine:
    """An ABC executable.

    Attributes:
        path: Of the file.
        name: "abc", with where it comes from: "pyosys", "path", or the variable that names it.
        version: As it prints it.
        sha256: Of the file, in hexadecimal digits.
    """

    path: Path
    name: str
    version: str
    sha256: str


def find_engine(path: str = "") -> Engine:
    """Return the ABC of ``path``, else of ``ARCHGYM_ABC``, the pyosys wheel, or on the PATH.

    Raises:
        SettingError: A path names no executable, or there is no ABC at all. Says how to get one.
    """
    if path:
        return _engine(_executable(path, "setting 'abc'"), "abc (setting)")
    if os.environ.get(VARIABLE):
        return _engine(_executable(os.environ[VARIABLE], VARIABLE), f"abc ({VARIABLE})")
    in_wheel = wheel_folder()
    if in_wheel is not None and (in_wheel / "yosys-abc").is_file():
        return _engine(in_wheel / "yosys-abc", "abc (pyosys)")
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            return _engine(Path(found), f"abc ({name})")
    raise SettingError(
        f"no ABC executable is found: {INSTALL}, or set {VARIABLE} to the path of one"
    )


def wheel_folder() -> Path | None:
    """Return the folder of the pyosys wheel, without importing it; None where it is missing."""
    spec = find_spec("pyosys")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _executable(path: str, source: str) -> Path:
    found = Path(path).expanduser()
    if not found.is_file() or not os.access(found, os.X_OK):
        raise SettingError(f"{source} is {path!r}, which is no executable file; {INSTALL}")
    return found.resolve()


def _engine(path: Path, name: str) -> Engine:
    return _known(path, name, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _known(path: Path, name: str, changed_ns: int) -> Engine:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Engine(path, name, _version(path), digest)


def _version(path: Path) -> str:
    """Return what the executable says of itself.

    Raises:
        SettingError: It is not ABC.
    """
    for _ in range(_TRIES):
        try:
            done = subprocess.run(
                [str(path), "-s"],
                input=b"version\nquit\n",
                capture_output=True,
                timeout=_VERSION_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SettingError(f"{path} cannot be run as ABC: {error}") from None
        found = _VERSION.search(done.stdout.decode(errors="replace"))
        if found:
            return found.group(1).strip()
    raise SettingError(f"{path} is not ABC: it does not tell a version of UC Berkeley, ABC")
