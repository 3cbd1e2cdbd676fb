"""Refreshing some banks at a time: rates, rounds, retention, energy and what memories allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.refresh_schemes import allowed_policies, refresh_schemes
from archgym.cost_models.dram.trace import make_trace
from archgym.errors import InvalidDesignError

from .reference.energy import energy_pj
from .reference.knobs import ReferenceKnobs
from .reference.simulation import simulate_reference
from .small_traces import random_trace, run_one, value
from .test_reference_sweep import reference_memory

POLICIES = [
    ("lpddr4_3200", "per_bank", 8),
    ("gddr6_14000", "per_bank", 16),
    ("hbm2", "per_bank", 16),
    ("hbm2", "same_bank", 16),
    ("ddr5_4800", "same_bank", 4),
    ("lpddr5_6400", "per_2_bank", 8),
]
REFRESHES = (Command.REFPB, Command.REFSB)
INTERVALS = 40  # of an all-bank refresh


def sparse(name: str):
    """Return a trace that lasts many refresh intervals."""
    memory = load_memory(name)
    interval = memory.timing["REFI"]
    n = 200
    times = np.linspace(0, INTERVALS * interval, n).astype(np.int64)
    addresses = np.random.default_rng(0).integers(0, memory.capacity_bytes // 64, n) * 64
    return memory, make_trace("sparse", times, np.arange(n) % 3 == 0, addresses)


@pytest.mark.parametrize(("name", "policy", "sets"), POLICIES)
def test_every_bank_is_refreshed_once_per_round(name: str, policy: str, sets: int) -> None:
    memory, trace = sparse(name)
    scheme = refresh_schemes(memory)[policy]
    assert scheme.n_sets == sets
    assert scheme.n_sets * scheme.set_size == memory.banks
    run = run_one(memory, trace, log=True, refresh_policy=policy)
    log = run.log
    assert log is not None
    refreshes = np.isin(log.command, REFRESHES)
    expected = memory.ranks * (log.cycle[-1] // scheme.interval)
    assert (
        value(run, "n_refreshes") == refreshes.sum() == pytest.approx(expected, abs=memory.ranks)
    )
    assert value(run, "feasible") == 1
    for rank in range(memory.ranks):
        firsts = log.bank[refreshes & (log.rank == rank)] % memory.banks
        wanted = sorted(scheme.first(index) for index in range(sets))
        for start in range(0, len(firsts) - sets, sets):
            assert sorted(firsts[start : start + sets].tolist()) == wanted


# On HBM2 the first refresh falls due before every bank has a request.
@pytest.mark.parametrize(
    ("name", "policy", "sets"), [case for case in POLICIES if case[0] != "hbm2"]
)
def test_limits_count_rounds(name: str, policy: str, sets: int) -> None:
    """While every bank has requests, P = 1 puts off one round, P = 0 nothing."""
    memory = load_memory(name)
    interval = refresh_schemes(memory)[policy].interval
    n = 3 * sets * interval // memory.burst_cycles // 2
    addresses = np.random.default_rng(1).integers(0, memory.capacity_bytes // 64, n) * 64
    trace = make_trace("busy", np.zeros(n), np.zeros(n), addresses)
    design = {"refresh_policy": policy, "scheduler_buffer": "shared", "request_buffer_size": 2000}
    firsts = []
    for limit in (0, 1):
        run = run_one(memory, trace, log=True, refresh_max_postponed=limit, **design)
        assert run.log is not None
        firsts.append(run.log.cycle[np.isin(run.log.command, REFRESHES)][0])
    delay = (firsts[1] - firsts[0]) / interval
    assert delay == pytest.approx(sets, abs=0.5)


def test_too_few_refreshes_are_a_deficit_of_rounds() -> None:
    """With sleep the time asleep does not count; without refreshes all rounds are missing."""
    memory, trace = sparse("lpddr4_3200")
    apart = run_one(memory, trace, refresh_policy="per_bank")
    none = run_one(memory, trace, refresh_policy="no_refresh")
    assert value(apart, "refresh_deficit") == 0
    assert value(none, "refresh_deficit") == INTERVALS - 8
    asleep = run_one(memory, trace, refresh_policy="per_bank", power_down_policy="staggered")
    assert value(asleep, "refresh_deficit") == 0


def test_refreshes_of_some_banks_disturb_less() -> None:
    memory = load_memory("lpddr4_3200")
    trace = random_trace(memory, 3000, seed=3)
    together, apart = (
        value(run_one(memory, trace, refresh_policy=policy), "p99_read_latency_ns")
        for policy in ("all_bank", "per_bank")
    )
    assert apart < together


@pytest.mark.parametrize("power_down", ["no_power_down", "staggered"])
def test_energy_with_the_current_of_such_a_refresh(power_down: str) -> None:
    """The account agrees with a replay of the log; without the current there is no energy."""
    memory = load_memory("lpddr4_3200_6gb")
    assert memory.power is not None
    knobs = ReferenceKnobs(refresh_policy="per_bank", power_down_policy=power_down)
    design = {"refresh_policy": "per_bank", "power_down_policy": power_down}
    plain = reference_memory("lpddr4_3200_6gb")
    currents = {"idd5pb": 40.0, "idd5pb2": 90.0}
    for seed in range(4):
        trace = random_trace(memory, 150, seed)
        unknown = run_one(memory, trace, **design)
        assert value(unknown, "n_refreshes") > 0
        assert np.isnan(value(unknown, "energy_pj"))
        assert np.isfinite(value(unknown, "activate_energy_pj"))
        powered = replace(memory, power={**memory.power, **currents})
        measured = value(run_one(powered, trace, **design), "energy_pj")
        arrays = (trace.times.tolist(), trace.writes.tolist(), trace.addresses.tolist())
        log = simulate_reference(plain, knobs, *arrays).log
        before = plain.power
        plain.power = {**memory.power, **currents}
        try:
            assert measured == pytest.approx(energy_pj(plain, log), rel=1e-9)
        finally:
            plain.power = before


def test_what_memories_allow() -> None:
    assert allowed_policies(load_memory("ddr4_2400")) == ("no_refresh", "all_bank")
    assert allowed_policies(load_memory("lpddr4_3200")) == ("no_refresh", "all_bank", "per_bank")
    memory = load_memory("ddr4_2400")
    message = r"per_bank.*memory ddr4_2400 \(DDR4\) allows no_refresh, all_bank"
    with pytest.raises(InvalidDesignError, match=message):
        run_one(memory, random_trace(memory, 5, 0), refresh_policy="per_bank")


def test_a_policy_needs_its_timings() -> None:
    memory = load_memory("lpddr4_3200")
    timing = {name: cycles for name, cycles in memory.timing.items() if name != "REFIPB"}
    assert allowed_policies(replace(memory, timing=timing)) == ("no_refresh", "all_bank")
