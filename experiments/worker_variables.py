"""Environment variables that worker processes inherit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# More computing threads than one per process only fight over the cores.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, which processes started meanwhile inherit, and set them back.

    A local Ray's workers inherit from it; a runtime environment would cost seconds.
    """
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
