"""Configurations are drawn from what launches and agents declare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from archgym.errors import LaunchError
from archgym.experiments.hyperparameter_search import domains_of, draw, grid
from archgym.experiments.proposals import propose_tpe
from archgym.registry import agents
from tests.experiments.odd_agents import FickleAgent, PlainAgent

GENETIC = agents.get("genetic")


def test_without_a_search_all_declared_ranges_are_searched() -> None:
    domains = domains_of(GENETIC, {}, {"population": [16]})
    assert set(domains) == {"mutation_rate", "crossover", "crossover_rate", "tournament"}
    for configuration in draw(domains, 50):
        assert GENETIC.check(configuration)["crossover"] == configuration["crossover"]


def test_more_draws_begin_with_the_same_ones() -> None:
    domains = domains_of(GENETIC, {}, {})
    assert draw(domains, 9)[:4] == draw(domains, 4)
    assert draw(domains, 4, seed=1) != draw(domains, 4)


def test_whole_numbers_are_uniform_on_their_scale() -> None:
    """Chi-square over 8,000 draws; a right sampler fails one in a million seeds."""
    for log in (False, True):
        search = {"population": {"low": 2, "high": 9, "log": log}}
        drawn = [c["population"] for c in draw(domains_of(GENETIC, search, {}), 8000)]
        ends = np.arange(1.5, 10) if not log else np.log(np.arange(1.5, 10))
        expected = 8000 * np.diff(ends) / (ends[-1] - ends[0])
        seen = np.bincount(drawn, minlength=10)[2:]
        assert ((seen - expected) ** 2 / expected).sum() < chi2.isf(1e-6, 7)


def test_numbers_are_uniform_on_a_logarithmic_scale() -> None:
    """Mean of 4,000 uniform logarithms: six standard deviations are 0.19."""
    search = {"mutation_rate": {"low": 0.001, "high": 1.0}}
    drawn = [c["mutation_rate"] for c in draw(domains_of(GENETIC, search, {}), 4000)]
    assert np.log(drawn).mean() == pytest.approx(math.log(0.001) / 2, abs=0.19)
    assert min(drawn) >= 0.001
    assert max(drawn) <= 1.0


def test_a_grid_holds_all_combinations() -> None:
    search = {"population": [4, 8, 16], "mutation_rate": [None, 0.1]}
    found = list(grid(domains_of(GENETIC, search, {})))
    assert len(found) == 6
    assert found[1] == {"population": 4, "mutation_rate": 0.1}


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"popul": [3]}, "search.popul: .* did you mean 'population'"),
        ({"population": {"low": 4}}, "search.population: a range needs low and high"),
        ({"population": {"low": 9, "high": 4}}, "low must be less than high"),
        ({"population": {"low": 4, "high": 10**6}}, "1000000 is not allowed"),
        ({"population": {"low": 4, "high": 8, "step": 2}}, "unknown key of a range 'step'"),
        ({"population": {"low": 4, "high": 8, "log": 1}}, "log is true or false"),
        ({"crossover_rate": {"low": 0, "high": 1, "log": True}}, "above 0 where log"),
        ({"crossover": {"low": 1, "high": 2}}, "takes a list of values, not a range"),
        ({"population": [4, 4]}, "distinct"),
        ({"population": []}, "distinct"),
    ],
)
def test_a_wrong_domain_is_refused(search: dict[str, Any], says: str) -> None:
    with pytest.raises(LaunchError, match=says):
        domains_of(GENETIC, search, {})


def test_what_is_fixed_cannot_be_searched() -> None:
    with pytest.raises(LaunchError, match="stands in hyperparameters too"):
        domains_of(GENETIC, {"population": [4]}, {"population": [8]})
    with pytest.raises(LaunchError, match="no hyper-parameter left to search"):
        domains_of(FickleAgent, {}, {})


def test_a_grid_of_a_range_is_refused() -> None:
    with pytest.raises(LaunchError, match=r"search\.pause_s: a grid needs a list"):
        list(grid(domains_of(PlainAgent, {}, {})))


def test_tpe_finds_better_configurations_than_it_began_with() -> None:
    """Random ones have mean 0.6 and deviation 0.27, so 20 of them 0.42 in 1 of 700 cases."""
    search = {"population": {"low": 2, "high": 200}, "crossover_rate": {"low": 0.0, "high": 1.0}}
    proposals = propose_tpe(domains_of(GENETIC, search, {}), 40, 4)
    asked, distances = next(proposals), []
    while asked:
        far = [abs(c["population"] - 60) / 200 + abs(c["crossover_rate"] - 0.3) for c in asked]
        distances += far
        try:
            asked = proposals.send([-distance for distance in far])
        except StopIteration:
            asked = []
    assert len(distances) == 40
    assert np.mean(distances[-20:]) < 0.42
