"""Wishes and the mappings that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.dnn.mapping.columns import BOUND_COLUMNS
from archgym.envs.dnn.mapping import ENVIRONMENT
from archgym.envs.dnn.mapping_space import divisors

LAYERS = (
    "resnet18/conv2_x",
    "resnet18/conv1",
    "resnet18/conv5_x",
    "mobilenet_v1/pw7",
    "bert_base_512/ffn1",
    "conv:K=1,C=1,R=1,S=1,P=1,Q=1",
    "conv:N=3,K=12,C=8,R=3,S=3,P=10,Q=10,stride=3",
)


def as_exact(problem, batch):
    """The designs' mappings as tables give them."""
    rows = []
    for row in range(len(batch)):
        table = problem.cost_model.detail(batch.select([row]), problem.workload)["mapping"]
        rows.append({name: values[0] for name, values in table.items()})
    return rows


@pytest.mark.parametrize("layer", LAYERS)
def test_random_designs_are_feasible(layer):
    problem = ENVIRONMENT.make_problem(layer)
    batch = problem.space.sample(np.random.default_rng(1), 2_000)
    assert set(problem.outcomes(batch).labels()) == {"ok"}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("machine", [{}, {"num_pes": 13, "rf_words": 40, "glb_words": 900}])
def test_a_wish_costs_what_its_mapping_costs(layer, machine):
    problem = ENVIRONMENT.make_problem(layer, **machine)
    batch = problem.space.sample(np.random.default_rng(2), 30)
    wished = problem.outcomes(batch)
    exact = problem.evaluate(as_exact(problem, batch))
    assert set(exact["status"]) == {"ok"}
    for name in problem.metric_names:
        assert exact[name].tolist() == wished.metrics[name].tolist()


def test_a_legal_mapping_is_its_own_wish():
    problem = ENVIRONMENT.make_problem("resnet18/conv1")
    exact = as_exact(problem, problem.space.sample(np.random.default_rng(3), 200))
    again = as_exact(problem, problem.space.encode([row | {"bounds": "fitted"} for row in exact]))
    for one, two in zip(exact, again, strict=True):
        assert {n: one[n] for n in BOUND_COLUMNS} == {n: two[n] for n in BOUND_COLUMNS}


def test_random_designs_differ():
    problem = ENVIRONMENT.make_problem("resnet18/conv2_x")
    mappings = as_exact(problem, problem.space.sample(np.random.default_rng(4), 500))
    assert len({tuple(row.values()) for row in mappings}) == 500


def test_wishes_between_divisors_are_rounded_down():
    problem = ENVIRONMENT.make_problem("conv:K=12,C=1,R=1,S=1,P=1,Q=1")
    wish = {"bounds": "fitted", "rf_K": 5, "sp_K": 1000, "dram_K": 77}
    mapping = as_exact(problem, problem.space.encode([wish]))[0]
    assert [mapping[f"{level}_K"] for level in ("dram", "glb", "sp", "rf")] == [1, 1, 3, 4]


def test_wishes_are_granted_in_the_order_of_the_loops():
    problem = ENVIRONMENT.make_problem("conv:K=16,C=16,R=1,S=1,P=1,Q=1", num_pes=16)
    wish = {"bounds": "fitted", "sp_K": 8, "sp_C": 8}
    rows = [wish | {"sp_order": order} for order in ("KCNPQRS", "CKNPQRS")]
    mappings = as_exact(problem, problem.space.encode(rows))
    assert [(m["sp_K"], m["sp_C"]) for m in mappings] == [(8, 2), (2, 8)]


def test_a_machine_too_small_for_any_mapping():
    problem = ENVIRONMENT.make_problem("resnet18/conv2_x")
    found = problem.evaluate([{"bounds": "fitted", "rf_words": 2}]).iloc[0]
    assert found["status"] == "infeasible"
    assert found["error"].startswith("rf_capacity")


@settings(max_examples=50)
@given(st.integers(1, 20_000))
def test_divisors(number):
    assert divisors(number) == tuple(d for d in range(1, number + 1) if number % d == 0)
