"""Writing traces as DRAMSys ``.stl`` and ``.rstl`` files."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

from archgym.cost_models.dram.trace import Trace
from archgym.errors import WorkloadError


def write_stl(trace: Trace, path: str | Path) -> None:
    """Write a trace so that reading it back gives the same requests; ``.gz`` compresses.

    The file appears whole or not at all, and equal traces give equal bytes.

    Raises:
        WorkloadError: The ending is not ``.rstl`` for a relative and ``.stl`` for another trace,
            or the file cannot be written.
    """
    target = Path(path)
    ending = (target.with_suffix("") if target.suffix == ".gz" else target).suffix
    expected = ".rstl" if trace.relative else ".stl"
    if ending != expected:
        raise WorkloadError(f"{target}: this trace must be written to a name in {expected}[.gz]")
    text = "".join(stl_lines(trace)).encode("ascii")
    partial = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        partial.write_bytes(gzip.compress(text, mtime=0) if target.suffix == ".gz" else text)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WorkloadError(f"{target}: cannot be written ({error.strerror})") from error


def stl_lines(trace: Trace) -> Iterator[str]:
    """Yield one line per request."""
    columns = (trace.times, trace.writes, trace.addresses, trace.lengths)
    for cycle, write, address, length in zip(*(c.tolist() for c in columns), strict=True):
        burst = f"({length}) " if length else ""
        yield f"{cycle}: {burst}{'write' if write else 'read'} 0x{address:x}\n"
