"""The event engine against the plain controller: the same commands in the same cycles."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest
import yaml

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.knobs import KNOB_NAMES, KNOBS
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.simulate import simulate
from archgym.cost_models.dram.trace import make_trace

from .reference.energy import energy_pj
from .reference.knobs import ReferenceKnobs
from .reference.memory import Memory
from .reference.simulation import simulate_reference
from .reference.traces import KINDS, small_trace
from .small_traces import random_design

REQUESTS = 150
MEMORIES = (
    "ddr3_1600",
    "ddr4_2400",
    "lpddr4_3200",
    "hbm2",
    "ddr5_4800",
    "lpddr5_6400",
    "gddr6_14000",
)


def plain_memory(name: str) -> Memory:
    folder = resources.files("archgym.cost_models.dram") / "memories"
    return Memory(yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")))


def plain_knobs(codes: np.ndarray) -> ReferenceKnobs:
    values = [knob.value(int(code)) for knob, code in zip(KNOBS, codes, strict=True)]
    return ReferenceKnobs(**dict(zip(KNOB_NAMES, values, strict=True)))


@pytest.mark.parametrize("name", MEMORIES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_commands_and_latencies_are_equal(name: str, kind: str) -> None:
    memory = load_memory(name)
    for seed in range(8):
        times, writes, addresses = small_trace(kind, REQUESTS, seed)
        trace = make_trace(kind, times, writes, addresses)
        codes = random_design(1000 * sorted(KINDS).index(kind) + seed)
        ours = simulate(memory, trace, codes[None, :], log=True)
        knobs = plain_knobs(codes)
        plain = simulate_reference(plain_memory(name), knobs, times, writes, addresses)
        expected = [
            (c.cycle, c.command.upper(), -1 if c.bank is None else c.bank) for c in plain.log
        ]
        label = f"{name} {kind} seed {seed}: {knobs}"
        log = ours.log
        got = [
            (int(cycle), Command(int(command)).name, int(bank))
            for cycle, command, bank in zip(log.cycle, log.command, log.bank, strict=True)
        ]
        assert got == expected, label
        assert ours.metrics["total_time_ns"][0] == pytest.approx(plain.total_time_ns), label
        if memory.power is not None:
            energy = energy_pj(plain_memory(name), plain.log)
            assert ours.metrics["energy_pj"][0] == pytest.approx(energy, rel=1e-9), label
        if 0 in writes:
            cycles = ours.metrics["mean_read_latency_ns"][0] * 1000 / memory.clock_ps
            assert cycles == pytest.approx(plain.mean_read_latency()), label
