"""The dataflow environment as users meet it."""

from __future__ import annotations

import csv

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.envs.dnn.dataflow import ENVIRONMENT
from archgym.errors import InvalidDesignError, SettingError


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"dataflow": "xs"}, "'dataflow': 'xs' is not allowed"),
        ({"num_pes": 0}, "'num_pes': 0 is not allowed"),
        ({"noc_bw": "2.5"}, "'noc_bw': '2.5' is not allowed"),
        ({"height": 2}, "'height'"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem().evaluate([design])


def test_a_table_with_a_layer_per_row_blank_cells_and_any_case():
    text = "N,K,C,R,S,P,Q,groups,gemm_m,gemm_n,gemm_k,dataflow,num_pes\n"
    text += "1,8,8,3,3,5,5,8,,,,RS,64.0\n,,,,,,,,5,6,7,,64\n"
    found = ENVIRONMENT.make_problem("columns").evaluate(list(csv.DictReader(text.splitlines())))
    assert found["macs"].tolist() == [8 * 9 * 25, 5 * 6 * 7]
    assert found["dataflow"].tolist() == ["rs", "kcp_ws"]


def test_clusters_are_no_larger_than_the_array():
    designs = [{"dataflow": word, "num_pes": 1} for word in ("kcp_ws", "yxp_os", "xp_ws", "rs")]
    found = ENVIRONMENT.make_problem("alexnet").evaluate(designs)
    assert (found["runtime_cycles"] >= found["macs"]).all()
    assert (found["status"] == "ok").all()


@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
def test_every_objective_scores_every_design(objective):
    problem = ENVIRONMENT.make_problem("mobilenet_v2", objective)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 50))
    assert (outcomes.reward > 0).all()


def test_every_listed_workload_runs():
    for name in ENVIRONMENT.workloads:
        problem = ENVIRONMENT.make_problem(name)
        assert problem.outcomes(problem.space.default).labels() == ["ok"]


def test_settings_must_make_sense():
    with pytest.raises(SettingError, match="'e_l2_pj'"):
        ENVIRONMENT.make_problem(e_l2_pj=-1)


def test_the_gymnasium_environment():
    env = gymnasium.make("archgym/dnn.dataflow-v0", workload="mobilenet_v1")
    check_env(env.unwrapped, skip_render_check=True)
    vector = gymnasium.make_vec("archgym/dnn.dataflow-v0", num_envs=4)
    vector.reset(seed=0)
    rewards = vector.step(vector.action_space.sample())[1]
    assert (rewards > 0).all()
