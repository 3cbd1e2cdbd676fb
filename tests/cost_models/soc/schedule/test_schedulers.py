"""What every schedule obeys, what each scheduler is, and proven optima."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.soc.schedule.columns import FEATURES, SCHEDULERS
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import advance_under
from archgym.cost_models.soc.schedule.engine.state import Rules, Run
from archgym.cost_models.soc.schedule.model import latencies
from archgym.cost_models.soc.schedule.optimal import (
    OutOfTimeError,
    makespan_of,
    optimal_plan,
)
from archgym.cost_models.soc.schedule.running import (
    Options,
    Plan,
    highest_points,
    new_run,
    rules,
)
from archgym.cost_models.soc.schedule.workload import (
    ScheduleWorkload,
    load_workload,
    workload_of,
)
from tests.cost_models.soc.schedule.test_agreement import run_of, table_of
from tests.shared_data import shared_data

OWN = ("HEFT", "HEFT_RT", "random", "round_robin")
ALL = ("MET", "EFT", "STF", "ETF", "ETF_LB", *OWN)
LOADS = ("top_35us:jobs=40", "mix6_50us:jobs=40")
FINISH_ALONE = np.eye(len(FEATURES))[0]


def run_under(workload: ScheduleWorkload, rule: Rules, **options: Any) -> Run:
    run = new_run(workload, Options(state.PERFORMANCE, highest_points(workload), **options))
    assert advance_under(workload.case, run, rule, state.NEVER) == state.OVER
    return run


def rules_of(name: str, workload: ScheduleWorkload, rng: np.random.Generator) -> Rules:
    tasks = len(workload.case.tasks)
    numbers = {"priority": rng.permutation(tasks), "table": rng.integers(0, 3, tasks)}
    weights = rng.uniform(-1, 1, len(FEATURES))
    return rules(SCHEDULERS[name], numbers.get(name, np.zeros(0, dtype=np.int64)), weights)


# -- what every schedule obeys -------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ALL, "priority", "table", "weights"])
@pytest.mark.parametrize(
    "text", ["top_35us:jobs=40", "mix6_50us:jobs=40", "mix6_closed:jobs=60,mean_gap_us=15"]
)
def test_schedules_are_feasible(name: str, text: str) -> None:
    """PEs run one supported task at a time; data are there; every job is completed."""
    workload = load_workload(text)
    run = run_under(workload, rules_of(name, workload, np.random.default_rng(1)))
    case, tasks = workload.case, run.tasks
    times = case.exec_us[tasks["task"], tasks["pe"]]
    assert np.isfinite(times).all()
    assert (tasks["finish"] == tasks["start"] + times).all()
    for pe in range(len(run.pes)):
        rows = tasks[tasks["pe"] == pe]
        rows = rows[np.lexsort((rows["finish"], rows["start"]))]
        assert (rows["start"][1:] >= rows["finish"][:-1]).all()
    for at in range(len(tasks)):
        row = case.tasks[tasks["task"][at]]
        for edge in range(row["first_in"], row["end_in"]):
            source = at + case.edges["source"][edge] - tasks["task"][at]
            delay = case.delays[edge, case.link[tasks["pe"][source], tasks["pe"][at]]]
            assert tasks["start"][at] >= tasks["finish"][source] + delay
    assert (run.jobs["completed"] >= run.jobs["arrival"]).all()
    assert run.clock["makespan"][0] == run.jobs["completed"].max()
    if workload.arrivals.max_in_flight > 0:
        _assert_held_back(run, workload.arrivals.max_in_flight)


def _assert_held_back(run: Run, most: int) -> None:
    """No more jobs in flight than allowed, and the limit is reached."""
    arrival, completed = run.jobs["arrival"], run.jobs["completed"]
    inside = [((arrival <= now) & (completed > now)).sum() for now in arrival.tolist()]
    assert max(inside) == most
    assert (np.diff(arrival) >= run.jobs["gap"][1:]).all()


@pytest.mark.parametrize("governor", ["performance", "powersave", "constant-1000", "ondemand"])
def test_governors_trade_time_for_power(governor: str) -> None:
    workload = load_workload("mix6_500us:jobs=20")
    fast, run = run_of(workload, "ETF"), run_of(workload, "ETF", governor)
    assert latencies(run).mean() >= latencies(fast).mean()
    if governor == "performance":
        assert run.clusters["point"].tolist() == highest_points(workload).tolist()
    if governor == "constant-1000":
        assert run.clusters["point"].tolist()[:2] == [2, 2]
    power = [float(r.clock["energy"][0] / r.clock["makespan"][0]) for r in (run, fast)]
    assert power[0] <= power[1]


def test_energy_can_be_left_out_without_moving_a_task() -> None:
    workload = load_workload("mix6_100us:jobs=40")
    for governor in ("performance", "ondemand", "powersave"):
        full, bare = (run_of(workload, "ETF", governor, power=p) for p in (True, False))
        assert table_of(workload, full) == table_of(workload, bare)
        assert full.clock["energy"][0] > 0 == bare.clock["energy"][0]


def test_throttling_cools_and_slows() -> None:
    workload = load_workload("mix6_50us:jobs=200")
    hot, cool = (run_of(workload, "ETF", throttling=on) for on in (False, True))
    assert hot.heat.max() > 95 > cool.heat.max()
    assert latencies(cool).mean() > latencies(hot).mean()


def test_noise_has_its_mean_and_leaves_zero_alone() -> None:
    plain, noisy = (load_workload(f"top_50us:jobs=400{text}") for text in ("", ",noise=0.2"))
    times, drawn = (
        (run.tasks["finish"] - run.tasks["start"])
        / workload.case.exec_us[run.tasks["task"], run.tasks["pe"]]
        for workload in (plain, noisy)
        for run in (run_of(workload, "MET"),)
    )
    assert (times == 1).all()
    # 4,000 tasks: the mean is off by 5 standard errors of 0.2 / sqrt(4000) once in a million.
    assert abs(drawn.mean() - 1) < 0.016
    assert 0.18 < drawn.std() < 0.22
    zero = load_workload("single_temp_mit:noise=0.5")
    run = run_of(zero, "ETF")
    nought = zero.case.exec_us[run.tasks["task"], run.tasks["pe"]] == 0
    assert nought.any()
    assert (run.tasks["finish"] == run.tasks["start"])[nought].all()


# -- what each scheduler is ----------------------------------------------------------------------


def test_heft_plans_the_published_graph_in_80() -> None:
    """Topcuoglu, Hariri, Wu (2002): makespan 80, order 1,4,3,2,5,6,9,7,8,10."""
    workload = load_workload("single_top")
    run = run_of(workload, "HEFT")
    assert run.clock["makespan"][0] == 80
    ranks = workload.case.tasks["rank"]
    published = [108.0, 77.0, 80.0, 80.0, 69.0, 63.333, 42.667, 35.667, 44.333, 14.667]
    assert ranks.tolist() == pytest.approx(published, abs=1e-3)
    by_rank = sorted(range(10), key=lambda task: (-round(float(ranks[task]), 6), -task))
    assert [task + 1 for task in by_rank] == [1, 4, 3, 2, 5, 6, 9, 7, 8, 10]


@pytest.mark.parametrize("text", ["top_35us:jobs=60", "mix6_50us:jobs=60"])
def test_a_score_of_finish_alone_is_etf(text: str) -> None:
    workload = load_workload(text)
    scored = run_under(workload, rules(state.WEIGHTS, weights=FINISH_ALONE))
    assert table_of(workload, scored) == table_of(workload, run_of(workload, "ETF"))


def test_table_and_priority_do_what_they_say() -> None:
    workload = load_workload("single_wifi_tx")
    tasks, cluster = len(workload.case.tasks), np.array(workload.platform.cluster_of)
    for rank in (0, 1, 9):
        run = run_under(workload, rules(state.TABLE, numbers=np.full(tasks, rank)))
        order = workload.case.by_speed
        last = (order >= 0).sum(axis=1) - 1
        wanted = order[np.arange(tasks), np.minimum(last, rank)]
        assert cluster[run.tasks["pe"]].tolist() == wanted.tolist()
    jobs = load_workload("top_50us:jobs=30")
    eft = run_under(jobs, rules(state.PRIORITY, numbers=np.zeros(10, dtype=np.int64)))
    assert table_of(jobs, eft) == table_of(jobs, run_of(jobs, "EFT"))
    backwards = run_under(jobs, rules(state.PRIORITY, numbers=np.arange(10)[::-1].copy()))
    assert table_of(jobs, backwards) != table_of(jobs, eft)


def test_random_depends_on_its_seed_alone() -> None:
    workload = load_workload("top_50us:jobs=30")
    first, again, other = (run_of(workload, "random", seed=seed) for seed in (1, 1, 2))
    assert table_of(workload, first) == table_of(workload, again)
    assert table_of(workload, first) != table_of(workload, other)
    shares = np.bincount(run_of(load_workload("top_50us:jobs=600"), "random").tasks["pe"]) / 6000
    assert np.abs(shares - 1 / 3).max() < 0.031  # 5 standard deviations


def test_round_robin_takes_turns() -> None:
    run = run_of(load_workload("top_50us:jobs=30"), "round_robin")
    assert np.bincount(run.tasks["pe"]).tolist() == [100, 100, 100]


# -- optima --------------------------------------------------------------------------------------

OPTIMA = {"sct": 56, "scr": 154, "lag": 177, "temp_mit": 81, "top": 73}


@pytest.mark.parametrize(("name", "least"), OPTIMA.items())
def test_optima_of_single_jobs_are_proven(name: str, least: int) -> None:
    pytest.importorskip("ortools", reason="needs the extra ilp")
    workload = load_workload(f"single_{name}")
    plan = optimal_plan(workload, 20.0)
    replayed = run_of(workload, "replay", plan=plan)
    assert replayed.clock["makespan"][0] == least
    assert replayed.tasks["start"].tolist() == plan.start.tolist()
    for scheduler in ALL:
        assert run_of(workload, scheduler).clock["makespan"][0] >= least


def test_optima_are_the_published_ones() -> None:
    with shared_data("soc", "optima.csv").open() as file:
        published = {row["app"]: int(row["optimal_makespan_us"]) for row in csv.DictReader(file)}
    assert {name: OPTIMA[name] for name in ("sct", "scr", "lag")}.items() <= published.items()
    workload = load_workload("single_wifi_tx")
    for scheduler in ALL:
        assert run_of(workload, scheduler).clock["makespan"][0] >= published["wifi_tx"]


def test_a_proof_that_takes_too_long_says_so() -> None:
    pytest.importorskip("ortools", reason="needs the extra ilp")
    with pytest.raises(OutOfTimeError, match="no schedule proven optimal within"):
        optimal_plan(load_workload("single_wifi_rx"), 0.01)


@st.composite
def _small(draw: st.DrawFn) -> ScheduleWorkload:
    """At most 5 tasks on three PEs of two clusters."""
    count = draw(st.integers(2, 5))
    edges = {(draw(st.integers(0, target - 1)), target) for target in range(1, count)}
    edges |= {(source, count - 1) for source in range(count - 1)}
    volume = st.integers(0, 8)
    graph = {
        "tasks": [f"t{i}" for i in range(count)],
        "edges": [[a, b, draw(volume)] for a, b in sorted(edges)],
    }
    clusters = [
        {
            "name": name,
            "kind": "ACC",
            "count": pes,
            "opp_mhz_mv": [[1000, 900]],
            "power_profile_w": {1000: [0.1] * pes},
            "exec_us": {f"t{i}": draw(st.integers(0, 6)) for i in range(count)},
        }
        for name, pes in (("A", 2), ("B", 1))
    ]
    bandwidth = {"same_pe": 10000, "default": draw(st.sampled_from([1, 2]))}
    platform = {"clusters": clusters, "bandwidth": bandwidth}
    return workload_of("w", {"platform": platform, "applications": {"g": graph}}, Path())


def _least_by_trying(workload: ScheduleWorkload) -> float:
    """Every assignment with every order: earliest starts in that order, by replay."""
    count, least = len(workload.case.tasks), np.inf
    for pes in itertools.product(range(3), repeat=count):
        for order in itertools.permutations(range(1, count - 1)):
            start = np.zeros(count, dtype=np.int64)
            for task in (0, *order, count - 1):
                start[task] = _earliest(workload, pes, start, (0, *order, count - 1), task)
            plan = Plan(np.array(pes), start)
            least = min(least, makespan_of(workload, plan))
    return least


def _earliest(
    workload: ScheduleWorkload,
    pes: tuple[int, ...],
    start: Any,
    order: tuple[int, ...],
    task: int,
) -> int:
    """After all earlier tasks of the order on its PE, and after its inputs that come earlier."""
    case, times, begin = workload.case, workload.case.exec_us, 0
    before = order[: order.index(task)]
    for other in before:
        took = int(times[other, pes[other]])
        edge = start[other] % 10 == 9
        free = start[other] + took + (took <= 1 or (took == 2 and edge))
        if pes[other] == pes[task]:
            begin = max(begin, free)
        for at in range(case.tasks["first_in"][task], case.tasks["end_in"][task]):
            if case.edges["source"][at] == other:
                delay = case.delays[at, case.link[pes[other], pes[task]]]
                begin = max(begin, free, start[other] + took + delay)
    return int(begin)


@given(workload=_small())
@settings(max_examples=8, deadline=None)
@pytest.mark.slow
def test_nothing_beats_trying_all(workload: ScheduleWorkload) -> None:
    """Neither a scheduler nor the program, which finds the same optimum."""
    pytest.importorskip("ortools", reason="needs the extra ilp")
    least = _least_by_trying(workload)
    assert makespan_of(workload, optimal_plan(workload, 20.0)) == least
    for scheduler in ALL:
        assert run_of(workload, scheduler).clock["makespan"][0] >= least
