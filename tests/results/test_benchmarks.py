"""Benchmarks and their boards: what is refused, what is incomplete, what scores mean."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from archgym.errors import LaunchError, SettingError, StoreError, UnknownNameError
from archgym.experiments.launch import parse_launch
from archgym.results.benchmark import benchmark_names, load_benchmark
from archgym.results.benchmark_board import board_rows
from archgym.results.benchmark_runs import entrants_of
from archgym.results.benchmark_scores import Trial, score_trial
from archgym.results.leaderboard import load_runs
from archgym.results.statistics.fronts import hypervolume
from archgym.results.store import Store
from tests.experiments.launching import ODD, run_locally, toy_plan
from tests.experiments.launching import archgym as command
from tests.results.benchmarks import (
    FRONT,
    PROBLEM,
    RANDOM,
    Spoken,
    front_benchmark,
    run_benchmark,
    toy_store,
    write_benchmark,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A benchmark's file and a store with three complete agents and one that failed."""
    folder = tmp_path_factory.mktemp("made")
    path, store = write_benchmark(folder), folder / "runs"
    toy_store(path, store)
    return path, store


def rows_of(path: Path, store: Path) -> list[dict[str, Any]]:
    benchmark = load_benchmark(str(path))
    return board_rows(benchmark, entrants_of(Store.open(store), benchmark))


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", benchmark_names())
def test_shipped_benchmarks_are_of_what_is_installed(name: str) -> None:
    benchmark = load_benchmark(name)
    assert len(benchmark.problem_keys) == len(benchmark.problems)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "toys"}, "should be the file's name and end in a version"),
        ({"budget": 0}, "budget"),
        ({"problems": []}, "problems"),
        ({"problems": [PROBLEM, PROBLEM]}, "stands twice"),
        ({"problems": [PROBLEM | {"best": 0.9}]}, "best: should exceed 1"),
        ({"problems": [PROBLEM | {"bets": 2.0}]}, r"problems\.0\.bets: Extra inputs"),
        ({"problems": [PROBLEM, FRONT]}, "rewards and hypervolumes cannot be averaged"),
    ],
)
def test_files_that_are_no_benchmark_are_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(SettingError, match=says):
        load_benchmark(str(write_benchmark(tmp_path, **changes)))


def test_unknown_benchmarks_are_guessed_at() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'archgym-dram-v1'"):
        load_benchmark("archgym-dram-v2")


def test_a_change_of_numbers_changes_the_digest(tmp_path: Path) -> None:
    plain = load_benchmark(str(write_benchmark(tmp_path)))
    worded = load_benchmark(str(write_benchmark(tmp_path, description="in other words")))
    changed = load_benchmark(str(write_benchmark(tmp_path, problems=[PROBLEM | {"best": 8.0}])))
    assert plain.digest == worded.digest != changed.digest


# -- launches ------------------------------------------------------------------------------------


def launch(path: Path, **changes: Any) -> dict[str, Any]:
    return {"name": "l", "benchmark": str(path), "agents": ["random"]} | changes


def test_a_launch_takes_problems_budget_and_seeds_from_the_benchmark(tmp_path: Path) -> None:
    parsed = parse_launch(launch(write_benchmark(tmp_path)), "l.yaml")
    assert [entry.workload for entry in parsed.problems] == [["mixed"], ["other"]]
    assert (parsed.budget, parsed.seeds) == ([40], [0, 1, 2])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": 7}, "toys-v1 sets budget; leave it out"),
        ({"agents": [{"name": "random", "seeds": 9}]}, r"toys-v1 sets agents\[0\]\.seeds"),
        ({"benchmark": "archgym-dran-v1"}, "did you mean 'archgym-dram-v1'"),
    ],
)
def test_what_the_benchmark_sets_is_not_for_the_launch(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(LaunchError, match=says):
        parse_launch(launch(write_benchmark(tmp_path), **changes), "l.yaml")


def test_a_benchmark_of_other_versions_is_not_run(tmp_path: Path) -> None:
    old = write_benchmark(tmp_path, problems=[PROBLEM | {"cost_model_version": "0"}])
    with pytest.raises(LaunchError, match=r"'distance' has version 1 here, the benchmark is of 0"):
        parse_launch(launch(old), "l.yaml")


# -- boards --------------------------------------------------------------------------------------


def test_the_board_is_that_of_its_definition(made: tuple[Path, Path]) -> None:
    path, store = made
    rows = rows_of(path, store)
    best = {"mixed": 7.5, "other": 4.2}
    for row in rows:
        found = [run for run in load_runs(Store.open(store)) if run.spec.run_id in row["runs"]]
        assert len(found) == 6
        scores = [
            max(run.best_reward - 1.0, 0.0) / (best[run.spec.workload] - 1.0) for run in found
        ]
        assert row["score"] == pytest.approx(stats.trim_mean(scores, 0.25))
        assert row["mean"] == pytest.approx(np.mean(scores))
        assert row["low_95"] <= row["score"] <= row["high_95"]
        assert row["trials"] == "6/6"
        assert 0.0 <= row["mean_best"] <= row["mean"]
    assert [row["score"] for row in rows] == sorted((r["score"] for r in rows), reverse=True)
    assert {row["label"] for row in rows} == {
        "random batch_size=4",
        "random batch_size=10",
        f"{ODD}:PlainAgent",
    }


def test_missing_trials_are_shown_and_never_averaged(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, store = made
    shutil.copytree(store, tmp_path / "cut")
    opened = Store.open(tmp_path / "cut")
    (first, *_) = [run for run in load_runs(opened) if run.spec.agent.endswith("PlainAgent")]
    shutil.rmtree(Path(str(opened.folder(first.spec).path)))
    *ranked, last = rows_of(path, tmp_path / "cut")
    assert (last["rank"], last["trials"], last["score"]) == ("incomplete", "5/6", None)
    assert last["agent"].endswith("PlainAgent")
    assert all(row["trials"] == "6/6" for row in ranked)


def test_runs_that_are_not_of_the_benchmark_do_not_count(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    path, _ = made
    run_locally(toy_plan(budget=39, agents=["random"]), tmp_path / "runs")
    with pytest.raises(StoreError, match="no finished run of toys-v1; make some with"):
        rows_of(path, tmp_path / "runs")


def test_ties_are_shown(tmp_path: Path) -> None:
    """The same agent under two hyper-parameters that change nothing: one rank for both."""
    path = write_benchmark(tmp_path)
    agent = {"name": f"{ODD}:PlainAgent", "hyperparameters": {"pause_s": [0.0, 1e-6]}}
    run_benchmark(path, tmp_path / "runs", [agent])
    rows = rows_of(path, tmp_path / "runs")
    assert [row["rank"] for row in rows] == ["1-2", "1-2"]
    assert rows[0]["over_next"] == 0.5


def test_several_objectives_are_scored_by_hypervolume(tmp_path: Path) -> None:
    benchmark = front_benchmark(tmp_path)
    run_benchmark(tmp_path / "fronts-v1.yaml", tmp_path / "runs", ["random", "nsga2"])
    entrants = entrants_of(Store.open(tmp_path / "runs"), benchmark)
    for entrant in entrants:
        for (at, seed), trial in entrant.trials.items():
            assert (at, trial.values.shape) == (0, (40, 2))
            volume = hypervolume(trial.values, np.array([0.1, 0.1]))
            scored = entrant.scored(benchmark)[0][seed]
            assert scored.score == pytest.approx(volume / 893.0)
            assert scored.regret == pytest.approx(1.0 - volume / 893.0)


def test_scores_of_a_trial_are_those_of_its_curve(tmp_path: Path) -> None:
    benchmark = load_benchmark(str(write_benchmark(tmp_path, target=0.5)))
    rewards = np.array([-0.5, 1.65, 1.2, 4.25, 3.0] + [0.0] * 35)  # 0, 0.1, 0.1, 0.5 of 7.5 - 1
    count = np.arange(1.0, 41.0)
    trial = Trial("r", 40, 39, 1.0, 2.0, count, count / 10, rewards)
    scored = score_trial(benchmark, benchmark.problems[0], trial)
    assert scored.score == pytest.approx(0.5)
    assert scored.regret == pytest.approx(1 - 4.25 / 7.5)
    assert scored.mean_best == pytest.approx((0.1 + 0.1 + 37 * 0.5) / 40)
    assert (scored.evaluations_to_target, scored.seconds_to_target) == (4.0, 0.4)


@pytest.mark.parametrize(("kind", "score"), [("known", 2.0), ("target", 1.0)])
def test_beyond_a_target_nothing_is_gained(tmp_path: Path, kind: str, score: float) -> None:
    problem = PROBLEM | {"best": 4.0, "best_is": kind}
    benchmark = load_benchmark(str(write_benchmark(tmp_path, problems=[problem])))
    one = np.ones(1)
    trial = Trial("r", 1, 1, 0.0, 0.0, one, one, 7.0 * one)
    assert score_trial(benchmark, benchmark.problems[0], trial).score == score


# -- the verb ------------------------------------------------------------------------------------


def test_the_board_is_printed_in_every_format(made: tuple[Path, Path], spoken: Spoken) -> None:
    path, store = made
    words = ("leaderboard", "--benchmark", path, "--store", store, "--format")
    told = {form: spoken(*words, form) for form in ("table", "csv", "json")}
    assert {code for code, _, _ in told.values()} == {0}
    rows = json.loads(told["json"][1])
    assert all(len(row["runs"]) == 6 and row["versions"]["archgym"] for row in rows)
    assert rows[0]["hyperparameters"]
    listed = list(csv.DictReader(io.StringIO(told["csv"][1])))
    assert [row["label"] for row in listed] == [row["label"] for row in rows]
    assert "2 problems x 3 seeds, budget 40: two toys" in told["table"][1]


def test_one_command_runs_an_agent_and_resumes(tmp_path: Path) -> None:
    path = write_benchmark(tmp_path, problems=[PROBLEM], seeds=2)
    words = ("leaderboard", "launch", path, "--agent", "random", "--set", "batch_size=5")
    more = ("--executor", "local")
    first, second = (command(*words, *more, cwd=tmp_path) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert "2 of 2 trials done, 0 failed, 80 evaluations" in first.stdout
    assert "2 of 2 trials done, 0 failed, 0 evaluations" in second.stdout
    (run, _) = load_runs(Store.open(tmp_path / "runs"))
    assert run.spec.hyperparameters["batch_size"] == 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--benchmark", "archgym-dran-v1"], "did you mean 'archgym-dram-v1'"),
        (["--entries", "x.json"], "--entries needs --benchmark"),
        (["--store", "runs", "benchmarks"], "--store stands after the word 'benchmarks'"),
        (["launch", "nothing-v1", "--agent", "random"], "unknown benchmark 'nothing-v1'"),
        (["launch", "archgym-dram-v1", "--agent", "genetik"], "did you mean 'genetic'"),
        (["launch", "archgym-dram-v1", "--agent", "tpe", "--set", "startp=3"], "mean 'startup'"),
        (["verify", "absent.json"], "absent.json: is not there"),
        (["--benchmark", "archgym-dram-v1", "--store", "absent"], "there is no such store"),
    ],
)
def test_bad_words_are_refused_in_one_line(
    tmp_path: Path, spoken: Spoken, words: list[str], says: str
) -> None:
    code, _, error = spoken("leaderboard", *words)
    assert code == 2
    assert says in error
    assert len(error.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_random_is_a_configuration_of_each(made: tuple[Path, Path]) -> None:
    path, store = made
    labels = [row["label"] for row in rows_of(path, store) if row["agent"] == "random"]
    assert len(labels) == len(RANDOM["hyperparameters"]["batch_size"])
