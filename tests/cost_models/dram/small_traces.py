"""Small traces and designs for tests of the simulator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.knobs import KNOBS, encode
from archgym.cost_models.dram.memory import MemorySpec, load_memory
from archgym.cost_models.dram.refresh_schemes import allowed_policies
from archgym.cost_models.dram.simulate import Simulation, simulate
from archgym.cost_models.dram.trace import Trace, make_trace

MEMORIES = (
    "ddr3_1600",
    "ddr4_2400",
    "ddr5_4800",
    "lpddr4_3200",
    "lpddr5_6400",
    "hbm2",
    "gddr6_14000",
)
GAPS = np.array([0, 1, 5, 40, 400, 9000])


def random_trace(memory: MemorySpec, n: int, seed: int, write_share: float = 0.3) -> Trace:
    """Return bursts and pauses over a few hot rows and the whole device."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.choice(GAPS, n, p=[0.35, 0.2, 0.2, 0.2, 0.04, 0.01]))
    far = rng.integers(0, memory.capacity_bytes, n)
    near = rng.integers(0, 64, n) * memory.burst_bytes + (rng.integers(0, 4, n) << 20)
    addresses = np.where(rng.random(n) < 0.5, far, near) // memory.burst_bytes * memory.burst_bytes
    return make_trace(f"random-{seed}", times, rng.random(n) < write_share, addresses)


def random_design(seed: int, memory: MemorySpec | None = None) -> NDArray[np.int64]:
    """Return the codes of a design, values outside the default space included.

    Without a memory only refresh policies that every memory has.
    """
    rng = np.random.default_rng(seed)
    policies = ("no_refresh", "all_bank") if memory is None else allowed_policies(memory)
    codes: list[int] = []
    for knob in KNOBS:
        if knob.name == "refresh_policy":
            codes.append(knob.code(policies[rng.integers(len(policies))]))
        elif knob.name == "low_watermark":
            codes.append(rng.integers(1, codes[-1]))  # below the high watermark, the knob before
        elif knob.values:
            codes.append(rng.integers(len(knob.values)))
        elif rng.random() < 0.7:
            codes.append(rng.choice(knob.space))
        else:
            codes.append(rng.integers(knob.lowest, 9))
    return np.array(codes, np.int64)


def run_one(
    memory: str | MemorySpec, trace: Trace, log: bool = False, **design: str | int
) -> Simulation:
    """Simulate the default design with some knobs changed."""
    spec = load_memory(memory) if isinstance(memory, str) else memory
    return simulate(spec, trace, encode(design)[None], log=log)


def value(simulation: Simulation, metric: str) -> float:
    """Return a metric of the only design."""
    return float(simulation.metrics[metric][0])
