"""What a report tells is what is stored: against slow, obvious computations from the rows."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgym.errors import SettingError, StoreError, UnknownNameError
from archgym.results.catalogue import load_runs
from archgym.results.reader import read_rows
from archgym.results.report import curves as report_curves
from archgym.results.report.curves import Curve, band, grid, load_curves
from archgym.results.report.designs import Designs
from archgym.results.report.document import report_document
from archgym.results.report.importance import importance
from archgym.results.report.parallel import parallel_axes
from archgym.results.store import Store
from archgym.scalar_parameters import Ordinal
from archgym.space import DesignSpace
from tests.experiments.launching import run_locally, toy_plan
from tests.results.report.stores import TOY, make_store, rewards_of
from tests.toys import toy_problem


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("report") / "s")


@pytest.fixture(scope="module")
def document(store: Store) -> dict[str, Any]:
    return report_document(store)


def timeless(document: dict[str, Any]) -> str:
    return json.dumps(document | {"made": ""}, sort_keys=True)


# -- the whole ------------------------------------------------------------------------------------


def test_it_is_json_and_the_same_each_time(store: Store, document: dict[str, Any]) -> None:
    json.dumps(document, allow_nan=False)
    assert timeless(report_document(store)) == timeless(document)


def test_problems_are_kept_apart(store: Store, document: dict[str, Any]) -> None:
    # What is said of a problem does not change when the others are not there.
    assert len(document["problems"]) == 4
    for problem in document["problems"]:
        conditions = [f"{key}={problem[key]}" for key in ("workload", "objective")]
        (alone,) = report_document(store, conditions)["problems"]
        assert alone == problem


def test_counts_and_failures(document: dict[str, Any]) -> None:
    assert document["states"] == {"done": 48, "failed": 12}
    assert {row["kind"] for row in document["failures"]} == {"raised"}
    assert len(document["failures"]) == 12
    assert all("gives up" in row["reason"] for row in document["failures"])
    assert all("--retry-failed" in row["retry"] for row in document["failures"])


# -- curves ---------------------------------------------------------------------------------------


def test_curves_are_those_of_the_rows(store: Store) -> None:
    folders = [folder for folder in store.runs() if folder.done_file.exists()]
    curves = load_curves(folders)
    assert set(curves) == {folder.run_id for folder in folders}
    for folder in folders:
        rows = read_rows(folder)
        assert rows is not None
        best, spent, at = -np.inf, 0.0, []
        for row in rows.to_pylist():
            spent += row["ask_us"] + row["evaluate_us"]
            if row["reward"] > best:
                best = row["reward"]
                at.append((row["step"] + 1, spent / 1e6, best))
        found = curves[folder.run_id]
        evaluations, seconds, reward = map(np.array, zip(*at, strict=True))
        np.testing.assert_array_equal(found.evaluations, evaluations)
        np.testing.assert_array_equal(found.reward, reward)
        np.testing.assert_allclose(found.seconds, seconds, rtol=1e-9)


def test_curves_of_a_remote_store_are_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [folder for folder in store.runs() if folder.done_file.exists()]
    local = load_curves(folders)
    monkeypatch.setattr(report_curves, "_is_remote", lambda folder: True)
    for run, curve in load_curves(folders).items():
        for name in ("evaluations", "reward", "seconds"):
            np.testing.assert_allclose(getattr(curve, name), getattr(local[run], name), rtol=1e-9)


def test_parts_that_are_replaced_already_count_once(tmp_path: Path) -> None:
    # A kill between writing data.parquet and removing the parts leaves both.
    store = make_store(tmp_path / "s", problems=[{"env": TOY}], agents=["random"], seeds=1)
    (folder,) = store.runs()
    before = load_curves([folder])[folder.run_id]
    (data,) = folder.parts()
    copy = Path(str(folder.part_file(0)))
    copy.write_bytes(Path(str(data)).read_bytes())
    assert len(folder.parts()) == 2
    after = load_curves([folder])[folder.run_id]
    np.testing.assert_array_equal(after.seconds, before.seconds)


def test_a_band_is_the_quartiles_at_each_point() -> None:
    rng = np.random.default_rng(5)
    runs = [np.maximum.accumulate(rng.normal(size=40)) for _ in range(7)]
    curves = []
    for best in runs:
        steps = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
        curves.append(Curve(steps + 1.0, (steps + 1.0) / 10, best[steps]))
    at = grid(1, 40, whole=True)
    expected = np.quantile([best[at.astype(int) - 1] for best in runs], (0.25, 0.5, 0.75), axis=0)
    np.testing.assert_allclose(band(curves, "evaluations", at), expected)
    np.testing.assert_allclose(band(curves, "seconds", at / 10 + 1e-9), expected)
    assert np.isnan(band(curves, "seconds", np.array([0.01]))).all()


def test_the_curves_end_at_what_the_runs_found(store: Store, document: dict[str, Any]) -> None:
    runs = [run for run in load_runs(store) if run.scored]
    for problem in document["problems"]:
        found = defaultdict(list)
        for run in runs:
            if run.spec.problem_key.startswith(problem["key"]):
                found[run.spec.agent].append(run.best_reward)
        for along, (agent, rewards) in product(("evaluations", "seconds"), found.items()):
            ends = [values[-1] for values in problem["curves"][along]["all"]["bands"][agent]]
            expected = np.quantile(rewards, (0.25, 0.5, 0.75))
            np.testing.assert_allclose(ends, expected, rtol=1e-4)


# -- agents and configurations --------------------------------------------------------------------


def test_agents_win_as_often_as_counting_says(store: Store, document: dict[str, Any]) -> None:
    runs = [run for run in load_runs(store) if run.scored]
    for problem in document["problems"]:
        own = [run for run in runs if run.spec.problem_key.startswith(problem["key"])]
        for row in problem["agents"]:
            mine = [run.best_reward for run in own if run.spec.agent == row["agent"]]
            others = [run.best_reward for run in own if run.spec.agent != row["agent"]]
            pairs = list(product(mine, others))
            wins = sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs)
            assert row["wins"] == pytest.approx(wins, rel=1e-4)
        assert sum(row["runs"] for row in problem["agents"]) == problem["states"]["done"]


def test_configurations_come_best_first_with_their_seeds(document: dict[str, Any]) -> None:
    for problem in document["problems"]:
        rows = problem["configurations"]
        assert [row["seeds"] for row in rows] == [3, 3, 3, 3]
        assert {row["hyperparameters"] for row in rows} == {
            "",
            "largest=3",
            "largest=5",
            "largest=9",
        }
        medians = [row["median"] for row in rows]
        assert medians == sorted(medians, reverse=True)
        assert {row["hyperparameters"] for row in rows if row["default"]} == {"", "largest=9"}
        best = problem["curves"]["evaluations"]["best"]["bands"]
        for agent, bands in best.items():
            first = next(row for row in rows if row["agent"] == agent)
            assert bands[1][-1] == first["median"]


# -- designs --------------------------------------------------------------------------------------


def test_fronts_hold_what_nothing_of_the_same_agent_dominates(
    store: Store, document: dict[str, Any]
) -> None:
    runs = {run.run_id: run.spec for run in load_runs(store) if run.scored}
    for problem in document["problems"]:
        if problem["objective"] == "latency":
            assert problem["front"] is None
            continue
        points = defaultdict(set)
        for folder in store.runs():
            spec = runs.get(folder.run_id)
            if spec is None or not spec.problem_key.startswith(problem["key"]):
                continue
            for row in read_rows(folder).to_pylist():  # type: ignore[union-attr]
                if row["status"] == 0:
                    points[spec.agent].add((row["latency_ns"], row["energy_pj"]))
        names = [metric["name"] for metric in problem["front"]["metrics"]]
        assert names == ["latency_ns", "energy_pj"]
        for agent, own in points.items():
            front = {
                p for p in own if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in own)
            }
            told = {tuple(point) for point in problem["front"]["agents"][agent]}
            np.testing.assert_allclose(sorted(told), sorted(front), rtol=1e-4)


def test_good_designs_are_the_best_ones(store: Store, document: dict[str, Any]) -> None:
    rewards = rewards_of(store)
    for problem in document["problems"]:
        parallel = problem["parallel"]
        assert parallel["reward"] == sorted(parallel["reward"], reverse=True)
        done = [run for run in load_runs(store) if run.scored]
        own = [run.run_id for run in done if run.spec.problem_key.startswith(problem["key"])]
        assert parallel["reward"][0] == pytest.approx(
            max(rewards[run].max() for run in own), rel=1e-4
        )
        assert all(0 <= place <= 1 for line in parallel["lines"] for place in line)
        for axis, values in zip(parallel["axes"], parallel["values"], strict=True):
            labels = dict(map(reversed, axis["ticks"]))
            at = parallel["axes"].index(axis)
            for line, value in zip(parallel["lines"], values, strict=True):
                assert line[at] == pytest.approx(labels[value], abs=1e-4)


@pytest.mark.parametrize("toy", ["TOY_REAL", "TOY_WORDS"])
def test_every_kind_of_parameter_has_an_axis(tmp_path: Path, toy: str) -> None:
    problem = {"env": f"tests.toys:{toy}"}
    store = make_store(tmp_path / "s", problems=[problem], agents=["random"], seeds=1)
    (told,) = report_document(store)["problems"]
    assert len(told["parallel"]["axes"]) > 1
    assert all(0 <= place <= 1 for line in told["parallel"]["lines"] for place in line)
    assert all(len(axis["ticks"]) > 1 for axis in told["parallel"]["axes"])


def test_values_off_the_grid_lie_between_its_own() -> None:
    space = DesignSpace([Ordinal("depth", (1, 2, 4, 8), legal=(0, None))])
    problem = replace(toy_problem(), space=space)
    codes = space.encode([{"depth": depth} for depth in (1, 8, 3, 6, 0, 99)]).codes
    reward, flags = np.arange(6.0)[::-1], np.ones(6, dtype=bool)
    designs = Designs(np.array(["a"] * 6), codes * 1.0, {}, reward, flags, flags, 1)
    told = parallel_axes(designs, np.ones(1), problem)
    assert told["values"] == [[1, 8, 3, 6, 0, 99]]
    np.testing.assert_allclose(told["lines"].T[0] * 3, [0, 3, 1.5, 2.5, 0, 3])


def test_importance_finds_the_parameter_that_matters() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, size=(4_000, 3)).astype(float)
    alone = importance(codes, codes[:, 1] ** 3)
    assert alone[1] == pytest.approx(1.0, abs=1e-9)
    # By chance an axis of 4 values explains about 1e-3 with a standard deviation as large.
    assert max(alone[0], alone[2]) < 6e-3
    two = importance(codes, 3.0 * codes[:, 0] + codes[:, 2])
    assert two[0] > 5 * two[2] > 5 * 6e-3
    assert importance(codes, np.ones(len(codes))).tolist() == [0.0, 0.0, 0.0]


def test_importance_of_real_parameters_goes_by_quantiles() -> None:
    rng = np.random.default_rng(3)
    codes = rng.lognormal(size=(4_000, 2))
    shares = importance(codes, np.log(codes[:, 0]))
    assert shares[0] > 0.98
    assert shares[1] < 0.02


# -- what is wrong or missing ---------------------------------------------------------------------


def test_conditions(store: Store) -> None:
    one = report_document(store, ["agent=random", "seed=0", "workload=mixed"])
    assert (one["states"], one["agents"]) == ({"done": 2}, ["random"])
    assert all(problem["agents"][0]["wins"] is None for problem in one["problems"])
    both = report_document(store, ["hyperparameters.largest=3", "hyperparameters.largest=5"])
    assert both["states"] == {"done": 24}
    assert report_document(store, ["settings.max_banks=5"])["states"]["done"] == 48


@pytest.mark.parametrize(
    ("condition", "error", "message"),
    [
        ("agent", SettingError, "write it as key=value"),
        ("agnt=random", UnknownNameError, "did you mean 'agent'"),
        ("agent=nobody", StoreError, "none of 60 runs has agent=nobody"),
    ],
)
def test_wrong_conditions(
    store: Store, condition: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        report_document(store, [condition])


def test_an_empty_store_has_an_empty_report(tmp_path: Path) -> None:
    document = report_document(Store.create(tmp_path / "s"))
    assert (document["problems"], document["states"]) == ([], {})


def test_runs_that_are_not_finished_count_nowhere(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s", problems=[{"env": TOY}], agents=["random"], seeds=2)
    first, _ = store.runs()
    Path(str(first.done_file)).unlink()
    (problem,) = report_document(store)["problems"]
    assert problem["states"] == {"done": 1, "running": 1}
    assert [row["runs"] for row in problem["agents"]] == [1]
    (working,) = report_document(store)["at_work"]
    assert working["budget"] == 50


def test_a_problem_of_which_all_runs_failed_says_so(tmp_path: Path) -> None:
    agents = ["tests.experiments.odd_agents:RaisingAgent"]
    run_locally(toy_plan(agents=agents, seeds=1, problems=[{"env": TOY}]), tmp_path / "s")
    (problem,) = report_document(Store.open(tmp_path / "s"))["problems"]
    assert "no run has finished" in problem["note"]
    assert "curves" not in problem


def test_designs_of_another_version_are_not_explained(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s", problems=[{"env": TOY}], agents=["random"], seeds=1)
    (folder,) = store.runs()
    done = Path(str(folder.done_file))
    told = json.loads(done.read_text())
    told["spec"]["env"] = "tests.toys:GONE"
    done.write_text(json.dumps(told))
    Path(str(folder.path)).parents[1].rename(tmp_path / "s" / "env=tests.toys_GONE-v0")
    (problem,) = report_document(store)["problems"]
    assert "designs cannot be explained" in problem["designs_note"]
    assert problem["curves"]["evaluations"]["best"]["bands"]["random"]
    assert "parallel" not in problem
