"""Answers of a store agree with slow, obvious computations over all its rows."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from archgym.cli.query import Question, query
from archgym.errors import ArchgymError, SettingError, StoreError, UnknownNameError
from archgym.results.catalogue import Run, load_runs
from archgym.results.query import curves, frame, front, parse_condition, rows, select, top
from archgym.results.query.summaries import log_steps
from archgym.results.reader import read_rows
from archgym.results.store import Store
from tests.experiments.launching import ODD, archgym, run_locally, toy_plan

PROBLEMS = [
    {"env": "tests.toys:TOY", "workload": ["mixed", "other"]},
    {"env": "tests.toys:TOY", "workload": "mixed", "objective": "energy"},
]
AGENTS = ["random", "genetic", f"{ODD}:RaisingAgent"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three problems, three agents, one of which fails on the way; not to be changed."""
    path = tmp_path_factory.mktemp("asked") / "s"
    run_locally(toy_plan(problems=PROBLEMS, agents=AGENTS, budget=80), path)
    return Store.open(path)


def all_rows(store: Store, runs: list[Run]) -> pd.DataFrame:
    return frame(rows(store, runs))


# -- conditions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed = 0", {"a", "b"}),
        ("seed=0 and env = dram", {"a"}),
        ("env = 'dram' or seed > 2", {"a", "c"}),
        ("not env = dram", {"b", "c"}),
        ("env in (dram, dnn.mapping)", {"a", "b"}),
        ("env not in ('dram')", {"b", "c"}),
        ("seed >= 0 and (env = soc or x.size <= 16)", {"a", "c"}),
        ('name = "it\'s" or name = \'say "so"\'', {"b", "c"}),
        ("x.fast = true", {"a"}),
        ("x.size != 16", {"b", "c"}),
        ("x.size = 1.6e1", {"a"}),
        ("SEED < 9 AND NOT seed > 0", set()),
    ],
)
def test_conditions_mean_what_they_say(text: str, expected: set[str]) -> None:
    runs: dict[str, dict[str, Any]] = {
        "a": {"env": "dram", "seed": 0, "x.size": 16, "x.fast": True, "name": ""},
        "b": {"env": "dnn.mapping", "seed": 0, "x.size": None, "name": "it's"},
        "c": {"env": "soc", "seed": 3, "name": 'say "so"'},
    }
    condition = parse_condition(text)
    assert {name for name, facts in runs.items() if condition.test(facts)} == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a key is expected in place of the end"),
        ("seed", "a comparison after 'seed'"),
        ("seed = ", "a value is expected"),
        ("seed = 1 seed = 2", "'and', 'or' or the end is expected in place of 'seed'"),
        ("seed in 3", "'(' after 'in'"),
        ("(seed = 1", "')' after '('"),
        ("seed < many", "needs a number"),
        ("name = 'open", "cannot read"),
        ("seed = 1; drop table runs", "'and', 'or' or the end"),
        ("read_csv('x') = 1", "a comparison after 'read_csv'"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, says: str) -> None:
    with pytest.raises(SettingError, match=re.escape(says)):
        parse_condition(text)


def test_unknown_keys_are_named(store: Store) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'hyperparameters\.population'"):
        select(load_runs(store), parse_condition("hyperparameters.populaton = 3"))
    chosen = select(load_runs(store), parse_condition("hyperparameters.population = 32"))
    assert {run.spec.agent for run in chosen} == {"genetic"}


# -- answers -------------------------------------------------------------------------------------


def test_rows_are_in_native_values(store: Store) -> None:
    runs = select(load_runs(store), parse_condition("workload = mixed and objective = latency"))
    (first, *_) = rows(store, runs)
    assert first.schema.field("latency_ns").metadata == {b"unit": b"ns"}
    told = all_rows(store, runs)
    assert len(told) == sum(len(read_rows(store.folder(run.spec))) for run in runs)
    problem = runs[0].spec.make_problem()
    designs = told.filter(regex=r"^design\.").rename(columns=lambda name: name[7:])
    again = problem.evaluate(designs)
    assert (again["latency_ns"].to_numpy() == told["latency_ns"].to_numpy()).all()
    assert (again["reward"].to_numpy() == told["reward"].to_numpy()).all()


def test_curves_are_running_bests(store: Store) -> None:
    runs = load_runs(store)
    told = frame(curves(store, runs))
    assert set(told["run"]) == {run.run_id for run in runs}
    for run in runs:
        best = np.maximum.accumulate(read_rows(store.folder(run.spec))["reward"].to_numpy())
        own = told[told["run"] == run.run_id]
        assert own["evaluations"].tolist() == log_steps(len(best)).tolist()
        assert own["best_reward"].tolist() == best[own["evaluations"] - 1].tolist()
    assert log_steps(80).tolist() == [1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 80]
    assert log_steps(1).tolist() == [1]


def test_the_top_is_of_each_problem_by_itself(store: Store) -> None:
    runs = [run for run in load_runs(store) if run.scored]
    told = frame(top(store, runs, 5))
    assert len(told) == 15
    every = all_rows(store, runs)
    designs = [name for name in every if name.startswith("design.")]
    for (workload, objective), own in told.groupby(["workload", "objective"]):
        assert own["rank"].tolist() == [1, 2, 3, 4, 5]
        assert own["design"].nunique() == 5
        of_problem = every[(every["workload"] == workload) & (every["objective"] == objective)]
        best = of_problem.groupby(designs)["reward"].max().nlargest(5)
        assert own["reward"].tolist() == best.tolist()


def test_the_front_is_what_nothing_dominates(store: Store) -> None:
    runs = select(load_runs(store), parse_condition("objective = latency"))
    told = frame(front(store, runs, ["latency_ns", "energy_pj"]))
    every = all_rows(store, runs)
    for workload, own in told.groupby("workload"):
        of_problem = every[(every["workload"] == workload) & (every["status"] == "ok")]
        points = of_problem[["latency_ns", "energy_pj"]].to_numpy()
        slow = {
            tuple(point)
            for point in points
            if not ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
        }
        assert {tuple(point) for point in own[["latency_ns", "energy_pj"]].to_numpy()} == slow
        assert len(own) == len(slow)


def test_a_front_needs_metrics_that_are_better_one_way(store: Store) -> None:
    runs = load_runs(store)
    with pytest.raises(SettingError, match="a front needs two metrics, the objective looks at 1"):
        list(front(store, runs))
    with pytest.raises(UnknownNameError, match="unknown metric 'latency'"):
        list(front(store, runs, ["latency", "energy_pj"]))


def test_damaged_rows_are_told_and_left_out(store: Store, tmp_path: Path) -> None:
    shutil.copytree(store.path, tmp_path / "s")
    copied = Store.open(tmp_path / "s")
    runs = select(load_runs(copied), parse_condition("objective = latency and workload = mixed"))
    damaged = copied.folder(runs[0].spec)
    damaged.parts()[0].write_bytes(b"nonsense")
    names = ["latency_ns", "energy_pj"]
    for ask in (rows, top, lambda *of, **kw: front(*of, names, **kw)):
        heard: list[str] = []
        told = frame(ask(copied, runs, complain=heard.append))
        assert damaged.run_id not in set(told["run"])
        assert len(heard) == 1
        assert heard[0].startswith(f"{damaged.path}/data.parquet: is damaged")
        with pytest.raises(StoreError, match="is damaged"):
            list(ask(copied, runs))


# -- the verb ------------------------------------------------------------------------------------


def test_every_format_says_the_same(store: Store, tmp_path: Path) -> None:
    ask = ("query", "top", "--store", store.path, "--where", "seed = 0 and agent != x", "--top", 2)
    table = pd.read_csv(io.StringIO(archgym(*ask, "--format", "csv", cwd=tmp_path).stdout))
    said = json.loads(archgym(*ask, "--format", "json", cwd=tmp_path).stdout)
    assert [row["reward"] for row in said] == table["reward"].tolist()
    assert len(said) == 6
    for suffix in ("csv", "parquet"):
        ended = archgym(*ask, "-o", f"top.{suffix}", cwd=tmp_path)
        assert ended.stdout == f"top.{suffix}: 6 rows\n", ended.stderr
    assert pd.read_csv(tmp_path / "top.csv").equals(table)
    assert (
        pq.read_table(tmp_path / "top.parquet")["reward"].to_pylist() == table["reward"].tolist()
    )


@pytest.mark.parametrize(
    ("question", "options", "says"),
    [
        ("top", {"metrics": "a,b"}, "--metrics belongs to the question front, not to top"),
        ("runs", {"count": 3}, "--top belongs to the question top, not to runs"),
        ("runs", {"output": Path("x.xls")}, "must end with .csv, .parquet or .json"),
        ("runs", {"where": "seed = 99"}, "no runs with seed = 99"),
        ("rows", {"where": "seed <"}, "a value is expected"),
        ("rows", {}, "rows have different columns"),
    ],
)
def test_bad_questions_are_refused(
    store: Store, tmp_path: Path, question: str, options: dict[str, Any], says: str
) -> None:
    run_locally(toy_plan(problems=[{"env": "tests.toys:TOY_FRONT"}], seeds=1), tmp_path / "s")
    for run in store.runs():
        target = tmp_path / "s" / run.path.relative_to(store.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(run.path)
    output = tmp_path / "answer.csv"
    with pytest.raises(ArchgymError, match=re.escape(says)):
        query(Question(question), str(tmp_path / "s"), **{"output": output, **options})
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
