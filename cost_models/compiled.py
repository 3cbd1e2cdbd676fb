"""How a package's kernels are compiled by Numba, and where their machine code is kept.

A package makes one `Compiler` over the folder that holds all its kernel sources, and decorates
functions with its methods. Numba notices changes only in the file of a function itself, so the
folder of the machine code is named after a hash of all sources: an upgrade never finds the code
of another version.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numba
import numba.extending
from numpy.typing import NDArray

Array = NDArray[Any]  # which fields it holds is written where it is made
Function = TypeVar("Function", bound=Callable[..., Any])
_config: Any = numba.config
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_UNWRAPPED = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class Compiler:
    """Numba with our options for the kernels of one package.

    Args:
        name: The package's name, part of the folder's name.
        sources: The folder of the kernels' sources.
        also: Further sources that kernels depend on.
        counted: Whether Numba counts references to arrays, which kernels that make none can do
            without.
        wrapped: Whether Python may call helpers too; without, they compile in half the time.
    """

    def __init__(
        self,
        name: str,
        sources: Path,
        also: Sequence[Path] = (),
        counted: bool = True,
        wrapped: bool = True,
    ):
        self.name, self.sources, self.also = name, sources, also
        self._options = _OPTIONS if counted else _OPTIONS | {"_nrt": False}
        self._of_helpers = self._options | ({} if wrapped else _UNWRAPPED)

    def inlined(self, function: Function) -> Function:
        """Compile a helper that is inlined into its callers."""
        return numba.njit(forceinline=True, **self._of_helpers)(function)  # type: ignore[no-any-return]

    def helper(self, function: Function) -> Function:
        """Compile a helper that kernels call."""
        return numba.njit(**self._of_helpers)(function)  # type: ignore[no-any-return]

    def chosen_for(self, asked: Callable[..., Any]) -> Callable[[Function], Function]:
        """Let kernels call ``asked`` as what the decorated function returns for their types.

        It is called once per combination of types, while they compile, with Numba's types, and
        returns a function of the same arguments; so what is not chosen is not compiled at all.
        """
        options: Any = self._of_helpers | {"forceinline": True}
        return numba.extending.overload(asked, jit_options=options, strict=False)

    def kernel(self, function: Function) -> Function:
        """Compile a function that Python calls, at its first call, and keep its code on disk."""
        before = _config.CACHE_DIR
        _config.CACHE_DIR = str(self.folder)
        try:
            return numba.njit(cache=True, **self._options)(function)  # type: ignore[no-any-return]
        finally:
            _config.CACHE_DIR = before

    @cached_property
    def folder(self) -> Path:
        """The folder of this version's machine code: the first one that can be written.

        Cached code is executed, so only folders of the user's own come into question.
        """
        name = f"archgym-{self.name}-{sources_hash(self.sources, self.also)}"
        for base in cache_folders():
            folder = base / name
            try:
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            except OSError:
                continue
            return folder
        return Path(tempfile.mkdtemp(prefix=name))


def sources_hash(folder: Path, also: Sequence[Path] = ()) -> str:
    """Return a short hash of all Python sources below a folder, and of further ones."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    for path in also:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folders() -> list[Path]:
    """Return where machine code is kept, best first; the first that can be written is used."""
    user = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    chosen = [_config.CACHE_DIR] if _config.CACHE_DIR else []
    return [Path(base) for base in [*chosen, f"{user}/archgym"]]
