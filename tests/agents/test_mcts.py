"""Tree search: its parts by hand, and what it does on small spaces that are known completely."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np
import pytest

from archgym import Categorical, Constraint, Integer, Real
from archgym.agents.mcts import MctsAgent
from archgym.agents.search_tree import Node, Scale, close, learn, visit
from tests.agents.searches import codes_of, problem_of, records_of, rewards_of
from tests.toys import toy_problem

UNIT = Scale(0.0, 1.0)
PART = (np.zeros(1),)


def node(*prior: float) -> Node:
    return Node(PART, np.arange(len(prior)), np.array(prior))


def test_the_scale_ends_at_the_best_and_ignores_failures() -> None:
    rewards = np.array([-1.0, *range(10)])
    scale = Scale.of(rewards, 0.1)
    assert scale(np.array([-1.0, 0.0, 4.5, 9.0])).tolist() == [0.0, 0.0, 0.5, 1.0]
    assert Scale.of(np.ones(3), 0.1)(np.ones(3)).tolist() == [0.0] * 3


def test_selection_is_puct() -> None:
    """Values 0 and 1 were tried thrice and once; the third stands at the mean of the others."""
    parent = node(0.2, 0.3, 0.5)
    for at, reward in ((0, 0.6), (0, 0.9), (0, 0.3), (1, 0.8)):
        visit([(parent, at)], 0.0)
        learn([(parent, at)], reward, 0.0)
    assert parent.visits.tolist() == [3, 1, 0]
    assert parent.best.tolist()[:2] == [0.9, 0.8]
    root = math.sqrt(5.0)
    for exploration, greed in ((0.01, 0.0), (0.01, 1.0), (0.5, 0.5), (2.0, 0.0)):
        worth = [0.6 + greed * 0.3, 0.8]
        worth.append(sum(worth) / 2)
        bonus = [exploration * p * root / (1 + n) for p, n in ((0.2, 3), (0.3, 1), (0.5, 0))]
        wanted = int(np.argmax(np.add(worth, bonus)))
        assert parent.select(UNIT, exploration, greed, 10.0) == wanted


def test_a_path_that_waits_for_its_reward_counts_as_a_low_one() -> None:
    parent = node(0.5, 0.5)
    visit([(parent, 0)], 0.25)
    assert (parent.visits[0], parent.total[0]) == (1, 0.25)
    learn([(parent, 0)], 0.75, 0.25)
    assert (parent.total[0], parent.best[0]) == (0.75, 0.75)


@pytest.mark.parametrize(("visits", "admitted"), [(0, 1), (3, 2), (8, 3), (99, 10)])
def test_widening_admits_values_with_the_root_of_visits(visits: int, admitted: int) -> None:
    parent = node(*[0.05] * 20)
    parent.visits[0] = visits
    seen = set()
    for _ in range(20):
        at = parent.select(UNIT, 1e6, 0.0, 1.0)
        seen.add(at)
        parent.prior[at] = 0.0
    assert seen == set(range(admitted))


def test_closing_rises_only_through_what_is_exhausted() -> None:
    root, left = node(0.5, 0.5), node(0.5, 0.5)
    close([(root, 0), (left, 0)])
    assert (left.closed.tolist(), root.closed.tolist()) == ([True, False], [False, False])
    close([(root, 0), (left, 1)])
    assert (left.is_exhausted, root.closed.tolist()) == (True, [True, False])


@pytest.mark.parametrize(("toy", "count"), [("toy", 399), ("toy.words", 360)])
@pytest.mark.parametrize("batch", [1, 8])
def test_evaluates_every_design_of_a_small_space_once_and_stops(toy, count, batch) -> None:
    problem = toy_problem(toy)
    records = records_of(MctsAgent(problem, 0, batch=batch), 1000)
    keys = list(chain.from_iterable(record.batch.keys() for record in records))
    assert len(keys) == len(set(keys)) == count
    assert all(problem.space.valid(record.batch).all() for record in records)


class Knowing(MctsAgent):
    """Expects the workload's optimum."""

    def prior(self, partial: Any) -> Any:
        wanted = np.zeros(partial.allowed.shape[1]) + 1e-3
        wanted[1 + partial.columns[0] % 3] = 1.0
        return wanted

    def rollout_weights(self, partial: Any) -> Any:
        weights = np.zeros(partial.allowed.shape) + 1e-9
        weights[np.arange(len(weights)), 1 + partial.columns % 3] = 1.0
        return weights


def test_a_prior_leads_the_search() -> None:
    """The optimum of the flat toy is 1 + i mod 3 along axis i."""
    problem = toy_problem("toy.flat", parameters=6)
    codes = codes_of(records_of(Knowing(problem, 0, batch=1), 1))
    assert codes.tolist() == [[1, 2, 3, 1, 2, 3]]


def test_rollouts_follow_the_values_of_the_best_designs() -> None:
    problem = problem_of(
        *[Categorical(name, tuple(range(4))) for name in "ab"],
        function=lambda batch: 1.0 + (batch["a"] == 2) + (batch["b"] == 1),
    )
    agent = MctsAgent(problem, 0, mixing=0.2, elite=0.001)
    records_of(agent, 16)
    elite = agent._elite_codes
    assert len(elite) == 8
    for column in (0, 1):
        shares = [0.05 + 0.8 * np.mean(elite[:, column] == value) for value in range(4)]
        assert agent._weights[column] == pytest.approx(shares)


def test_real_values_are_drawn_around_levels_within_constraints() -> None:
    problem = problem_of(
        Real("x", 0.0, 1.0),
        Integer("n", 1, 4),
        constraints=[
            Constraint("small", ("x", "n"), lambda c: c["x"] * c["n"] <= 2.0, "x n <= 2")
        ],
    )
    codes = codes_of(records_of(MctsAgent(problem, 0), 200))
    assert len(np.unique(codes[:, 0])) > 180
    assert (codes[:, 0] * (codes[:, 1] + 1) <= 2.0).all()


def test_builds_long_orders_better_than_drawing_them() -> None:
    problem = toy_problem("toy.words")
    ends = [rewards_of(records_of(MctsAgent(problem, s, batch=4), 60)).max() for s in range(5)]
    drawn = problem.outcomes(problem.space.sample(np.random.default_rng(0), 60)).reward.max()
    assert np.mean(ends) >= drawn
