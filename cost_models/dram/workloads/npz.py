"""Traces as numpy archives."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from archgym.cost_models.dram.trace import Trace, make_trace
from archgym.cost_models.dram.workloads.formats import MAX_ADDRESS, MAX_CYCLE
from archgym.errors import WorkloadError

_HIGHEST = {"t": MAX_CYCLE, "w": 1, "a": MAX_ADDRESS}
# What numpy raises for files that are no archive, are cut short, or hold pickled objects.
_DAMAGED = (ValueError, AttributeError, EOFError, OSError, zipfile.BadZipFile, zlib.error)
_MEANING = "t (cycle), w (1 = write), a (byte address)"


def read_npz(path: str | Path) -> Trace:
    """Return the trace in the arrays t, w and a of an archive.

    Raises:
        WorkloadError: The file is no archive, an array is missing, not a vector of whole numbers,
            of another length than t, or holds values out of range.
    """
    arrays = _load(path)
    for name, array in arrays.items():
        _check(path, name, array, len(arrays["t"]) if arrays["t"].ndim == 1 else 0)
    return make_trace(str(path), arrays["t"], arrays["w"], arrays["a"])


def _load(path: str | Path) -> dict[str, NDArray[Any]]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, NpzFile):
            raise WorkloadError(f"{path}: not a readable .npz archive (a single array)")
        with archive:
            missing = sorted(set(_HIGHEST) - set(archive.files))
            if missing:
                raise WorkloadError(
                    f"{path}: array {', '.join(missing)} is missing "
                    f"(has {', '.join(archive.files) or 'none'}; needed: {_MEANING})"
                )
            return {name: archive[name] for name in _HIGHEST}
    except (
        ValueError,
        AttributeError,
        EOFError,
        OSError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if isinstance(error, WorkloadError):
            raise
        raise WorkloadError(f"{path}: not a readable .npz archive ({error})") from error


def _check(path: str | Path, name: str, array: NDArray[Any], length: int) -> None:
    if array.ndim != 1 or array.dtype.kind not in "iub":
        raise WorkloadError(
            f"{path}: array {name} must be a vector of whole numbers, "
            f"has shape {array.shape} of {array.dtype}"
        )
    if len(array) == 0:
        raise WorkloadError(f"{path}: the file holds no request")
    if len(array) != length:
        raise WorkloadError(f"{path}: array {name} has {len(array)} entries, t has {length}")
    bad = np.flatnonzero((array < 0) | (array > _HIGHEST[name]))
    if len(bad):
        raise WorkloadError(
            f"{path}: {name}[{bad[0]}] = {array[bad[0]]} is not within 0 .. {_HIGHEST[name]}"
        )
