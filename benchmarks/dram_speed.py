"""Measure the memory-controller simulator: cold compilation, requests per second, two cores.

Usage: python -m benchmarks.dram_speed [FOLDER]

FOLDER holds the six traces (traces/*.npz); without it, two traces of the same kinds are made here.
Times are medians of repeated warm calls of one thread, Python overhead included. What depends on
the machine (requests per second) stands beside what hardly does (ratios).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from archgym.cost_models.dram.job import job_of
from archgym.cost_models.dram.knobs import KNOBS, default_design
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import Trace, make_trace
from benchmarks.timing import median_seconds

MEMORY = "ddr4_2400"
REQUESTS = 50_000
BATCH = 64
FIRST_RESULT = """
import time
started = time.process_time()
import numpy as np
from archgym.cost_models.dram.knobs import default_design
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import make_trace
simulate(load_memory("ddr4_2400"), make_trace("one", [0], [0], [0]), default_design()[None])
print(time.process_time() - started)
"""


def traces(folder: Path | None) -> list[Trace]:
    if folder is None:
        rng = np.random.default_rng(104)
        addresses = rng.integers(0, 1 << 24, REQUESTS) * 64
        writes = rng.random(REQUESTS) < 1 / 3
        stream = (1 << 26) + 64 * np.arange(REQUESTS)
        return [
            make_trace("rand_rw_sat", np.zeros(REQUESTS), writes, addresses),
            make_trace("stream_r", 4 * np.arange(REQUESTS), np.zeros(REQUESTS), stream),
        ]
    loaded = []
    for path in sorted((folder / "traces").glob("*.npz")):
        with np.load(path) as file:
            loaded.append(make_trace(path.stem, file["t"], file["w"], file["a"]))
    return loaded


def random_designs(n: int, seed: int) -> np.ndarray:
    """Return designs of the default space without strict order and power-down."""
    rng = np.random.default_rng(seed)
    fixed = ("cmd_mux", "power_down_policy", "high_watermark", "low_watermark")
    choices = [
        [knob.default] if knob.name in fixed else list(knob.space or knob.values) for knob in KNOBS
    ]
    return np.array(
        [
            [
                knob.code(values[rng.integers(len(values))])
                for knob, values in zip(KNOBS, choices, strict=True)
            ]
            for _ in range(n)
        ]
    )


def simulate_anew(trace: Trace, designs: np.ndarray, threads: int = 1) -> None:
    """Simulate designs on the measured memory although they were simulated before."""
    memory = load_memory(MEMORY)
    job_of(memory, trace, None, None, False, False).known.clear()
    simulate(memory, trace, designs, threads=threads)


def first_result(cache: str) -> float:
    environment = {"XDG_CACHE_HOME": cache, "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", FIRST_RESULT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    default = default_design()[None]
    with tempfile.TemporaryDirectory() as cache:
        print(f"first result, cold cache: {first_result(cache):6.2f} s CPU")
        print(f"first result, warm cache: {first_result(cache):6.2f} s CPU")
    print(f"{'trace':12} {'default':>9} {'median of 12 designs':>22}   M requests/s, one core")
    designs = random_designs(12, seed=0)
    for trace in traces(folder):

        def speed(design: np.ndarray, trace: Trace = trace) -> float:
            seconds = median_seconds(lambda: simulate_anew(trace, design), time.process_time)
            return len(trace) / seconds / 1e6

        others = statistics.median(speed(design[None]) for design in designs)
        print(f"{trace.name:12} {speed(default):9.2f} {others:22.2f}")
    trace = next(trace for trace in traces(folder) if trace.name == "rand_rw_sat")
    batch = random_designs(BATCH, seed=1)
    one = median_seconds(lambda: simulate_anew(trace, batch), time.perf_counter)
    two = median_seconds(lambda: simulate_anew(trace, batch, threads=2), time.perf_counter)
    print(
        f"{BATCH} designs on {trace.name}: {one:.2f} s, two threads {two:.2f} s: {one / two:.2f}x"
    )


if __name__ == "__main__":
    main()
