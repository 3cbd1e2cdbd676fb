"""Folders for a process's scratch files that do not outlive it by long."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import weakref
from functools import lru_cache
from pathlib import Path

_MEMORY_DISK = Path("/dev/shm")
_PREFIX, _LOCK = "archgym-abc-", "lock"


class ScratchFolder:
    """A new folder, in memory where the machine has such a disk; it goes away with this object.

    A process that is killed cannot clean up. So each folder holds a file that its owner keeps
    locked, and the first folder of a process removes those of which no process holds the lock.

    Args:
        base: Where it lies; a disk in memory or that of temporary files unless given.

    Attributes:
        path: Of the folder.
    """

    def __init__(self, base: Path | None = None):
        base = base or _default_base()
        _sweep_once(base)
        self.path, lock = _make(base)
        while not (self.path / _LOCK).exists():  # swept before it was locked
            os.close(lock)
            self.path, lock = _make(base)
        weakref.finalize(self, _remove, self.path, lock)


def _make(base: Path) -> tuple[Path, int]:
    """Return a new folder and the open file that locks it."""
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    lock = os.open(path / _LOCK, os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return path, lock


def sweep(base: Path) -> None:
    """Remove the folders in ``base`` whose owners are gone."""
    for path in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process's, or just removed by one
            lock = os.open(path / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


@lru_cache(maxsize=8)
def _sweep_once(base: Path) -> None:
    sweep(base)


def _default_base() -> Path:
    usable = _MEMORY_DISK.is_dir() and os.access(_MEMORY_DISK, os.W_OK)
    return _MEMORY_DISK if usable else Path(tempfile.gettempdir())


def _remove(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)
