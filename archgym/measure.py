"""Calling a cost model so that one bad design costs only its own row."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence

import numpy as np

from archgym.batch import Batch
from archgym.errors import ArchgymError
from archgym.outcome import Measurements, Status, concatenate

Measure = Callable[[Batch], Measurements]


def measure_safely(run: Measure, batch: Batch, names: Sequence[str]) -> Measurements:
    """Return what ``run`` measures; where it raises, find the designs that make it raise.

    Errors that archgym raises on purpose (a workload that does not fit, a missing extra) concern
    the whole problem and pass through, as does a lack of memory, which may be the fault of the
    designs before; any other exception is a crash of the design's evaluation.
    """
    if not len(batch):
        empty = {name: np.zeros(0) for name in names}
        return Measurements(empty, np.zeros(0), np.zeros(0, dtype=np.uint8))
    try:
        return run(batch)
    except (ArchgymError, MemoryError):
        raise
    except Exception:
        if len(batch) == 1:
            return Measurements.failed(names, Status.CRASHED, traceback.format_exc())
    half = len(batch) // 2
    halves = batch.select(slice(None, half)), batch.select(slice(half, None))
    return concatenate([measure_safely(run, part, names) for part in halves])
