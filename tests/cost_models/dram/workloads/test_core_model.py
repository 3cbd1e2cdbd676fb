from itertools import pairwise

import numpy as np

from archgym.cost_models.dram.workloads.address_space import place_arrays
from archgym.cost_models.dram.workloads.core_model import Core


def test_instructions_and_exposed_misses_add_up():
    core = Core(instructions_per_cycle=4, exposed_miss_cycles=10)
    # A write-back (third) belongs to the miss before it and nobody waits for it.
    times = core.issue_times(np.array([0, 8, 8, 9]), np.array([0, 0, 1, 0], dtype=np.uint8))
    assert times.tolist() == [0, 12, 22, 22]


def test_arrays_lie_on_pages_and_do_not_overlap():
    sizes = [100, 5000, 1 << 28, 1 << 28, 1 << 20]
    bases = place_arrays(np.random.default_rng(1), sizes)
    spans = sorted((base, base + size) for base, size in zip(bases, sizes, strict=True))
    assert all(base % 4096 == 0 for base in bases)
    assert all(high <= low for (_, high), (low, _) in pairwise(spans))
    assert spans[-1][1] <= 1 << 30
