"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from archgym import registry
from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import read_plan
from archgym.experiments.tuning import make_tuning

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def run(*words: str) -> str:
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, env=environ, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_example_runs():
    (example,) = blocks("python")
    assert "different designs" in run(sys.executable, "-c", example)


def test_the_launch_shown_is_the_quickstart():
    shown = yaml.safe_load(blocks("yaml")[0])
    assert shown == yaml.safe_load((ROOT / "experiments/launches/quickstart.yaml").read_text())


@pytest.mark.parametrize("page", ["launches.md", "tuning.md"])
def test_launches_shown_in_the_guides_are_well_formed(page):
    shown = re.findall(r"```yaml\n(name:.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    assert shown
    for text in shown:
        launch = parse_launch(yaml.safe_load(text), page)
        assert launch.tune is None or make_tuning(launch, ROOT / page).size > 200


@pytest.mark.parametrize("path", sorted((ROOT / "experiments/launches").glob("*.yaml")), ids=str)
def test_every_shipped_launch_is_valid(path):
    assert read_plan(path).trials


def test_the_own_environment_runs_and_is_reached_by_its_import_path():
    assert "access_time_ns" in run(sys.executable, "examples/own_environment.py")
    name = "examples.own_environment:ENVIRONMENT"
    problem = registry.environments.get(name).make_problem(workload="small_array")
    best = max(problem.outcomes(batch).reward.max() for batch in problem.space.enumerate())
    assert best > 1.5


def test_the_own_agent_runs_and_beats_its_start():
    assert "total_time_ns" in run(sys.executable, "examples/own_agent.py")


def test_the_own_workload_runs_and_is_worth_tuning_for():
    assert "times as quick" in run(sys.executable, "examples/own_workload.py")


def test_the_team_runs_and_learns():
    pytest.importorskip("torch", reason="needs archgym[rl]")
    assert "the team found a design" in run(sys.executable, "examples/team_of_agents.py")


def test_the_own_surrogate_finds_better_designs_than_it_learnt_from():
    pytest.importorskip("lightgbm", reason="needs archgym[surrogates]")
    last = run(sys.executable, "examples/own_surrogate.py").splitlines()[-2:]
    learnt_from, found = (float(line.rpartition(":")[2]) for line in last)
    assert found > learnt_from


def test_every_example_is_a_tutorial():
    shown = (ROOT / "docs/tutorials.md").read_text()
    assert all(path.name in shown for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", ["own_environment.py", "own_agent.py", "own_workload.py"])
def test_examples_stay_short(name):
    lines = (ROOT / "examples" / name).read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 50


def test_links_in_the_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
