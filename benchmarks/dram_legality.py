"""Count JEDEC violations in at least a million commands per memory.

Usage: python -m benchmarks.dram_legality [MEMORY ...]

Two runs per memory, each of random reads and writes: all at once under the default design, which
is bound by bank and bus timing, and sparse under one that powers down and moves refreshes, which
is bound by the rank's. The checker shares no rule with the simulator.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from archgym.cost_models.dram.knobs import encode
from archgym.cost_models.dram.legality import check_legality
from archgym.cost_models.dram.memory import ALIASES, MemorySpec, load_memory, memory_names
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import Trace, make_trace

DENSE, SPARSE = 310_000, 60_000  # requests
PAUSE = 400  # mean cycles between the requests of the sparse run
WRITES = 1 / 3
RESTLESS: dict[str, str | int] = {
    "page_policy": "closed_adaptive",
    "refresh_max_postponed": 4,
    "refresh_max_pulledin": 4,
    "power_down_policy": "staggered",
}


def random_trace(memory: MemorySpec, n: int, pause: int, seed: int) -> Trace:
    rng = np.random.default_rng(seed)
    lines = rng.integers(0, memory.capacity_bytes // memory.burst_bytes, n)
    gaps = rng.geometric(1 / pause, n) if pause else np.zeros(n, np.int64)
    return make_trace(
        "random", np.cumsum(gaps), rng.random(n) < WRITES, lines * memory.burst_bytes
    )


def violations(memory: MemorySpec, trace: Trace, design: dict[str, str | int]) -> tuple[int, int]:
    """Return the number of commands and of violations of one run."""
    log = simulate(memory, trace, encode(design)[None], log=True).log
    assert log is not None
    # Two pseudo-channels under staggered power-down can starve each other of refresh, which the
    # metric refresh_deficit reports.
    refreshed = memory.ranks == 1 or "power_down_policy" not in design
    return len(log), len(check_legality(memory, log, refreshed=refreshed))


def main() -> None:
    names = sys.argv[1:] or [name for name in memory_names() if name not in ALIASES]
    for name in names:
        memory, started = load_memory(name), time.process_time()
        runs = [
            violations(memory, random_trace(memory, DENSE, 0, seed=1), {}),
            violations(memory, random_trace(memory, SPARSE, PAUSE, seed=2), RESTLESS),
        ]
        commands, wrong = (sum(column) for column in zip(*runs, strict=True))
        seconds = time.process_time() - started
        print(
            f"{name:20} {commands:9,} commands {wrong:3} violations {seconds:6.1f} s", flush=True
        )


if __name__ == "__main__":
    main()
