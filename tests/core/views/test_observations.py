"""Observations are finite and within their bounds, whatever the cost model says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym import CostModel, Metric
from archgym.outcome import Measurements
from archgym.views.observations import DesignFeatures, MetricFeatures, OutcomeFeatures
from tests.core.views.cases import IDS, problem_of
from tests.toys import TOYS, toy_problem

SIGNED = Metric("slack_ns", "ns", "maximize", signed=True)
PLAIN = Metric("latency_ns", "ns", "minimize")


class Given(CostModel):
    """Says -2 ns and 10 ns of the default design."""

    name, version, metrics = "given", "1", (SIGNED, PLAIN)

    def evaluate(self, batch, workload):
        return Measurements.of({"slack_ns": -2.0 + 0 * batch.codes[:, 0], "latency_ns": [10.0]})


GIVEN = toy_problem("toy.front", cost_model=Given(), objective={"minimize": "latency_ns"})


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_any_number_becomes_a_bounded_feature(values) -> None:
    features = MetricFeatures(GIVEN)
    seen = features(Measurements.of({"slack_ns": values, "latency_ns": values}))
    assert seen.shape == (len(values), 2)
    assert np.isfinite(seen).all()
    assert (np.abs(seen) <= 1).all()


def test_metrics_compare_with_the_default_design() -> None:
    measured = Measurements.of({"slack_ns": [-2, 0, np.nan], "latency_ns": [10, 20, 5]})
    slack, latency = MetricFeatures(GIVEN)(measured).T
    assert slack == pytest.approx([0, 0.5, 0])
    assert latency == pytest.approx([0, 0.386, -0.386], abs=1e-3)


@pytest.mark.parametrize("name", IDS)
def test_observations_of_random_designs_lie_within_their_bounds(name: str) -> None:
    problem = problem_of(name)
    features = OutcomeFeatures(problem)
    batch = problem.space.sample(np.random.default_rng(0), 64 if name in TOYS else 4)
    seen = features(batch.codes, problem.outcomes(batch))
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()
    assert (seen >= features.low).all()
    assert (seen <= features.high).all()
    assert len(np.unique(seen, axis=0)) > 1
    assert len(features.owners) == features.size == seen.shape[1]


def test_failures_are_seen_as_status_without_metrics() -> None:
    problem = toy_problem("toy.failing")
    batch = problem.space.encode([{"behaviour": b} for b in ("fine", "raises", "nan")])
    seen = OutcomeFeatures(problem)(batch.codes, problem.outcomes(batch))
    assert seen[:, 4:].tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    assert seen[1, 2:4].tolist() == [0, 0]


def test_activity_is_seen() -> None:
    space = toy_problem().space
    features = DesignFeatures(space)
    assert features.owners[-1] == "cache_ways"
    seen = features(space.encode([{"cache": "none"}, {"cache": "large"}]).codes)
    assert seen[:, -1].tolist() == [0, 1]
