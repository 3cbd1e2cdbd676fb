"""Training of learned schedulers: each part against a slow one, and whole trainings."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'rl'")
import torch

from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.graphs import task_graphs
from archgym.cost_models.soc.schedule.model import latencies
from archgym.cost_models.soc.schedule.policies import embeddings, load_policy, provenance_of
from archgym.cost_models.soc.schedule.workload import load_workload
from archgym.errors import SettingError
from archgym.experiments.recipe_file import read_recipe_file
from archgym.experiments.schedule_policy.advantages import advantages, cost_to_go
from archgym.experiments.schedule_policy.collecting import Episode, collect, fresh
from archgym.experiments.schedule_policy.network import GraphTensors, PolicyNetwork
from archgym.experiments.schedule_policy.recipe import Recipe
from archgym.experiments.schedule_policy.training import train
from archgym.experiments.schedule_policy.updating import Decisions, log_probabilities

RECIPES = Path(__file__).resolve().parents[2] / "experiments" / "schedule_policy"


def recipe(**changes: Any) -> Recipe:
    given: dict[str, Any] = {
        "name": "small",
        "workloads": ["top_35us"],
        "jobs": 40,
        "groups": 2,
        "repeats": 4,
        "iterations": 2,
        "validation": ["top_35us:jobs=300,seed=7"],
        "validate_every": 1,
    }
    return Recipe(**(given | changes))


def network(seed: int = 0) -> PolicyNetwork:
    torch.manual_seed(seed)
    made = PolicyNetwork(recipe())
    torch.nn.init.normal_(made.last.weight)
    return made


def episodes(repeats: int = 3, workload: str = "top_35us") -> list[Episode]:
    drawn = fresh(workload, 30, 5)
    with ThreadPoolExecutor(2) as pool:
        return collect(network().arrays(), [drawn] * repeats, list(range(repeats)), pool)


def test_torch_and_numpy_embed_alike() -> None:
    for name in ("tops_50us", "mix6_50us"):
        graphs, made = task_graphs(load_workload(name).case), network()
        found = made.embeddings(GraphTensors.of(graphs)).detach().numpy()
        assert np.allclose(found, embeddings(made.arrays(), graphs), atol=1e-5)


def test_torch_prefers_what_the_engine_chose() -> None:
    made, episode = network(), episodes(1)[0]
    decisions = Decisions.of([episode], [np.zeros(len(episode.trace.pairs))])
    scores = (
        made(decisions.seen, decisions.task, made.embeddings(decisions.graphs)).detach().numpy()
        + episode.trace.noise
    )
    for first, pairs, chosen in zip(
        decisions.first, decisions.pairs, decisions.chosen, strict=True
    ):
        offered = scores[first : first + pairs]
        assert offered[chosen] >= offered.max() - 1e-4


def test_exploration_draws_from_the_softmax() -> None:
    """The first decision of many runs: always the same pairs."""
    made, drawn = network(), fresh("top_35us", 2, 5)
    with ThreadPoolExecutor(2) as pool:
        runs = collect(made.arrays(), [drawn] * 3000, list(range(3000)), pool)
    chosen = np.bincount([episode.trace.chosen[0] for episode in runs], minlength=3)
    decisions = Decisions.of([runs[0]], [np.zeros(len(runs[0].trace.pairs))])
    scores = made(decisions.seen[:3], decisions.task[:3], made.embeddings(decisions.graphs))
    expected = torch.softmax(scores, 0).detach().numpy()
    assert runs[0].trace.pairs[0] == 3
    assert np.abs(chosen / 3000 - expected).max() < 4 * np.sqrt(0.25 / 3000)


def test_log_probabilities_equal_those_of_each_decision_alone() -> None:
    made, episode = network(), episodes(1)[0]
    decisions = Decisions.of([episode], [np.zeros(len(episode.trace.pairs))])
    rows = np.arange(len(decisions))[::3]
    found, entropy = log_probabilities(made, decisions, rows)
    embedded = made.embeddings(decisions.graphs)
    for at, row in enumerate(rows):
        here = slice(decisions.first[row], decisions.first[row] + decisions.pairs[row])
        logs = torch.log_softmax(made(decisions.seen[here], decisions.task[here], embedded), 0)
        assert found[at].item() == pytest.approx(logs[decisions.chosen[row]].item(), abs=1e-4)
        assert entropy[at].item() == pytest.approx(-(logs.exp() * logs).sum().item(), abs=1e-4)
    found.sum().backward()
    assert all(parameter.grad is not None for parameter in made.parameters())
    assert made.read.weight.grad is not None
    assert made.read.weight.grad.abs().max() > 0


def slow_cost(run: Run, time: float, horizon: float) -> float:
    """By small steps."""
    steps = time + (np.arange(400_000) + 0.5) * (20 * horizon / 400_000)
    arrived = np.searchsorted(np.sort(run.jobs["arrival"]), steps, side="right")
    left = np.searchsorted(np.sort(run.jobs["completed"]), steps, side="right")
    return float(
        ((arrived - left) * np.exp(-(steps - time) / horizon)).sum() * (steps[1] - steps[0])
    )


def test_cost_to_go_is_the_discounted_integral_of_jobs_in_flight() -> None:
    run = episodes(1)[0].run
    for time in (0.0, 33.5, 700.0):
        found = cost_to_go(run, np.array([time]), 150.0)[0]
        assert found == pytest.approx(slow_cost(run, time, 150.0), rel=1e-3)
    everything = cost_to_go(run, np.zeros(1), 1e9)[0]
    assert everything == pytest.approx(latencies(run).sum(), rel=1e-4)


def test_advantages_favour_the_run_that_does_better() -> None:
    group = episodes(6)
    early = [found[:30].mean() for found in advantages([group], 400.0)]
    cost = [cost_to_go(episode.run, np.zeros(1), 400.0)[0] for episode in group]
    assert np.corrcoef(early, cost)[0, 1] < -0.8


def test_the_same_recipe_gives_the_same_policy_with_any_number_of_threads() -> None:
    one, _ = train(recipe(), threads=1)
    two, measured = train(recipe(), threads=2)
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert [found.iteration for found in measured] == [0, 1, 2]
    other, _ = train(recipe(seed=1), threads=2)
    assert any(not np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_training_lowers_latency() -> None:
    _, measured = train(recipe(iterations=6, groups=3, jobs=100, learning_rate=0.01))
    assert min(found.score for found in measured) < 0.87


@pytest.mark.parametrize("name", ["top3", "mix6"])
def test_shipped_recipes_are_those_of_the_shipped_policies(name: str) -> None:
    from archgym.cost_models.soc.schedule.policies import shipped_policies

    told = provenance_of(shipped_policies()[name])["recipe"]
    read = read_recipe_file(RECIPES / f"{name}.yaml", Recipe)
    assert told == read.model_dump(mode="json")


def test_wrong_recipes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\nworkloads: [top_50us]\nvalidation: [top_50us]\njobs: 1\n")
    with pytest.raises(SettingError, match=r"own\.yaml, jobs: .*greater than or equal to 2"):
        read_recipe_file(path, Recipe)
    path.write_text("name: own\nworkloads: [top_50us]\nvalidation: [top_50us]\nspeed: 1\n")
    with pytest.raises(SettingError, match="speed"):
        read_recipe_file(path, Recipe)
    with pytest.raises(SettingError, match="cannot be read"):
        read_recipe_file(tmp_path / "absent.yaml", Recipe)


@pytest.mark.slow
def test_the_command_writes_a_policy(tmp_path: Path) -> None:
    launch, output = tmp_path / "own.yaml", tmp_path / "own.npz"
    launch.write_text(
        "{name: own, workloads: [top_50us], validation: ['top_50us:jobs=20'],"
        " jobs: 10, groups: 1, repeats: 2, iterations: 1}"
    )
    command = [sys.executable, "-m", "archgym.experiments.schedule_policy", str(launch)]
    done = subprocess.run([*command, str(output)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "iteration    1" in done.stdout
    load_policy(output)
    launch.write_text("{name: own, workloads: [no_such], validation: [top_50us]}")
    refused = subprocess.run([*command, str(output)], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "no_such" in refused.stderr
    assert "Traceback" not in refused.stderr
