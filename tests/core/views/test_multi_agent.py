"""The PettingZoo view: roles, rewards, equality with the single-agent view."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from archgym.errors import SettingError, UnknownNameError
from archgym.evaluator import Evaluator
from archgym.views.making import make_team_env
from archgym.views.multi_agent import DesignTeamEnv
from archgym.views.one_shot import OneShotEnv
from tests.core.views.cases import IDS, problem_of, unlimited
from tests.toys import MIXED_OPTIMUM, toy_problem

ROLES = ["per_parameter", "subsystem", "single"]


def test_roles_share_the_parameters_out() -> None:
    teams = {roles: DesignTeamEnv(unlimited(toy_problem()), roles).roles for roles in ROLES}
    names = ("policy", "buffer_entries", "banks", "cache", "cache_ways")
    assert teams["per_parameter"] == {name: (name,) for name in names}
    assert teams["subsystem"] == {
        "scheduler": ("policy",),
        "buffer": ("buffer_entries", "banks"),
        "cache": ("cache", "cache_ways"),
    }
    assert teams["single"] == {"designer": names}


def test_agents_have_the_spaces_of_their_axes() -> None:
    env = DesignTeamEnv(unlimited(toy_problem()), "subsystem")
    assert env.action_space("scheduler") == spaces.Discrete(3)
    assert env.action_space("buffer") == spaces.MultiDiscrete([4, 5])
    assert all(env.action_space(agent) is env.action_space(agent) for agent in env.agents)


OWN: dict[str, Any] = {"left": ["banks", "policy"], "right": ["cache", "cache_ways"]}


@pytest.mark.parametrize(
    ("roles", "error", "words"),
    [
        (OWN, SettingError, "'buffer_entries' belongs to no agent"),
        (
            OWN | {"up": ["buffer_entries", "cache"]},
            SettingError,
            "'cache' belongs to right and up",
        ),
        (OWN | {"up": ["buffer_entires"]}, UnknownNameError, "did you mean 'buffer_entries'"),
        (OWN | {"up": []}, SettingError, "'up' needs a list"),
        (OWN | {"up": "buffer_entries"}, SettingError, "'up' needs a list"),
        ("subsystems", UnknownNameError, "did you mean 'subsystem'"),
    ],
)
def test_wrong_roles_are_refused(roles: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        DesignTeamEnv(unlimited(toy_problem()), roles)


def test_own_roles_may_order_the_parameters_as_they_like() -> None:
    env = DesignTeamEnv(unlimited(toy_problem()), OWN | {"up": ["buffer_entries"]})
    env.reset()
    *_, infos = env.step({"left": [3, 2], "right": [2, 2], "up": 3})
    assert infos["up"]["design"] == MIXED_OPTIMUM


@pytest.mark.parametrize("name", IDS)
def test_one_agent_for_all_equals_the_single_agent_view(name: str) -> None:
    problem = problem_of(name)
    team, alone = DesignTeamEnv(unlimited(problem), "single"), OneShotEnv(unlimited(problem))
    alone.action_space.seed(0)
    assert team.action_space("designer") == alone.action_space
    assert team.observation_space("designer") == alone.observation_space
    for _ in range(5):
        first, _ = team.reset(seed=0)
        assert (first["designer"] == alone.reset(seed=0)[0]).all()
        action = alone.action_space.sample()
        observation, reward, over, cut, info = alone.step(action)
        ours = [part["designer"] for part in team.step({"designer": action})]
        assert (ours[0] == observation).all()
        assert ours[1:4] == [reward, over, cut]
        assert ours[4] == info | {"team_reward": reward}
        assert team.agents == []


def test_difference_rewards_are_counterfactual_and_counted() -> None:
    problem = toy_problem()
    evaluator = Evaluator(problem, 100)
    env = DesignTeamEnv(evaluator, "subsystem", reward="difference")
    env.reset()
    chosen = {"scheduler": 2, "buffer": [3, 3], "cache": [2, 2]}
    _, rewards, _, _, infos = env.step(chosen)
    default = problem.space.default.dicts()[0]
    team = problem.evaluate([MIXED_OPTIMUM])["reward"][0]
    for agent, names in env.roles.items():
        without = MIXED_OPTIMUM | {name: default[name] for name in names}
        assert rewards[agent] == pytest.approx(team - problem.evaluate([without])["reward"][0])
    assert all(reward > 0 for reward in rewards.values())
    assert infos["cache"]["team_reward"] == team
    assert evaluator.spent == env.evaluations_per_step == 4


def test_agents_may_be_kept_from_seeing_the_others() -> None:
    env = DesignTeamEnv(unlimited(toy_problem()), "subsystem", see_others=False, episode_length=9)
    env.reset()
    first, *_ = env.step({"scheduler": 0, "buffer": [0, 0], "cache": [0, 0]})
    # Two own axes, a flag of activity, three metrics, four statuses.
    assert [len(first[agent]) for agent in env.agents] == [8, 9, 10]
    other, *_ = env.step({"scheduler": 1, "buffer": [0, 0], "cache": [0, 0]})
    assert (first["buffer"][:2] == other["buffer"][:2]).all()
    assert first["scheduler"][0] != other["scheduler"][0]
    everything = DesignTeamEnv(unlimited(toy_problem()), "subsystem")
    assert np.array_equal(
        everything.observation_space("buffer").shape, everything.observation_space("cache").shape
    )


def test_a_team_is_made_by_name() -> None:
    env = make_team_env("tests.toys:TOY", roles="single", reward="difference", max_banks=8)
    assert env.action_space("designer") == spaces.MultiDiscrete([3, 4, 8, 3, 3])
    assert env.evaluations_per_step == 2
