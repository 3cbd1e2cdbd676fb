"""Optimisers optimise.

Each is compared with random search by a one-sided Welch test over twelve seeds: an agent that is
no better than random passes with a probability of at most 0.001. Seeds are fixed, so the verdict
is the same each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_ind

from archgym.registry import make_agent
from tests.agents.searches import AGENTS, BLIND, QUICK, codes_of, records_of, rewards_of
from tests.toys import toy_problem

LEVEL = 0.001
SEEDS = range(12)
BUDGETS = {
    "tpe": 80,
    "ppo": 400,
    "nsga3": 600,
    "gp": 20,
    "smac": 50,
    "turbo": 32,
    "qnehvi": 24,
    "boils": 60,
    "insight": 40,
    "active_learning": 40,
    "multi_fidelity": 20,
}
# Shortened deliberation; the others are tested as users meet them.
HURRIED: dict[str, dict[str, Any]] = {
    "smac": {"candidates": 300, "local_searches": 4, "random_share": 0.1},
    "turbo": QUICK["turbo"],
    "qnehvi": QUICK["qnehvi"],
    "insight": QUICK["insight"] | {"steps": 60, "generations": 4},
    "active_learning": QUICK["active_learning"] | {"generations": 4, "draws": 8},
    "multi_fidelity": QUICK["multi_fidelity"] | {"batch_size": 2},
}
LONG = dict.fromkeys(
    ("active_learning", "insight", "multi_fidelity", "smac", "sac"), pytest.mark.extended
)  # train between evaluations
OPTIMISERS = [name for name in AGENTS if name not in BLIND]


def best_rewards(name: str, budget: int) -> list[float]:
    problem = toy_problem("toy.flat", parameters=6)
    agents = [make_agent(name, problem, seed, **HURRIED.get(name, {})) for seed in SEEDS]
    return [float(rewards_of(records_of(agent, budget)).max()) for agent in agents]


# Where an agent finds the optimum with every seed, its results are all alike.
@pytest.mark.filterwarnings("ignore:Precision loss")
@pytest.mark.parametrize("name", [pytest.param(n, marks=LONG.get(n, ())) for n in OPTIMISERS])
def test_beats_random_search_on_a_separable_problem(name):
    budget = BUDGETS.get(name, 300)
    own, random = best_rewards(name, budget), best_rewards("random", budget)
    verdict = ttest_ind(own, random, equal_var=False, alternative="greater")
    assert verdict.pvalue < LEVEL, f"{name} {np.mean(own):.3f}, random {np.mean(random):.3f}"


@pytest.mark.parametrize("name", ["nsga2", "nsga3"])
def test_a_whole_front_is_found(name):
    """441 designs, 21 of them on the front; random search finds about 9 of them."""
    problem = toy_problem("toy.front", objective="tradeoff")
    codes = codes_of(records_of(make_agent(name, problem, population=24), 240))
    assert len({trade for trade, waste in codes.tolist() if waste == 0}) >= 19


@pytest.mark.slow
@pytest.mark.parametrize(
    ("toy", "hyperparameters"),
    [
        ("toy.flat", {}),
        ("toy.flat", {"action": "box"}),
        ("toy.words", {}),
        ("toy", {"style": "sequential"}),
    ],
)
def test_ppo_solves_a_bandit_for_most_seeds(toy, hyperparameters):
    """The policy itself, not a lucky draw: the mean reward of its last hundred designs."""
    settings = {"parameters": 3, "values": 8} if toy == "toy.flat" else {}
    problem = toy_problem(toy, **settings)
    drawn = problem.outcomes(problem.space.sample(np.random.default_rng(0), 2000)).reward
    wanted = drawn.mean() + 0.5 * (drawn.max() - drawn.mean())
    solved = 0
    for seed in range(3):
        rewards = rewards_of(records_of(make_agent("ppo", problem, seed, **hyperparameters), 2000))
        solved += rewards[-100:].mean() > wanted
    assert solved >= 2


def test_ppo_evaluates_a_whole_rollout_in_one_call():
    agent = make_agent("ppo", toy_problem("toy.flat"), rollout=24)
    sizes = [len(record.batch) for record in records_of(agent, 100)]
    assert sizes == [8, 16, 24, 24, 24, 4]


def test_ppo_derives_its_rhythm_from_the_budget():
    problem = toy_problem("toy.flat")
    for budget, size in ((100, 16), (800, 25), (100_000, 64)):
        assert make_agent("ppo", problem).rhythm(budget) == (size, 1)
    assert make_agent("ppo", problem, rollout=64, n_envs=16).rhythm(1000) == (16, 4)


def test_ppo_builds_designs_axis_by_axis_that_obey_constraints():
    agent = make_agent("ppo", toy_problem(), style="sequential", rollout=8)
    records = records_of(agent, 50)
    assert len(codes_of(records)) == 50
    assert all(agent.space.valid(record.batch).all() for record in records)
