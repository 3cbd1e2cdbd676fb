"""The environment of sparse training as users meet it."""

from __future__ import annotations

import csv

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.envs.dnn.sparse_train import ENVIRONMENT
from archgym.errors import InvalidDesignError, SettingError, UnknownNameError, WorkloadError


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"sparsity": "3:4"}, "'sparsity': '3:4' is not allowed .*2:16, 4:8, dense"),
        ({"forward_dataflow": "is"}, "'forward_dataflow': 'is' is not allowed"),
        ({"rows": 0}, "'array_rows': 0 is not allowed"),
        ({"interleave": 9}, "'interleave': 9 is not allowed"),
        ({"pregenerate": 2}, "'pregenerate': 2"),
        ({"bandwidth": 0}, "'bandwidth': 0"),
        ({"minibatch": 2}, "'minibatch'"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem().evaluate([design])


def test_a_table_with_a_layer_per_row():
    text = "N,K,C,R,S,P,Q,groups,gemm_m,gemm_n,gemm_k,forward_dataflow,rows\n"
    text += "1,8,8,3,3,5,5,8,,,,WS,4.0\n,,,,,,,,5,16,16,,4\n"
    problem = ENVIRONMENT.make_problem("columns", minibatch=1)
    found = problem.evaluate(list(csv.DictReader(text.splitlines())))
    assert found["macs"].tolist() == [3 * 8 * 9 * 25, 5 * 16 * 16 * 1.5]
    assert found["forward_dataflow"].tolist() == ["ws", "os"]


@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
def test_every_objective_scores_every_design(objective):
    problem = ENVIRONMENT.make_problem("mobilenet_v2", objective)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 50))
    feasible = np.array(outcomes.labels()) == "ok"
    assert feasible.any()
    assert (outcomes.reward[feasible] > 0).all()


def test_quality_limits_the_pattern():
    problem = ENVIRONMENT.make_problem("resnet18", "latency_at_quality")
    found = problem.evaluate([{"sparsity": word} for word in ("2:8", "2:16")])
    assert found["status"].tolist() == ["ok", "infeasible"]
    assert "kept_weight_energy" in found["error"].iloc[1]


def test_parameters_may_be_held():
    problem = ENVIRONMENT.make_problem("vgg16", fixed="sparsity=2:4,array_rows=64,interleave=1")
    drawn = problem.space.sample(np.random.default_rng(0), 50)
    for name, value in (("sparsity", "2:4"), ("array_rows", 64), ("interleave", 1)):
        assert set(drawn[name].tolist()) == {value}
    outcomes = problem.outcomes(drawn)
    assert set(outcomes.metrics["flop_ratio"].tolist()) == {2 / 3}
    assert problem.evaluate([{"sparsity": "dense"}])["flop_ratio"].tolist() == [1]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("minibatch", 0),
        ("accumulate_cycles", 0),
        ("clock_ghz", 0),
        ("max_pes", 0),
        ("minibatch", "x"),
    ],
)
def test_settings_must_make_sense(setting, value):
    with pytest.raises(SettingError, match=f"'{setting}'"):
        ENVIRONMENT.make_problem(**{setting: value})


def test_unknown_workloads_are_refused():
    with pytest.raises(UnknownNameError, match="resnet18"):
        ENVIRONMENT.make_problem("resnet19")
    with pytest.raises(WorkloadError, match="K=0"):
        ENVIRONMENT.make_problem("gemm:M=1,N=1,K=0")


def test_the_gymnasium_environment():
    env = gymnasium.make("archgym/dnn.sparse_train-v0", workload="alexnet")
    check_env(env.unwrapped, skip_render_check=True)
    vector = gymnasium.make_vec("archgym/dnn.sparse_train-v0", num_envs=4)
    vector.reset(seed=0)
    rewards = vector.step(vector.action_space.sample())[1]
    assert (rewards > 0).all()
