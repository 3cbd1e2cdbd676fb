"""Workloads by name or file path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from archgym.cost_models.dram.trace import Trace, content_hash
from archgym.cost_models.dram.workloads.catalogue import Workload, list_workloads
from archgym.cost_models.dram.workloads.readers import SUFFIXES, read_trace
from archgym.errors import UnknownNameError, WorkloadError

__all__ = ["Workload", "content_hash", "list_workloads", "load_workload"]

_KEPT_TRACES = 16


def load_workload(name_or_path: str) -> Trace:
    """Return a built-in workload, or the trace in a file; repeated calls give the same object.

    A built-in name wins over a file of the same name in the working folder (write ``./name``).

    Raises:
        UnknownNameError: Neither a built-in workload nor anything that looks like a path.
        WorkloadError: The file is missing or malformed.
    """
    name = str(name_or_path)
    if name in list_workloads():
        return _build(name)
    path = Path(name)
    if path.exists():
        status = path.stat()
        return _read(name, status.st_mtime_ns, status.st_size)
    if _looks_like_path(name):
        raise WorkloadError(f"{name}: no such trace file")
    hint = f"; a trace file is accepted too ({', '.join(SUFFIXES)})"
    raise UnknownNameError("workload of 'dram'", name, list_workloads(), hint)


def _looks_like_path(name: str) -> bool:
    return "/" in name or "." in name


@lru_cache(maxsize=_KEPT_TRACES)
def _build(name: str) -> Trace:
    return list_workloads()[name].build()


@lru_cache(maxsize=_KEPT_TRACES)
def _read(path: str, modified: int, size: int) -> Trace:
    """Read a file; its time of change and size are part of the key, so that edits are seen."""
    return read_trace(path)
