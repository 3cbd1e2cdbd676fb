"""One torch thread and random numbers that stay inside, for as long as something learns."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def torch_session() -> Iterator[None]:
    """Run the body with one torch thread and put global random states back afterwards.

    RL libraries seed the global generators of Python, numpy and torch. One thread is many times
    faster than several on small networks, and makes results independent of the machine's cores.
    """
    import torch

    threads = torch.get_num_threads()
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
