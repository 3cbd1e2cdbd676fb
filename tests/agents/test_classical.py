"""Grid and Sobol spread, neighbours are near, pheromone follows the best, walks remember."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.agents.losses import log_losses
from archgym.agents.neighbours import Neighbourhood, digits_of, order_of
from archgym.agents.nsga3 import partitions
from archgym.batch import Batch
from archgym.registry import make_agent
from archgym.scalar_parameters import Categorical, Integer, Real
from archgym.space import DesignSpace
from archgym.word_parameters import Permutation
from tests.agents.searches import codes_of, problem_of, records_of, rewards_of
from tests.toys import toy_problem


def search(name, problem, budget, seed=0, **hyperparameters):
    return records_of(make_agent(name, problem, seed, **hyperparameters), budget)


# -- grid and Sobol ------------------------------------------------------------------------------


@pytest.mark.parametrize("toy", ["toy", "toy.words"])
def test_grid_walks_a_space_that_fits_the_budget_in_order_and_stops(toy):
    problem = toy_problem(toy)
    whole = np.concatenate([batch.codes for batch in problem.space.enumerate()])
    found = Batch(problem.space, codes_of(search("grid", problem, 1000)))
    assert found.keys() == Batch(problem.space, whole).keys()


def test_grid_spreads_over_a_space_that_is_too_large():
    """Each of 16 values of 10 axes about equally often; the first corner would be one value."""
    codes = codes_of(search("grid", toy_problem("toy.flat", parameters=10), 1600))
    assert len(np.unique(codes, axis=0)) == 1600
    for column in codes.T:
        counts = np.bincount(column, minlength=16)
        assert counts.min() >= 90
        assert counts.max() <= 110


def test_grid_of_continuous_axes_fits_the_budget_and_reaches_both_ends():
    problem = problem_of(Real("x", 0.0, 1.0), Real("y", 1.0, 1e4, log=True))
    codes = codes_of(search("grid", problem, 25))
    assert np.unique(codes[:, 0]) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    assert np.unique(codes[:, 1]) == pytest.approx([1.0, 10.0, 100.0, 1e3, 1e4])


def test_grid_refines_with_what_is_left_of_the_budget():
    codes = codes_of(search("grid", problem_of(Real("x", 0.0, 1.0), Integer("k", 0, 2)), 20))
    assert len(np.unique(codes, axis=0)) == 20


def test_sobol_is_more_even_than_chance_and_never_repeats():
    problem = toy_problem("toy.flat", parameters=4)
    sobol, random = (codes_of(search(name, problem, 1024)) for name in ("sobol", "random"))
    assert len(np.unique(sobol, axis=0)) == 1024

    def unevenness(codes):
        return sum(np.bincount(column, minlength=16).var() for column in codes.T)

    assert unevenness(sobol) < unevenness(random) / 10


def test_sobol_finds_every_valid_design_of_a_small_space():
    assert len(codes_of(search("sobol", toy_problem(), 1000))) == 399


# -- neighbours ----------------------------------------------------------------------------------


def neighbours(space, codes, count):
    return Neighbourhood(space, np.random.default_rng(0)).draw([codes] * count)


@pytest.mark.parametrize("toy", ["toy", "toy.real", "toy.flat"])
def test_a_neighbour_differs_in_one_axis_has_an_effect_and_is_valid(toy):
    space = toy_problem(toy).space
    batch = space.sample(np.random.default_rng(1), 300)
    moved = Neighbourhood(space, np.random.default_rng(2)).draw(batch.codes.tolist())
    assert ((moved != batch.codes).sum(axis=1) == 1).all()
    assert (space.canonical(moved) != space.canonical(batch.codes)).any(axis=1).all()
    assert space.valid(Batch(space, moved)).all()


def test_near_values_are_likelier_and_all_are_reached():
    space = DesignSpace([Integer("x", 0, 20)])
    counts = np.bincount(np.abs(neighbours(space, [10], 4000)[:, 0] - 10), minlength=11)
    assert counts[0] == 0
    assert counts[1] > counts[2] > counts[4] > counts[8]
    assert set(neighbours(space, [0], 4000)[:, 0]) == set(range(1, 21))
    other = DesignSpace([Categorical("c", tuple("abcde"))])
    counts = np.bincount(neighbours(other, [2], 4000)[:, 0], minlength=5)
    assert counts[2] == 0
    assert counts[[0, 1, 3, 4]] == pytest.approx(1000, abs=150)


def test_one_item_of_a_permutation_moves():
    items = tuple("abcde")
    space = DesignSpace([Permutation("p", items)])
    moved = neighbours(space, [0, 0, 0, 0, 0], 2000)
    orders = {"".join(order) for order in space["p"].decode(moved)}
    expected = set()
    for start in range(5):
        for end in range(5):
            rest = [item for item in items if item != items[start]]
            rest.insert(end, items[start])
            expected.add("".join(rest))
    assert orders == expected - {"abcde"}


def test_lehmer_digits_and_orders_are_inverse():
    rng = np.random.default_rng(0)
    for size in (1, 2, 7):
        order = rng.permutation(size).tolist()
        assert order_of(digits_of(order)) == order
        parameter = Permutation("p", tuple(range(size)))
        assert parameter.decode(np.array([digits_of(order)]))[0] == tuple(order)


# -- losses, pheromone, walks --------------------------------------------------------------------


def test_losses_keep_the_order_of_rewards_and_feasible_ones_stay_apart():
    rewards = np.array([1e300, 2.0, 1.0, 1e-300, -0.1, -0.5, -1.0])
    losses = log_losses(rewards)
    assert (np.diff(losses) > 0).all()
    assert log_losses(rewards[:3]) == pytest.approx(losses[:3])


def test_pheromone_stays_a_distribution_and_gathers_on_the_best():
    agent = make_agent("ant_colony", toy_problem("toy.flat", parameters=5))
    records_of(agent, 400)
    assert agent._pheromone.sum(axis=1) == pytest.approx(np.ones(5))
    assert (agent._pheromone >= 0).all()
    assert (agent._pheromone.argmax(axis=1) == agent._elite[0]).mean() >= 0.8


def test_with_full_evaporation_only_the_elite_leaves_pheromone():
    agent = make_agent("ant_colony", toy_problem("toy.flat"), evaporation=1.0, elite=1)
    records_of(agent, 64)
    assert (agent._pheromone.max(axis=1) == 1.0).all()


@pytest.mark.parametrize(
    "name", ["hill_climbing", "simulated_annealing", "differential_evolution", "cma_es"]
)
def test_no_design_is_asked_for_twice_though_methods_come_back_to_it(name):
    codes = codes_of(search(name, problem_of(Integer("x", 0, 9), Integer("y", 0, 9)), 90))
    assert len(np.unique(codes, axis=0)) == len(codes) == 90


def test_climbers_begin_anew_when_stuck_and_find_the_higher_hill():
    """Two hills over 400 values; the lower one is three times as broad."""

    def hills(batch):
        x = batch["x"]
        return np.maximum(150.0 - np.abs(x - 150), 160.0 - 4 * np.abs(x - 350)).clip(1)

    problem = problem_of(Integer("x", 0, 399), function=hills)
    for seed in range(5):
        found = rewards_of(search("hill_climbing", problem, 300, seed, climbers=1, patience=20))
        assert found.max() == pytest.approx(
            problem.outcomes(problem.space.encode({"x": 350})).reward[0]
        )


def test_annealing_cools_with_the_budget():
    agent = make_agent("simulated_annealing", toy_problem("toy.flat"))
    agent.plan(400)
    assert agent.batch_size == 4
    temperatures = []
    for _ in range(99):
        batch = agent.ask(4)
        agent.tell(batch, agent.problem.outcomes(batch))
        temperatures.append(agent._temperature)
    assert temperatures[-1] < temperatures[60] < temperatures[30]
    assert agent._unit > 0


def test_reference_directions_are_as_many_as_allowed():
    assert [partitions(2, 10), partitions(3, 91), partitions(3, 90)] == [9, 12, 11]
