"""The spread is split as it was made, and what cannot be rated is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from archgym.errors import StoreError
from archgym.results.leaderboard import Run
from archgym.results.lottery import lottery
from archgym.results.spec import TrialSpec
from archgym.results.store import State


def run_of(agent: str, configuration: int, problem: str, seed: int, reward: float) -> Run:
    spec = TrialSpec(
        env="toy",
        env_version=0,
        workload=problem,
        objective="latency",
        settings={},
        cost_model="distance",
        cost_model_version="1",
        agent=agent,
        agent_version="1",
        hyperparameters={"size": configuration},
        seed=seed,
        budget=10,
    )
    return Run(spec, State.DONE, {"best": {"reward": reward}})


def runs_of(
    rewards: Any, agents: int, configurations: int, problems: int, seeds: int
) -> list[Run]:
    places = itertools.product(*map(range, (agents, configurations, problems, seeds)))
    return [run_of(f"a{a}", c, f"p{p}", s, rewards[a, c, p, s]) for a, c, p, s in places]


def test_each_part_is_found_again() -> None:
    """Planted deviations 0.10, 0.05, 0.02; the first is estimated with an error of 16 %."""
    shape = agents, configurations, problems, _ = 40, 30, 3, 4
    rng = np.random.default_rng(0)
    share = (
        0.5
        + rng.normal(0, 0.10, (agents, 1, problems, 1))
        + rng.normal(0, 0.05, (agents, configurations, problems, 1))
        + rng.normal(0, 0.02, shape)
    )
    rewards = 1.0 + 0.3 * np.clip(share, 0.01, 0.99)
    rewards[0, 0, :, 0] = 1.3  # the best known
    found = lottery(runs_of(rewards, *shape))
    assert found.agent_deviation == pytest.approx(0.10, rel=0.3)
    assert found.configuration_deviation == pytest.approx(0.05, rel=0.1)
    assert found.seed_deviation == pytest.approx(0.02, rel=0.1)
    assert len(found.problems) == 3


def test_shares_are_of_the_possible_improvement() -> None:
    rewards = np.full((2, 5, 1, 2), 1.5)
    rewards[0, 0, 0] = 3.0
    rewards[1, 4, 0] = [0.2, -0.5]
    found = lottery(runs_of(rewards, *rewards.shape))
    rows = {row["agent"]: row for row in found.rows}
    assert rows["a0"]["best"] == 1.0
    assert rows["a0"]["median"] == rows["a1"]["median"] == 0.25
    assert rows["a1"]["worst"] == 0.0
    assert found.configuration_deviation > 0 == found.seed_deviation


def test_incomplete_configurations_are_left_out_and_counted() -> None:
    runs = runs_of(np.linspace(1.1, 2, 2 * 6 * 2 * 2).reshape(2, 6, 2, 2), 2, 6, 2, 2)
    found = lottery([*runs[:-1], run_of("random", 0, "p0", 0, 1.2)])
    assert found.incomplete == 2
    assert [len(agent.configurations) for agent in found.agents] == [5, 6]
    complete = [run_of("random", 0, p, s, 1.2) for p in ("p0", "p1") for s in (0, 1)]
    assert [other.agent for other in lottery([*runs, *complete]).others] == ["random"]


@pytest.mark.parametrize(
    ("shape", "reward", "says"),
    [
        ((2, 5, 1, 1), 2.0, "two seeds"),
        ((2, 4, 1, 2), 2.0, "5 configurations"),
        ((1, 5, 1, 2), 2.0, "two agents"),
        ((2, 5, 1, 2), 0.9, "beats the default design"),
    ],
)
def test_too_little_is_refused(shape: Any, reward: float, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        lottery(runs_of(np.full(shape, reward), *shape))
