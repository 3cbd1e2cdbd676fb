"""Tables of measured designs: looked up, searched, refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import archgym
from archgym.envs.soc.cpu_table import ENVIRONMENT
from archgym.errors import ArchgymError
from archgym.searching import search
from benchmarks.cpu_table import O3CPU, hypervolume, losses, pareto_rows, random_runs, shares
from tests.shared_data import shared_data

TABLE = (
    "width,cache_KiB,predictor,ipc,power_w\n1,16,tage,0.5,1\n2,16,tage,0.9,2\n4,64,local,1.5,4\n"
)
METRICS = "ipc:maximize,power_w:minimize"


def problem_of(folder: Path, text: str = TABLE, **settings: str) -> archgym.Problem:
    path = folder / "table.csv"
    path.write_text(text)
    return ENVIRONMENT.make_problem(str(path), **({"metrics": METRICS} | settings))


def test_rows_are_looked_up(tmp_path: Path) -> None:
    problem = problem_of(tmp_path)
    rows = pd.read_csv(tmp_path / "table.csv")
    found = problem.evaluate(rows.drop(columns=["ipc", "power_w"]))
    assert found[["ipc", "power_w"]].equals(rows[["ipc", "power_w"]].astype(float))
    assert found["table_row"].tolist() == [0, 1, 2]
    assert (found["table_distance"] == 0).all()
    assert found["score"].tolist() == pytest.approx([0.5, (0.4 + 2 / 3) / 2, 0.5])
    assert problem.space.size == 3 * 2 * 2
    assert problem.space.default.dicts() == [{"width": 1, "cache_KiB": 16, "predictor": "tage"}]


def test_other_designs_are_the_nearest_row_or_infeasible(tmp_path: Path) -> None:
    designs = [
        {"width": 4, "cache_KiB": 16, "predictor": "tage"},  # width 2 is half of the way from 4
        {"width": 1, "cache_KiB": 64, "predictor": "local"},  # all of the way to width 4
    ]
    found = problem_of(tmp_path).evaluate(designs)
    assert found["table_row"].tolist() == [1, 2]
    assert found["table_distance"].tolist() == pytest.approx([0.5, 1.0])
    exact = problem_of(tmp_path, lookup="exact").evaluate([*designs, {"width": 1}])
    assert exact["status"].tolist() == ["infeasible", "infeasible", "ok"]
    assert exact["ipc"].isna().tolist() == [True, True, False]
    assert exact["error"].str.contains("not in").tolist() == [True, True, False]


def test_nearest_rows_are_those_of_a_plain_search() -> None:
    problem = ENVIRONMENT.make_problem()
    table, drawn = problem.workload, problem.space.sample(np.random.default_rng(0), 8)
    found = problem.run(drawn).metrics
    for design, row, distance in zip(
        drawn.dicts(), found["table_row"], found["table_distance"], strict=True
    ):
        sums = []
        for at in range(len(table)):
            gap = 0.0
            for name, values in table.values.items():
                places = values.index(design[name]), values.index(table.parameters[name][at])
                gap += abs(places[0] - places[1]) / max(len(values) - 1, 1)
            sums.append(gap)
        assert sums[int(row)] == pytest.approx(min(sums))
        assert distance == pytest.approx(min(sums))


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("", {}, "header of distinct names"),
        (TABLE.replace("0.9", "fast"), {}, "row 2, ipc: 'fast' is not a number"),
        (TABLE + "1,16\n", {}, "row 4 has 2 of 5 cells"),
        (TABLE + "1,16,tage,0.6,1\n", {}, "rows 1 and 4 have the same parameters"),
        (TABLE.splitlines()[0] + "\n", {}, "no rows"),
        (TABLE.replace("width", "pipeline width"), {}, "no name of a parameter"),
        (TABLE, {"metrics": "speed:maximize"}, "no column 'speed'.*metrics=NAME"),
        (TABLE, {"metrics": "ipc"}, "not of the form"),
        (TABLE, {"metrics": "ipc:maximize,ipc:minimize"}, "given twice"),
        (TABLE, {"lookup": "close"}, "nearest, exact"),
    ],
)
def test_wrong_tables_are_refused(
    tmp_path: Path, text: str, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(ArchgymError, match=message):
        problem_of(tmp_path, text, **settings)


def test_a_missing_table_is_refused() -> None:
    with pytest.raises(ArchgymError, match="farsi_edge_500"):
        ENVIRONMENT.make_problem("no_such.csv")


def test_search_anchors_on_the_o3cpu_table() -> None:
    """Figures of the reference page, 7.3: volume 1.100, 24 Pareto points, random shares."""
    path = shared_data("soc", "cpu", "o3cpu_gem5_mcpat_500.csv")
    problem = ENVIRONMENT.make_problem(str(path), metrics=O3CPU)
    assert len(problem.space) == 22
    points = losses(problem.workload, O3CPU)
    assert hypervolume(points) == pytest.approx(1.100, abs=0.002)
    assert len(pareto_rows(points)) == 24
    found = shares(points, random_runs(len(points)))
    assert found == pytest.approx([0.726, 0.783, 0.877, 0.911], abs=0.03)


def test_a_pareto_search_finds_more_than_random_rows_at_first() -> None:
    path = shared_data("soc", "cpu", "o3cpu_gem5_mcpat_500.csv")
    objective = {"pareto": ["perf_ipc", "power_W", "area_mm2"]}
    problem = ENVIRONMENT.make_problem(str(path), objective=objective, metrics=O3CPU)
    points = losses(problem.workload, O3CPU)
    runs = []
    for seed in range(5):
        found = search(problem, archgym.make_agent("nsga2", problem, seed=seed), 20)
        rows = [record.outcomes.metrics["table_row"] for record in found.records]
        runs.append(np.concatenate(rows).astype(np.int64))
    assert shares(points, runs)[0] > shares(points, random_runs(len(points)))[0]
