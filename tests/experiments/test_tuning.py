"""Tuning: ordinary trials, chosen by stored scores, reported on problems that were held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from archgym.errors import LaunchError, StoreError
from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import make_plan, read_plan
from archgym.experiments.tuning import Tuning, finished, make_tuning
from archgym.experiments.tuning_report import tuned_content, tuning_rows
from archgym.results.scores import WORST, gain, score
from archgym.results.store import Store
from tests.experiments.launching import ODD, archgym, run_locally, stored, toy_plan

TOY, FLAT = "tests.toys:TOY", "tests.toys:TOY_FLAT"
PLAIN = f"{ODD}:PlainAgent"
SEARCH = {"population": [4, 8, 16], "tournament": {"low": 2, "high": 8}}


def tuning_launch(**changes: Any) -> dict[str, Any]:
    launch = {
        "name": "tuned toys",
        "problems": [{"env": FLAT, "settings": {"parameters": 4}}],
        "agents": [
            {"name": "genetic", "search": SEARCH},
            {"name": PLAIN, "search": {"largest": [5, 20]}},
        ],
        "budget": 24,
        "seeds": 2,
        "tune": {
            "method": "tpe",
            "configurations": 6,
            "at_a_time": 2,
            "train": {"objective": ["latency", "energy"]},
            "held_out": {"objective": "energy_delay"},
        },
    }
    tune = launch["tune"] | changes.pop("tune", {})
    return launch | changes | {"tune": {k: v for k, v in tune.items() if v is not None}}


def toy_tuning(**changes: Any) -> Tuning:
    return make_tuning(parse_launch(tuning_launch(**changes), "toys.yaml"), Path("toys.yaml"))


def hand_launched(name: str, values: dict[str, Any], objective: list[str]) -> set[str]:
    """Return the ids of the trials of an ordinary launch."""
    plan = toy_plan(
        problems=[{"env": FLAT, "objective": objective, "settings": {"parameters": 4}}],
        agents=[{"name": name, "hyperparameters": values}],
        budget=24,
    )
    return {trial.run_id for trial in plan.trials}


def test_the_best_configuration_is_reported_on_held_out_problems(tmp_path: Path) -> None:
    tuning = toy_tuning()
    result = run_locally(tuning, tmp_path)
    assert result.complete
    assert result.done == result.total <= tuning.size == 2 * (7 * 2 * 2) + 2 * 2 * 2
    store = Store.open(tmp_path)
    for row, tried, candidate in zip(
        tuning_rows(tuning, store), tuning.tried, tuning.candidates, strict=True
    ):
        assert row["tried"] == len(tried) == 7
        assert tried[0].configuration == {}
        best = max(tried, key=lambda t: t.score)
        assert row["train_tuned"] == best.score >= row["train_default"] == tried[0].score
        trials = candidate.trials(best.configuration, tuning.held_out)
        rewards = [store.folder(t).read_done()["best"]["reward"] for t in trials]
        assert row["held_out_tuned"] == pytest.approx(np.prod(rewards) ** (1 / len(rewards)))
        assert row["gain"] == pytest.approx(row["held_out_tuned"] / row["held_out_default"])


def test_trials_are_those_of_a_launch_by_hand(tmp_path: Path) -> None:
    tuning = toy_tuning()
    run_locally(tuning, tmp_path)
    runs = set(stored(tmp_path))
    chosen = tuning.tried[0][3].configuration
    assert hand_launched("genetic", chosen, ["latency", "energy"]) <= runs
    assert hand_launched(PLAIN, {}, ["latency", "energy", "energy_delay"]) <= runs


@pytest.mark.parametrize("method", ["tpe", "random"])
def test_a_cut_tuning_goes_on_as_if_it_had_not_been_cut(tmp_path: Path, method: str) -> None:
    turns = {"at_a_time": 2} if method == "tpe" else {"at_a_time": None}
    changes = {"method": method, "configurations": 4, **turns}
    run_locally(toy_tuning(tune=changes), tmp_path / "whole")
    cut = toy_tuning(tune=changes)
    rounds = cut.rounds(Store.create(tmp_path / "cut"))
    first = next(rounds)
    run_locally(make_plan_of(first[:5]), tmp_path / "cut")
    with pytest.raises(StoreError, match=r"is not finished, .* run it again to go on"):
        finished(cut, Store.open(tmp_path / "cut"))
    again = toy_tuning(tune=changes)
    result = run_locally(again, tmp_path / "cut")
    assert result.before == 5
    assert stored(tmp_path / "cut") == stored(tmp_path / "whole")
    assert run_locally(toy_tuning(tune=changes), tmp_path / "cut").before == result.total


class make_plan_of:  # noqa: N801
    """A plan of some trials of another one."""

    def __init__(self, trials: Any):
        self.trials, self.size, self.source = trials, len(trials), Path("part.yaml")
        self.launch = parse_launch(tuning_launch(), "part.yaml")

    def rounds(self, store: Store) -> Any:
        yield self.trials


def test_a_grid_tries_all_combinations(tmp_path: Path) -> None:
    search = {"population": [4, 8], "crossover": ["uniform", "two_point"]}
    tuning = toy_tuning(
        agents=[{"name": "genetic", "search": search}],
        tune={"method": "grid", "configurations": None, "at_a_time": None},
    )
    run_locally(tuning, tmp_path)
    assert [len(tried) for tried in tuning.tried] == [1 + 4]


def test_a_configuration_whose_trial_failed_is_never_the_best(tmp_path: Path) -> None:
    search = {"largest": [1, 2, 3]}
    tuning = toy_tuning(
        problems=[{"env": TOY}],
        agents=[
            {"name": f"{ODD}:RaisingAgent", "search": search},
            {"name": PLAIN, "search": search},
        ],
        budget=60,
    )
    result = run_locally(tuning, tmp_path)
    assert result.complete
    failed, fine = tuning_rows(tuning, Store.open(tmp_path))
    assert failed["failed"] == failed["tried"] == 7
    assert (failed["train_tuned"], failed["gain"], failed["hyperparameters"]) == (
        None,
        None,
        "default",
    )
    assert (fine["failed"], fine["gain"] is None) == (0, False)


def test_saved_values_are_used_by_launches(tmp_path: Path) -> None:
    tuning = toy_tuning()
    run_locally(tuning, tmp_path / "s")
    content = tuned_content(tuning, Store.open(tmp_path / "s"))
    assert content == tuned_content(tuning, Store.open(tmp_path / "s"))
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(content))))
    launch = {
        "name": "uses them",
        "problems": [{"env": FLAT}],
        "agents": [{"name": ["genetic", PLAIN], "hyperparameters": "values.yaml"}],
        "budget": 10,
    }
    plan = make_plan(parse_launch(launch, "x"), tmp_path / "x.yaml")
    for trial in plan.trials:
        name = "plain" if trial.agent == PLAIN else trial.agent
        assert trial.hyperparameters == content["agents"][name]["hyperparameters"]
    # The launch inside reproduces the file.
    same = make_tuning(parse_launch(content["made_by"]["launch"], "x"), Path("x"))
    finished(same, Store.open(tmp_path / "s"))
    assert tuned_content(same, Store.open(tmp_path / "s"))["agents"] == content["agents"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "agents[0].hyperparameters: 'v.yaml' is neither tuned nor a file"),
        ("family: dram\nagents: {}", "holds no values for family 'toy'"),
        ("family: toy\nagents: {tpe: {}}", "unknown agent in"),
        ("family: toy\nagents: {genetic: {}}", "is not a file of tuned values"),
        ("family: toy\nagents: {genetic: {hyperparameters: {population: 0}}}", "0 is not allowed"),
        ("family: [", "cannot be read"),
    ],
)
def test_wrong_tuned_values_are_refused(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "v.yaml").write_text(content)
    agents = [{"name": "genetic", "hyperparameters": "v.yaml"}]
    launch = {"name": "x", "problems": [{"env": TOY}], "agents": agents, "budget": 10}
    with pytest.raises(LaunchError) as caught:
        make_plan(parse_launch(launch, "x.yaml"), tmp_path / "x.yaml")
    assert says in str(caught.value)
    assert str(caught.value).startswith(
        "x.yaml: agents[0].hyperparameters: "
    ) or "/x.yaml: " in str(caught.value)


def test_a_family_without_tuned_values_says_so() -> None:
    with pytest.raises(LaunchError, match="no tuned values ship for family 'toy'"):
        toy_plan(agents=[{"name": "genetic", "hyperparameters": "tuned"}])


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({"tune": {"method": "gird"}}, "tune.method", "'grid', 'random' or 'tpe', not 'gird'"),
        ({"tune": {"configuration": 3}}, "tune.configuration", "did you mean 'configurations'"),
        ({"tune": {"configurations": 0}}, "tune.configurations", "greater than or equal to 1"),
        ({"tune": {"configurations": None}}, "tune.configurations", "is missing"),
        ({"tune": {"method": "grid"}}, "tune.configurations", "all combinations"),
        ({"tune": {"method": "random"}}, "tune.at_a_time", "method tpe only"),
        ({"tune": {"train": None}}, "tune.train", "is missing"),
        ({"tune": {"train": {"works": "a"}}}, "tune.train.works", "did you mean 'workload'"),
        ({"tune": {"train": {"workload": "flatt"}}}, "tune.train.workload", "mean 'flat'"),
        ({"tune": {"held_out": {"objective": "latency"}}}, "tune.held_out", "is in train too"),
        (
            {"problems": [{"env": FLAT, "objective": "latency"}]},
            "problems[0].objective",
            "stands in tune.train too",
        ),
        (
            {"problems": [{"env": FLAT}, {"env": "dram"}], "tune": {"train": {}, "held_out": {}}},
            "problems",
            "one family, not for dram, toy",
        ),
        ({"budget": [10, 20]}, "budget", "one budget"),
        ({"agents": ["genetic", "genetic"]}, "agents[1].name", "stands twice"),
        ({"agents": [{"name": "genetic", "budget": [1, 2]}]}, "agents[0].budget", "one budget"),
        ({"agents": [{"name": "genetic", "draw": 3}]}, "agents[0].draw", "excludes tune"),
        (
            {"agents": [{"name": "genetic", "hyperparameters": "tuned"}]},
            "agents[0].hyperparameters",
            "exclude tune",
        ),
        (
            {"agents": [{"name": "genetic", "hyperparameters": {"population": [4, 8]}}]},
            "agents[0].hyperparameters.population",
            "stands under search",
        ),
        (
            {"agents": [{"name": "genetic", "search": {"population": 0}}]},
            "agents[0].search.population",
            "0 is not allowed",
        ),
        (
            {
                "agents": ["genetic"],
                "tune": {"method": "grid", "configurations": None, "at_a_time": None},
            },
            "agents[0].search.population",
            "a grid needs a list",
        ),
    ],
)
def test_a_wrong_tuning_is_refused(changes: dict[str, Any], place: str, says: str) -> None:
    with pytest.raises(LaunchError) as caught:
        toy_tuning(**changes)
    message = str(caught.value)
    assert message.startswith(f"toys.yaml: {place}: "), message
    assert says in message


def test_scores_are_geometric_means() -> None:
    assert score([2.0, 8.0]) == pytest.approx(4.0)
    assert score([4.0, -0.5]) == pytest.approx((4.0 * WORST) ** 0.5)
    ratio, low, high = gain([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert ratio == pytest.approx(low) == pytest.approx(high) == pytest.approx(2.0)
    _, low, high = gain([2.0, 2.0, 2.0, 2.0], [1.0, 4.0, 1.0, 4.0])
    assert low < 1 < high


def test_the_command_line_tunes_shows_and_saves(tmp_path: Path) -> None:
    path = tmp_path / "launch.yaml"
    path.write_text(yaml.safe_dump(tuning_launch(tune={"configurations": 2})))
    assert isinstance(read_plan(path), Tuning)
    early = archgym("tuning", path, "--store", "s", cwd=tmp_path)
    assert early.returncode == 2
    ran = archgym("run", path, "--store", "s", "--workers", 1, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "held_out_tuned" in ran.stdout
    shown = archgym(
        "tuning", path, "--store", "s", "--format", "json", "--save", "v.yaml", cwd=tmp_path
    )
    assert [row["agent"] for row in json.loads(shown.stdout)] == ["genetic", PLAIN]
    saved = yaml.safe_load((tmp_path / "v.yaml").read_text())
    assert saved["made_by"]["trials"]["count"] >= 16
    assert saved["family"] == "toy"
