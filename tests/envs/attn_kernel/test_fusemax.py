"""The FuseMax environment as users meet it."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from archgym.cost_models.attn_kernel.fusemax.constants import CONFIGS
from archgym.envs.attn_kernel.fusemax import ENVIRONMENT
from archgym.errors import InvalidDesignError, SettingError, UnknownNameError


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"config": "fused"}, "'config': 'fused' is not allowed"),
        ({"pe_dim": 0}, "'pe_dim': 0 is not allowed"),
        ({"pe_dim": "2.5"}, "'pe_dim': '2.5' is not allowed"),
        ({"l3_B": -1}, "'l3_B': -1 is not allowed"),
        ({"query_tile": "x"}, "'query_tile': 'x'"),
        ({"l2_B": 2}, "'l2_B'"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem().evaluate([design])


def test_blank_cells_mean_the_published_machine():
    blank = {"config": "binding", "pe_dim": "", "l3_B": "", "query_tile": None}
    given = {"config": "binding", "pe_dim": 256.0, "l3_B": 16 * 2**20, "query_tile": 0}
    found = ENVIRONMENT.make_problem("bert/1m").evaluate([blank, given])
    assert found["traffic_B"].nunique() == found["area_um2"].nunique() == 1
    flat, twice = ENVIRONMENT.make_problem("bert/1m").evaluate([{}, {"l3_B": 32 * 2**20}])[
        "area_um2"
    ]
    assert flat == twice


def test_a_query_tile_larger_than_the_buffer_is_infeasible():
    design = {"config": "binding", "query_tile": 65536, "l3_B": 2**20}
    row = ENVIRONMENT.make_problem("bert/256k").evaluate([design]).iloc[0]
    assert row["status"] == "infeasible"
    assert row["error"].startswith("l3_capacity")
    assert -1 < row["reward"] < 0


def test_the_ladder_is_the_configurations_alone():
    problem = ENVIRONMENT.make_problem("bert/64k", "latency", space="ladder")
    (batch,) = problem.space.enumerate()
    assert batch["config"].tolist() == list(CONFIGS)
    rewards = problem.outcomes(batch).reward
    assert rewards[1] == pytest.approx(1)
    assert rewards[4] == pytest.approx(1024 / (128 + 10 + 64 * 256 / 65536), rel=1e-9)


@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
def test_every_objective_scores_every_feasible_design(objective):
    problem = ENVIRONMENT.make_problem("xlm/256k", objective)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 100))
    feasible = outcomes.violation == 0
    assert feasible.any()
    assert (outcomes.reward[feasible] > 0).all()
    assert (outcomes.reward[~feasible] < 0).all()


def test_unknown_words_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'bert/64k'"):
        ENVIRONMENT.make_problem("bert/64kb")
    with pytest.raises(SettingError, match="'clock_ghz'"):
        ENVIRONMENT.make_problem(clock_ghz=0)
    with pytest.raises(SettingError, match="'space'"):
        ENVIRONMENT.make_problem(space="half")


def test_a_workload_as_a_mapping():
    mapping = {"B": 64, "H": 12, "E": 64, "F": 64, "D": 768, "S": 3072, "seq": 1024}
    found = [
        ENVIRONMENT.make_problem(workload).evaluate([{}]).iloc[0].drop("error").to_dict()
        for workload in (mapping, "bert/1k")
    ]
    assert found[0] == found[1]


def test_the_gymnasium_environment():
    env = gymnasium.make("archgym/attn_kernel.fusemax-v0", workload="t5/16k")
    check_env(env.unwrapped, skip_render_check=True)
    vector = gymnasium.make_vec("archgym/attn_kernel.fusemax-v0", num_envs=4)
    vector.reset(seed=0)
    rewards = vector.step(vector.action_space.sample())[1]
    assert np.isfinite(rewards).all()
