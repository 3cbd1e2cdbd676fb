"""Users' files: what is read, and that each mistake is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from archgym.cost_models.soc.schedule.application import application_names
from archgym.cost_models.soc.schedule.plans import read_plan
from archgym.cost_models.soc.schedule.platform import _package_data, platform_names
from archgym.cost_models.soc.schedule.workload import (
    list_workloads,
    load_workload,
    workload_of,
)
from archgym.errors import UnknownNameError, WorkloadError

DIAMOND: dict[str, Any] = {
    "tasks": ["a", "b", "c", "d"],
    "edges": [[0, 1, 1], [0, 2, 1], [1, 3, 1], [2, 3, 1]],
}
CLUSTER: dict[str, Any] = {
    "name": "P",
    "kind": "BIG",
    "count": 2,
    "opp_mhz_mv": [[500, 800], [1000, 900]],
    "power_profile_w": {1000: [0.1, 0.2]},
    "exec_us": {"a": 1, "b": 2, "c": 3, "d": 0},
}


def fields(**changes: Any) -> dict[str, Any]:
    platform = {"clusters": [CLUSTER], "bandwidth": {"same_pe": 100, "default": 1}}
    return {"platform": platform, "applications": {"diamond": DIAMOND}, **changes}


def of_cluster(**changes: Any) -> dict[str, Any]:
    bandwidth = {"same_pe": 100, "default": 1}
    return fields(platform={"clusters": [{**CLUSTER, **changes}], "bandwidth": bandwidth})


def of_graph(**changes: Any) -> dict[str, Any]:
    return fields(applications={"diamond": {**DIAMOND, **changes}})


def of_process(**changes: Any) -> dict[str, Any]:
    return fields(arrival_process={"mean_gap_us": 5, "jobs": 4, **changes})


def test_shipped_names() -> None:
    assert platform_names() == ["multiple_bal", "top3", "bal_only"]
    assert len(application_names()) == 16
    for name in list_workloads():
        workload = load_workload(name)
        assert len(workload.instances[0]) >= 7
        assert np.isfinite(workload.case.tasks["rank"]).all()


def test_an_inline_workload_is_read() -> None:
    workload = workload_of("w", fields(), Path())
    assert workload.case.exec_us.tolist() == [[1, 1], [2, 2], [3, 3], [0, 0]]
    assert workload.case.link.tolist() == [[1, 0], [0, 1]]
    assert workload.task_names == ["diamond.a", "diamond.b", "diamond.c", "diamond.d"]


WRONG = {
    "cycle": (of_graph(edges=[[0, 1, 1], [1, 2, 1], [2, 1, 1], [2, 3, 1]]), "task 1 (b) lies on"),
    "two heads": (of_graph(edges=[[0, 1, 1], [1, 3, 1], [2, 3, 1]]), "task 2 (c) has no predec"),
    "two tails": (of_graph(edges=[[0, 1, 1], [0, 2, 1], [1, 3, 1]]), "task 2 (c) has no succes"),
    "edge out of range": (of_graph(edges=[[0, 9, 1]]), "there are tasks 0 to 3"),
    "edge twice": (of_graph(edges=[*DIAMOND["edges"], [0, 1, 2]]), "edge [0, 1] is given twice"),
    "negative volume": (of_graph(edges=[[0, 1, -1]]), "-1 is not a number >= 0"),
    "no tasks": (of_graph(tasks=[]), "must be a list that is not empty"),
    "unsupported": (of_cluster(exec_us={"a": 1, "b": 1, "c": 1}), "can run task 3 (d) of appl"),
    "negative time": (of_cluster(exec_us={"a": -1}), "exec_us of a: -1 is not a number >= 0"),
    "no such point": (of_cluster(power_profile_w={900: [1, 2]}), "900 MHz is no operating point"),
    "low profile": (of_cluster(power_profile_w={500: [1, 2]}), "no row for 1000 MHz or more"),
    "short profile": (of_cluster(power_profile_w={1000: [1]}), "must have 2 entries, has 1"),
    "descending": (of_cluster(opp_mhz_mv=[[1000, 900], [500, 800]]), "must ascend"),
    "throttle": (of_cluster(throttle_mhz=[700, -1, -1]), "700 is no operating point"),
    "count": (of_cluster(count=0), "0 is not an integer >= 1"),
    "unknown field": (fields(colour="red"), "unknown field 'colour'"),
    "kind": (fields(kind="soc.design"), "'soc.design' is not 'soc.schedule'"),
    "both arrivals": ({**of_process(), "arrivals": "a.csv"}, "both arrivals and arrival_process"),
    "gap": (of_process(mean_gap_us=0), "mean_gap_us: 0 is not a number > 0"),
    "shares": (of_process(probabilities={"diamond": 0.5}), "probabilities sum to 0.5"),
    "in flight": (of_process(max_in_flight=0), "max_in_flight: 0 is not an integer >= 1"),
    "noise": (fields(exec_noise={"std": -1}), "exec_noise std: -1 is not"),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_named(name: str) -> None:
    given, reason = WRONG[name]
    with pytest.raises(WorkloadError) as error:
        workload_of("mine.yaml", given, Path())
    assert reason in str(error.value)


def test_unknown_names_are_guessed() -> None:
    for given in ({"platform": "top4", "applications": ["top"]}, {**fields(), "platform": "x"}):
        with pytest.raises(UnknownNameError, match="platform"):
            workload_of("w", given, Path())
    with pytest.raises(UnknownNameError, match="did you mean 'wifi_tx'"):
        workload_of("w", fields(applications=["wifi_tz"]), Path())
    with pytest.raises(UnknownNameError, match="workload or file"):
        load_workload("nope")
    for text in ("top_50us:jobs", "top_50us:colour=3", "single_top:jobs=3"):
        with pytest.raises(WorkloadError, match="is no option"):
            load_workload(text)


ARRIVALS = {
    "job,app,arrival_us\n1,diamond,0\n": "line 2, column job: '1' should be 0",
    "job,app,arrival_us\n0,square,0\n": "line 2, column app: 'square' is not listed (diamond)",
    "job,app,arrival_us\n0,diamond,1.5\n": "line 2, column arrival_us: '1.5' is not an integer",
    "job,app\n0,diamond\n": "lacks the column 'arrival_us'",
    "job,app,arrival_us\n": "holds no jobs",
    "job,app,arrival_us,due_us\n0,diamond,3,4\n": "line 2, column due_us: 4 is after arrival_us",
    "job,app,arrival_us\n0,diamond,3\n1,diamond,1\n": "line 3, column due_us: 1 is before",
}


@pytest.mark.parametrize("text", ARRIVALS)
def test_mistakes_in_arrivals_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "jobs.csv").write_text(text)
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(fields(arrivals="jobs.csv")))
    with pytest.raises(WorkloadError) as error:
        load_workload(str(tmp_path / "w.yaml"))
    assert ARRIVALS[text] in str(error.value)


HEADER = "job,task,pe,start_us\n"
PLANS = {
    HEADER + "0,0,0,0\n": "lacks task 1 of job 0",
    HEADER + "0,9,0,0\n": "line 2: there is no task 9 of a job 0",
    HEADER + "0,0,7,0\n": "line 2, column pe: PE 7 cannot run task 0",
    HEADER + "0,0,0,-1\n": "line 2, column start_us: '-1' is not an integer",
    HEADER + "0,0,0,0\n0,0,0,0\n": "line 3: task 0 of job 0 is planned twice",
}


@pytest.mark.parametrize("text", PLANS)
def test_mistakes_in_plans_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.csv").write_text(text)
    with pytest.raises(WorkloadError) as error:
        read_plan(tmp_path / "plan.csv", workload_of("w", fields(), Path()))
    assert PLANS[text] in str(error.value)


def test_drawn_arrivals_follow_their_process() -> None:
    jobs = load_workload("mix6_100us:jobs=4000").arrivals
    gaps = np.diff(jobs.arrival)
    assert jobs.arrival[0] == 0
    assert abs(gaps.mean() - 100) < 8  # 5 standard errors of 100 / sqrt(4000)
    shares = np.bincount(jobs.application) / 4000
    wanted = np.array([0.2, 0.2, 0.2, 0.1, 0.1, 0.2])
    assert np.abs(shares - wanted).max() < 0.032  # 5 standard errors
    again, other = load_workload("mix6_100us:jobs=4000"), load_workload("mix6_100us:seed=1")
    assert (again.arrivals.arrival == jobs.arrival).all()
    assert (other.arrivals.arrival != jobs.arrival[:200]).any()
    redrawn = load_workload("mix6_100us").redrawn(1)
    assert (redrawn.arrivals.arrival == other.arrivals.arrival).all()


def test_sources_are_marked() -> None:
    for platform in _package_data()["platforms"].values():
        assert "DS3 at commit 056c9300" in platform["source"]
