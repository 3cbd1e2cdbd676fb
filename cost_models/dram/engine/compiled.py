"""How kernels are compiled and where their machine code is kept between processes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numpy.typing import NDArray

Array = NDArray[Any]  # which fields it holds is written in ``state``
Function = TypeVar("Function", bound=Callable[..., Any])
_config: Any = numba.config
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
}  # no reference counts


def inlined(function: Function) -> Function:
    """Compile a helper that is inlined into its callers."""
    return numba.njit(forceinline=True, **OPTIONS)(function)  # type: ignore[no-any-return]


def helper(function: Function) -> Function:
    """Compile a helper that kernels call."""
    return numba.njit(**OPTIONS)(function)  # type: ignore[no-any-return]


def kernel(function: Function) -> Function:
    """Compile a function that Python calls, and keep its code on disk.

    Numba notices changes only in the file of the function itself, so the folder is named after a
    hash of all kernel sources: an upgrade never finds the code of another version.
    """
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(cache_folder())
    try:
        return numba.njit(cache=True, **OPTIONS)(function)  # type: ignore[no-any-return]
    finally:
        _config.CACHE_DIR = before


@cache
def cache_folder() -> Path:
    """Return the folder of this version's machine code: the first one that can be written.

    Cached code is executed, so only folders of the user's own come into question.
    """
    name = f"archgym-dram-{sources_hash(Path(__file__).parent)}"
    for base in _cache_bases():
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return Path(tempfile.mkdtemp(prefix=name))


def _cache_bases() -> list[Path]:
    user = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    chosen = [_config.CACHE_DIR] if _config.CACHE_DIR else []
    return [Path(base) for base in [*chosen, f"{user}/archgym"]]


def sources_hash(folder: Path) -> str:
    """Return a short hash of the kernels' sources: their folder and the command codes."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), folder.parent / "commands.py"]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
