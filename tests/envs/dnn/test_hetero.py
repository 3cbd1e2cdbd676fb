"""The environment of networks and chips as users meet it."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.envs.dnn.hetero import ENVIRONMENT
from archgym.errors import InvalidDesignError, SettingError, UnknownNameError


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"subs": 4}, "'subs': 4 is not allowed"),
        ({"sub1_dataflow": "xp_ws"}, "'sub1_dataflow': 'xp_ws'"),
        ({"net1_stem": 7}, "'net1_stem': 7 is not allowed"),
        ({"net2_width": 7}, "'net2_width'"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem().evaluate([design])


def test_totals_over_the_sub_accelerators_that_there_are():
    large = {"sub1_pes": 2048, "sub2_pes": 2048, "sub3_pes": 2048}
    wide = {"sub1_bw": 48, "sub2_bw": 32}
    problem = ENVIRONMENT.make_problem("w1", "accuracy")
    found = problem.evaluate([large, large | {"subs": 3}, wide])
    assert found["status"].tolist() == ["ok", "infeasible", "infeasible"]
    assert "total_pes" in found["error"].iloc[1]
    assert "total_bw" in found["error"].iloc[2]


def test_parameters_may_be_held():
    problem = ENVIRONMENT.make_problem("w1", fixed="subs=1, sub1_dataflow=rs,net1_stem=64")
    drawn = problem.space.sample(np.random.default_rng(0), 100)
    assert set(drawn["subs"].tolist()) == {1}
    assert set(drawn["sub1_dataflow"].tolist()) == {"rs"}
    assert set(drawn["net1_stem"].tolist()) == {64}
    assert problem.space.default.dicts()[0]["net1_stem"] == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [("sub9_pes=3", "sub9_pes=3"), ("subs", "NAME=VALUE"), ("subs=4", "'subs': '4'")],
)
def test_badly_held_parameters_are_refused(text, message):
    with pytest.raises(SettingError, match=message):
        ENVIRONMENT.make_problem(fixed=text)


def test_unknown_tasks_are_refused():
    with pytest.raises(UnknownNameError, match="set of tasks"):
        ENVIRONMENT.make_problem("w4")


@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
@pytest.mark.parametrize("workload", ENVIRONMENT.workloads)
def test_every_objective_scores_every_design(workload, objective):
    problem = ENVIRONMENT.make_problem(workload, objective, assignment="searched")
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 50))
    assert np.isfinite(outcomes.reward).all()
    assert (outcomes.reward > 0).tolist() == [label == "ok" for label in outcomes.labels()]


def test_roles_are_the_parts_of_the_chip_and_the_networks():
    roles = ENVIRONMENT.make_problem("w1", assignment="searched").space.roles
    assert set(roles) == {"chip", "sub1", "sub2", "sub3", "net1", "net2", "assignment"}


def test_the_gymnasium_environment():
    env = gymnasium.make("archgym/dnn.hetero-v0")
    check_env(env.unwrapped, skip_render_check=True)
