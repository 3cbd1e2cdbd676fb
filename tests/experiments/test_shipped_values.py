"""Tuned values that ship are those of agents as they are, and of the launch that made them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import make_plan
from archgym.experiments.tuning import make_tuning
from archgym.registry import agents

SHIPPED = sorted(Path(str(files("archgym.agents") / "tuned")).glob("*.yaml"))


def content_of(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text("utf-8"))


def test_some_ship() -> None:
    assert [path.stem for path in SHIPPED] == ["dram"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_launches_are_planned_with_them(path: Path) -> None:
    content = content_of(path)
    launch = {
        "name": "x",
        "problems": [{"env": content["family"]}],
        "agents": [{"name": sorted(content["agents"]), "hyperparameters": "tuned"}],
        "budget": 10,
        "seeds": 1,
    }
    plan = make_plan(parse_launch(launch, "x"), Path("x"))
    assert len(plan.trials) == len(content["agents"])
    for trial in plan.trials:
        given = content["agents"][trial.agent]["hyperparameters"]
        assert {name: trial.hyperparameters[name] for name in given} == given


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_they_belong_to_agents_and_launch_as_they_are(path: Path) -> None:
    content = content_of(path)
    for name, entry in content["agents"].items():
        assert entry["version"] == agents.get(name).version, "tune again: the agent changed"
    shipped = Path("experiments/launches") / f"tune_{path.stem}.yaml"
    tuning = make_tuning(parse_launch(content["made_by"]["launch"], "x"), Path("x"))
    again = make_tuning(parse_launch(content_of(shipped), "x"), Path("x"))
    assert tuning.launch == again.launch


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_gains_are_those_of_the_scores(path: Path) -> None:
    for entry in content_of(path)["agents"].values():
        low, high = entry["gain_95"]
        held_out = entry["held_out"]
        assert low - 1e-5 <= held_out["tuned"] / held_out["default"] <= high + 1e-5
        assert entry["train"]["tuned"] >= entry["train"]["default"]
