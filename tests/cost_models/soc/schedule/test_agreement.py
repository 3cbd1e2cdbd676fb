"""The engine against DS3's own schedules, and against a plain second implementation."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.soc.schedule.application import _shipped
from archgym.cost_models.soc.schedule.arrivals import UNKNOWN, Arrivals
from archgym.cost_models.soc.schedule.columns import SCHEDULERS
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import advance_under
from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.governor import start_of
from archgym.cost_models.soc.schedule.model import latencies
from archgym.cost_models.soc.schedule.plans import read_plan
from archgym.cost_models.soc.schedule.platform import _package_data
from archgym.cost_models.soc.schedule.running import Options, Plan, new_run, rules
from archgym.cost_models.soc.schedule.workload import (
    ScheduleWorkload,
    load_workload,
    workload_of,
)
from tests.cost_models.soc.schedule.reference import Simulation
from tests.shared_data import shared_data

CASES = (
    "mix6_s100",
    "mix6_s500",
    "optimal_wifi_tx",
    *(f"single_{name}" for name in ("lag", "scr", "sct", "temp_mit", "top", "wifi_rx", "wifi_tx")),
)
EXACT = {"MET", "STF", "EFT", "ETF", "ETF_LB"}


def run_of(
    workload: ScheduleWorkload,
    scheduler: str,
    governor: str = "performance",
    plan: Plan | None = None,
    **options: Any,
) -> Run:
    number, points = start_of(governor, workload.platform)
    run = new_run(workload, Options(number, points, plan=plan, **options))
    status = advance_under(workload.case, run, rules(SCHEDULERS[scheduler]), state.NEVER)
    assert status == state.OVER
    return run


def table_of(workload: ScheduleWorkload, run: Run) -> list[tuple[Any, ...]]:
    columns = (*workload.instances[:2], *(run.tasks[n] for n in ("pe", "start", "finish")))
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", CASES)
def test_every_row_of_ds3_is_met(case: str) -> None:
    folder = shared_data("soc", "cases", case)
    workload = load_workload(str(folder / "workload.yaml"))
    plan = read_plan(folder / "plan.csv", workload) if case == "optimal_wifi_tx" else None
    for number, wanted in enumerate(_rows(folder / "expected_metrics.csv")):
        run = run_of(workload, wanted["scheduler"], wanted["governor"], plan)
        schedule = sorted(
            (
                int(r["job"]),
                int(r["task"]),
                int(r["pe"]),
                int(r["start_us"]),
                float(r["finish_us"]),
            )
            for r in _rows(folder / f"expected_schedule_{number}.csv")
        )
        found = table_of(workload, run)
        assert [row[:4] for row in found] == [row[:4] for row in schedule]
        assert np.allclose([r[4] for r in found], [r[4] for r in schedule], rtol=0, atol=1e-9)
        assert latencies(run).mean() == pytest.approx(float(wanted["mean_job_latency_us"]), 1e-9)
        assert run.clock["makespan"][0] == float(wanted["makespan_us"])
        assert run.clock["energy"][0] * 1e6 == pytest.approx(float(wanted["energy_uj"]), 1e-9)
        assert run.heat.max() == pytest.approx(float(wanted["final_temperature_c"]), 1e-8)


# -- the second implementation -------------------------------------------------------------------


def _simulate_both(
    fields: dict[str, Any],
    jobs: list[tuple[str, int, int]],
    scheduler: str,
    governor: str,
    plan: Plan | None = None,
) -> tuple[Simulation, Run, ScheduleWorkload]:
    platform, applications = fields["platform"], fields["applications"]
    workload = _with_jobs(fields, jobs)
    planned = None
    if plan is not None:
        keys = zip(*(column.tolist() for column in workload.instances[:2]), strict=True)
        pairs = zip(plan.pe.tolist(), plan.start.tolist(), strict=True)
        planned = dict(zip(keys, pairs, strict=True))
    constants = _package_data()["constants"]
    slow = Simulation(platform, constants, applications, jobs, scheduler, governor, planned)
    return slow, run_of(workload, scheduler, governor, plan), workload


def _with_jobs(fields: dict[str, Any], jobs: list[tuple[str, int, int]]) -> ScheduleWorkload:
    names = list(fields["applications"])
    application = np.array([names.index(name) for name, _, _ in jobs])
    arrival, due = (np.array([job[at] for job in jobs], dtype=np.int64) for at in (1, 2))
    process = {"mean_gap_us": 1, "jobs": 1}
    made = workload_of("w", {**fields, "arrival_process": process}, Path())
    arrivals = Arrivals(application, arrival, due, np.full(len(jobs), UNKNOWN))
    return ScheduleWorkload("w", made.platform, made.applications, arrivals)


def _assert_same(slow: Simulation, run: Run, workload: ScheduleWorkload) -> None:
    assert table_of(workload, run) == slow.table()
    assert latencies(run).tolist() == list(dict(sorted(slow.latency.items())).values())
    assert run.clock["energy"][0] == pytest.approx(slow.chip.energy, rel=1e-12)
    assert run.heat.tolist() == pytest.approx(slow.chip.heat, rel=1e-11)
    assert run.clusters["point"].tolist() == slow.chip.points


GOVERNORS = ("performance", "powersave", "ondemand", "constant-1000")


@pytest.mark.parametrize("scheduler", sorted(EXACT))
@pytest.mark.parametrize("governor", GOVERNORS)
@pytest.mark.parametrize("platform", ["multiple_bal", "bal_only", "top3"])
def test_shipped_platforms_under_load(scheduler: str, governor: str, platform: str) -> None:
    names = {
        "multiple_bal": ("wifi_tx", "lag", "temp_mit", "sct"),
        "bal_only": ("lag", "wifi_rx"),
        "top3": ("top", "top2", "top9"),
    }[platform]
    gap = {"multiple_bal": 40, "bal_only": 300, "top3": 33}[platform]
    fields = {
        "platform": _package_data()["platforms"][platform],
        "applications": {name: _shipped()[name] for name in names},
    }
    rng = np.random.default_rng(len(scheduler) * 7 + len(governor))
    arrivals = np.floor(np.cumsum(rng.exponential(gap, 7))).astype(int).tolist()
    jobs = [(names[int(rng.integers(len(names)))], t, t) for t in arrivals]
    _assert_same(*_simulate_both(fields, jobs, scheduler, governor))


@st.composite
def _platforms(draw: st.DrawFn) -> dict[str, Any]:
    clusters, tasks = [], [f"t{i}" for i in range(5)]
    for name, kind in zip("ABC", draw(st.permutations(["LTL", "BIG", "ACC"])), strict=True):
        count, steps = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        mhz = [1000 * (k + 1) // steps for k in range(steps)]
        watts = [0.1 * (k + 1) + 0.05 for k in range(count)]
        supported = tasks if name == "A" else draw(st.lists(st.sampled_from(tasks), unique=True))
        times = st.integers(0, 25)
        clusters.append(
            {
                "name": name,
                "kind": kind,
                "count": count,
                "opp_mhz_mv": [[f, 900 + f // 10] for f in mhz],
                "power_profile_w": {mhz[-1]: watts},
                "exec_us": {task: draw(times) for task in supported},
            }
        )
    pairs = {f"{a}-{b}": draw(st.sampled_from([1, 3, 1000])) for a, b in ("AB", "AC", "BB")}
    return {"clusters": clusters, "bandwidth": {"same_pe": 10000, "default": 2, "pairs": pairs}}


@st.composite
def _applications(draw: st.DrawFn) -> dict[str, Any]:
    graphs = {}
    for name in draw(st.sampled_from([("x",), ("x", "y")])):
        count = draw(st.integers(1, 6))
        pairs = {(draw(st.integers(0, target - 1)), target) for target in range(1, count)} | {
            (source, count - 1) for source in range(count - 1)
        }
        if count > 3 and draw(st.booleans()):
            pairs |= {(0, 2)}
        volume = st.integers(0, 12)
        edges = [[a, b, draw(volume)] for a, b in sorted(pairs)]
        words = st.sampled_from([f"t{i}" for i in range(5)])
        graphs[name] = {"tasks": [draw(words) for _ in range(count)], "edges": edges}
    return graphs


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_random_platforms_graphs_arrivals_and_governors(data: st.DataObject) -> None:
    """Zero times, gaps of zero, due times before arrivals, ties of all kinds."""
    fields = {"platform": data.draw(_platforms()), "applications": data.draw(_applications())}
    jobs, now = [], 0
    for _ in range(data.draw(st.integers(1, 6))):
        due = now + data.draw(st.sampled_from([0, 0, 1, 2, 7, 15]))
        now = due + data.draw(st.sampled_from([0, 0, 0, 1, 3]))
        jobs.append((data.draw(st.sampled_from(list(fields["applications"]))), now, due))
    scheduler = data.draw(st.sampled_from(sorted(EXACT)))
    governor = data.draw(st.sampled_from(GOVERNORS[:3]))
    _assert_same(*_simulate_both(fields, jobs, scheduler, governor))


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_replay_of_any_plan(data: st.DataObject) -> None:
    """A plan that is late, early or in a foreign order is followed as far as data allow."""
    fields = {"platform": data.draw(_platforms()), "applications": data.draw(_applications())}
    names = list(fields["applications"])
    jobs = [(data.draw(st.sampled_from(names)), 5 * at, 5 * at) for at in range(3)]
    workload = _with_jobs(fields, jobs)
    plan = Plan(*(np.zeros(len(workload.instances[0]), dtype=np.int64) for _ in range(2)))
    for at, row in enumerate(workload.instances[2].tolist()):
        able = np.flatnonzero(np.isfinite(workload.case.exec_us[row])).tolist()
        plan.pe[at] = data.draw(st.sampled_from(able))
        plan.start[at] = data.draw(st.integers(0, 30))
    _assert_same(*_simulate_both(fields, jobs, "replay", "ondemand", plan))
