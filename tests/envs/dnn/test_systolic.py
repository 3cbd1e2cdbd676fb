"""The systolic environment as users meet it."""

from __future__ import annotations

import csv

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.envs.dnn.systolic import ENVIRONMENT
from archgym.errors import InvalidDesignError, SettingError, WorkloadError


def test_both_names_of_a_side_and_any_case_of_a_dataflow():
    problem = ENVIRONMENT.make_problem()
    names = problem.evaluate([{"array_rows": 16, "array_cols": 8, "dataflow": "os"}])
    aliases = problem.evaluate([{"rows": "16.0", "cols": 8, "dataflow": " OS "}])
    assert names.equals(aliases)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"dataflow": "xs"}, "'dataflow': 'xs' is not allowed"),
        ({"rows": 0}, "'array_rows': 0 is not allowed"),
        ({"array_cols": "2.5"}, "'array_cols': '2.5' is not allowed"),
        ({"height": 2}, "'height'"),
        ({"rows": 2, "array_rows": 2}, "given twice"),
        ({"cycle_model": "guess"}, "'cycle_model': 'guess'"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem().evaluate([design])


def test_one_table_may_hold_convolutions_and_products():
    text = "N,K,C,R,S,P,Q,stride,groups,gemm_m,gemm_n,gemm_k,rows\n"
    text += "1,8,8,3,3,5,5,1,8,,,,4\n,,,,,,,,,5,6,7,4\n"
    found = ENVIRONMENT.make_problem("columns").evaluate(list(csv.DictReader(text.splitlines())))
    assert found["macs"].tolist() == [8 * 9 * 25, 5 * 6 * 7]
    assert found["gemm_m"].tolist() == [None, 5]


def test_groups_are_searched_where_there_are_depthwise_layers():
    with_depthwise = ENVIRONMENT.make_problem("mobilenet_v1").space
    without = ENVIRONMENT.make_problem("resnet18").space
    assert with_depthwise.size == 6 * without.size


def test_a_limit_on_processing_elements():
    problem = ENVIRONMENT.make_problem("resnet18", "latency", max_pes=1024)
    found = problem.evaluate([{"rows": 32, "cols": 32}, {"rows": 64, "cols": 32}])
    assert found["status"].tolist() == ["ok", "infeasible"]
    assert "max_pes" in found["error"].iloc[1]
    drawn = problem.space.sample(np.random.default_rng(0), 200)
    assert (drawn["array_rows"] * drawn["array_cols"]).max() == 1024
    with pytest.raises(SettingError, match="max_pes"):
        ENVIRONMENT.make_problem("resnet18", max_pes=0)


def test_parameters_that_are_held():
    fixed = "array_rows=48, array_cols=64,dataflow=OS,cycle_model=analytic"
    problem = ENVIRONMENT.make_problem("mobilenet_v1", fixed=fixed)
    assert problem.space.size == 6
    (batch,) = problem.space.enumerate()
    assert {row["array_rows"] for row in batch.dicts()} == {48}
    assert {(row["dataflow"], row["cycle_model"]) for row in batch.dicts()} == {("os", "analytic")}
    found = problem.evaluate([{"rows": 16, "dataflow": "IS"}]).iloc[0]
    assert (found["array_rows"], found["dataflow"]) == (16, "is"), "tables may say otherwise"
    for text in ("height=2", "array_rows", "dataflow=xs", "array_rows=0"):
        with pytest.raises(SettingError, match="fixed"):
            ENVIRONMENT.make_problem(fixed=text)


@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
def test_every_objective_scores_every_design(objective):
    problem = ENVIRONMENT.make_problem("mobilenet_v2", objective)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 50))
    assert (outcomes.reward > 0).all()


def test_every_listed_workload_runs():
    for name in ENVIRONMENT.workloads:
        problem = ENVIRONMENT.make_problem(name)
        assert problem.outcomes(problem.space.default).labels() == ["ok"]


def test_layers_in_a_row_of_text():
    with pytest.raises(WorkloadError, match="R=0"):
        ENVIRONMENT.make_problem("conv:K=1,C=1,R=0,S=1,P=1,Q=1")


def test_the_gymnasium_environment():
    env = gymnasium.make("archgym/dnn.systolic-v0", workload="mobilenet_v1")
    check_env(env.unwrapped, skip_render_check=True)
    vector = gymnasium.make_vec("archgym/dnn.systolic-v0", num_envs=4)
    vector.reset(seed=0)
    rewards = vector.step(vector.action_space.sample())[1]
    assert (rewards > 0).all()
