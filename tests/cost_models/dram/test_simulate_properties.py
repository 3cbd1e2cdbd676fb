"""What holds for every design, memory and trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.knobs import column
from archgym.cost_models.dram.legality import check_legality
from archgym.cost_models.dram.memory import load_memory
from archgym.cost_models.dram.simulate import CommandLog, simulate
from tests.cost_models.dram.small_traces import MEMORIES, random_design, random_trace

memories = st.sampled_from(MEMORIES).map(load_memory)
seeds = st.integers(0, 10_000)
sizes = st.integers(1, 300)
RELAXED = settings(deadline=None, max_examples=60)


def count(log: CommandLog, *commands: Command) -> int:
    return int(np.isin(log.command, commands).sum())


@RELAXED
@given(memories, seeds, seeds, sizes)
def test_every_run_ends_and_serves_every_request(memory, trace_seed, design_seed, n) -> None:
    trace = random_trace(memory, n, trace_seed)
    simulation = simulate(memory, trace, random_design(design_seed, memory)[None], log=True)
    metrics = {name: values[0] for name, values in simulation.metrics.items()}
    assert simulation.finished.all()
    assert metrics["n_reads"] == (trace.writes == 0).sum()
    assert metrics["n_writes"] == (trace.writes == 1).sum()
    log = simulation.log
    assert log is not None
    served = log.request[log.bank >= 0][np.isin(log.command[log.bank >= 0], [2, 3, 4, 5])]
    assert sorted(served.tolist()) == list(range(n))
    assert (np.diff(log.cycle) >= 0).all()
    assert metrics["n_activates"] == count(log, Command.ACT)
    assert metrics["n_refreshes"] == count(log, Command.REFAB, Command.REFPB, Command.REFSB)
    assert metrics["total_time_ns"] * 1000 >= trace.times[-1] * memory.clock_ps


@RELAXED
@given(memories, seeds, seeds, sizes)
def test_every_command_is_legal(memory, trace_seed, design_seed, n) -> None:
    design = random_design(design_seed, memory)
    log = simulate(memory, random_trace(memory, n, trace_seed), design[None], log=True).log
    assert log is not None
    moved = max(design[column("refresh_max_postponed")], design[column("refresh_max_pulledin")])
    allowed = moved <= memory.standard.max_postponed
    refreshed = bool(design[column("refresh_policy")] and allowed)
    assert check_legality(memory, log, refreshed=refreshed) == []


@RELAXED
@given(
    st.sampled_from(["ddr3_1600", "ddr4_2400", "ddr3_1600_8gb", "ddr4_3200"]).map(load_memory),
    seeds,
    seeds,
    sizes,
)
def test_energy_is_power_times_time_and_the_sum_of_its_parts(
    memory, trace_seed, design_seed, n
) -> None:
    trace = random_trace(memory, n, trace_seed)
    metrics = simulate(memory, trace, random_design(design_seed)[None]).metrics
    energy = metrics["energy_pj"][0]
    assert energy == pytest.approx(metrics["average_power_mw"][0] * metrics["total_time_ns"][0])
    parts = [values[0] for name, values in metrics.items() if name.endswith("_energy_pj")]
    assert len(parts) == 7
    assert min(parts) >= 0
    assert energy == pytest.approx(sum(parts))


@pytest.mark.parametrize(
    "name", ["ddr5_6400", "lpddr4_3200", "lpddr5_6400", "hbm2", "gddr6_14000"]
)
def test_there_is_no_energy_without_currents(name: str) -> None:
    memory = load_memory(name)
    metrics = simulate(memory, random_trace(memory, 50, 0), random_design(0)[None]).metrics
    assert np.isnan([metrics["energy_pj"][0], metrics["average_power_mw"][0]]).all()


@RELAXED
@given(memories, seeds, seeds, sizes)
def test_knobs_without_effect_have_none(memory, trace_seed, design_seed, n) -> None:
    trace, design = random_trace(memory, n, trace_seed), random_design(design_seed)
    design[column("refresh_policy")] = 0
    design[column("arbiter")] = 0
    other = design.copy()
    other[column("refresh_max_postponed")] = 8 - design[column("refresh_max_postponed")]
    other[column("refresh_max_pulledin")] = 8 - design[column("refresh_max_pulledin")]
    other[column("max_active_transactions")] += 17
    both = simulate(memory, trace, np.stack([design, other])).metrics
    for name, values in both.items():
        assert np.array_equal(values[0], values[1], equal_nan=True), name


@RELAXED
@given(memories, seeds, seeds, sizes)
def test_one_entry_leaves_nothing_to_order(memory, trace_seed, design_seed, n) -> None:
    trace, design = random_trace(memory, n, trace_seed), random_design(design_seed)
    design[column("scheduler_buffer")] = 2
    design[column("request_buffer_size")] = 1
    logs = []
    for scheduler in range(5):
        design[column("scheduler")] = scheduler
        log = simulate(memory, trace, design[None], log=True).log
        assert log is not None
        logs.append(log.cycle)
    assert all(np.array_equal(logs[0], log) for log in logs[1:])


@RELAXED
@given(memories, seeds, seeds, sizes)
def test_response_order_under_the_simple_arbiter_moves_only_the_tail(
    memory, trace_seed, design_seed, n
) -> None:
    trace, design = random_trace(memory, n, trace_seed), random_design(design_seed)
    design[column("arbiter")] = 0
    design[column("power_down_policy")] = 0
    design[column("refresh_policy")] = 0
    other = design.copy()
    design[column("resp_queue")], other[column("resp_queue")] = 0, 1
    one = simulate(memory, trace, design[None], log=True)
    two = simulate(memory, trace, other[None], log=True)
    assert one.log is not None
    assert two.log is not None
    last = one.log.cycle[-1]
    for run in (one, two):
        end = run.metrics["total_time_ns"][0] * 1000 / memory.clock_ps
        assert end - last <= 64 + n  # the last burst, and at most one response per cycle
    # A response that is ready wakes the controller, which can change the order within a cycle.
    activates = [run.metrics["n_activates"][0] for run in (one, two)]
    assert abs(activates[0] - activates[1]) <= max(2, 0.02 * max(activates))


@RELAXED
@given(memories, seeds, sizes)
def test_a_longer_trace_never_ends_sooner(memory, seed, n) -> None:
    trace, design = random_trace(memory, n + 20, seed), random_design(seed)
    design[column("arbiter")] = 0
    design[column("scheduler")] = 0
    design[column("scheduler_buffer")] = 2
    design[column("request_buffer_size")] = 1
    short = simulate(memory, trace.head(n), design[None]).metrics["total_time_ns"][0]
    assert simulate(memory, trace, design[None]).metrics["total_time_ns"][0] >= short


@RELAXED
@given(st.sampled_from(MEMORIES), seeds)
def test_strict_order_always_ends(name, seed) -> None:
    memory, rng = load_memory(name), np.random.default_rng(seed)
    trace = random_trace(memory, 200, seed, write_share=0.5)
    hot = trace.addresses.copy()
    hot[:] = rng.integers(0, 4, len(hot)) * (1 << 20) + rng.integers(0, 2, len(hot)) * 64
    design = random_design(seed)
    design[column("cmd_mux")] = 1
    design[column("scheduler")] = 1 + seed % 4
    design[column("refresh_policy")] = seed // 2 % 2
    hot_trace = type(trace)("hot", trace.times // 100, trace.writes, hot, trace.lengths)
    simulation = simulate(memory, hot_trace, design[None], log=True)
    assert simulation.finished.all()
    assert simulation.log is not None
    served = simulation.log.request[np.isin(simulation.log.command, [2, 3, 4, 5])]
    assert served.tolist() == list(range(200))
