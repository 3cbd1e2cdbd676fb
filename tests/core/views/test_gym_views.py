"""The Gymnasium views: meaning of rewards, masks, failures; checkers run in test_conformance."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from scipy.stats import chi2

from archgym.batch import Batch
from archgym.errors import BudgetSpentError, SettingError, UnknownNameError
from archgym.evaluator import Evaluator
from archgym.testing.view_checks import make_view
from archgym.views.local import LocalEnv
from archgym.views.one_shot import OneShotEnv
from archgym.views.sequential import SequentialEnv
from tests.core.views.cases import problem_of, unlimited
from tests.core.views.test_actions import FALSE_ALARM, chi_square
from tests.toys import MIXED_OPTIMUM, toy_problem


def make(name: str, style: str, action: str) -> gymnasium.Env[Any, Any]:
    return make_view(problem_of(name), style, action)


def test_one_shot_gives_the_designs_own_reward_and_says_all_about_it() -> None:
    problem = toy_problem()
    env = OneShotEnv(unlimited(problem), episode_length=2)
    observation, info = env.reset()
    assert not observation.any()
    assert info == {}
    _, reward, over, cut, info = env.step(env.encode(MIXED_OPTIMUM))
    row = problem.evaluate([MIXED_OPTIMUM]).iloc[0]
    assert (reward, over, cut) == (row["reward"], False, False)
    assert info["design"] == MIXED_OPTIMUM
    assert info["metrics"] == {name: row[name] for name in problem.metric_names}
    assert (info["status"], info["error"], info["objectives"]) == ("ok", "", [reward])
    assert env.step(env.encode({}))[1:4] == (1.0, True, False)


def test_a_broken_constraint_is_a_status_and_a_negative_reward() -> None:
    env = OneShotEnv(unlimited(toy_problem()))
    _, reward, _, _, info = env.step(env.encode({"banks": 5, "buffer_entries": 8}))
    assert -1 < reward < 0
    assert info["status"] == "infeasible"
    assert "banks x buffer_entries <= 32" in info["error"]
    assert set(info["metrics"].values()) == {None}


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [("raises", "crashed"), ("nan", "infeasible"), ("dies", "crashed"), ("hangs", "timeout")],
)
def test_no_failure_makes_step_raise(behaviour: str, status: str) -> None:
    problem = toy_problem("toy.failing", failures="raises nan dies hangs")
    env = OneShotEnv(Evaluator(problem, 10, timeout_s=3.0))
    observation, reward, _, _, info = env.step(env.encode({"behaviour": behaviour}))
    assert (info["status"], reward < 0) == (status, True)
    assert env.observation_space.contains(observation)
    assert env.step(env.encode({"level": 9}))[4]["status"] == "ok"
    env.close()


def test_steps_spend_the_evaluators_budget() -> None:
    evaluator = Evaluator(toy_problem(), 2)
    env = OneShotEnv(evaluator, action="discrete")
    env.step(0)
    env.step(0)
    assert (evaluator.spent, evaluator.unique) == (2, 1)
    with pytest.raises(BudgetSpentError):
        env.step(1)


def test_sequential_skips_what_has_no_effect_and_forbids_what_breaks_a_constraint() -> None:
    env = SequentialEnv(unlimited(toy_problem()))
    _, info = env.reset()
    asked = []
    for choice in (2, 3):  # policy adaptive, 8 buffer entries
        asked.append(int(info["action_mask"].sum()))
        _, reward, over, _, info = env.step(choice)
        assert (reward, over) == (0.0, False)
    assert info["action_mask"].tolist() == [1, 1, 1, 1, 0]  # 5 banks x 8 do not fit
    observation, reward, over, _, info = env.step(4)
    assert (reward, over, info["action_mask"].tolist()) == (0.0, False, [1, 1, 1, 1, 0])
    _, _, _, _, info = env.step(3)
    observation, reward, over, _, info = env.step(0)  # no cache, so no ways to choose
    assert over
    assert asked == [3, 4]
    assert info["design"] == MIXED_OPTIMUM | {"cache": "none", "cache_ways": 1}
    assert env.evaluator.spent == 1
    assert env.observation_space.contains(observation)


def test_sequential_gives_up_on_a_policy_that_never_chooses() -> None:
    env = SequentialEnv(unlimited(toy_problem("toy.failing")))
    env.reset()
    for _ in range(4 * 2 * 10 - 1):
        assert env.step(9)[1:4] == (0.0, False, False)  # `behaviour` has four values
    assert env.step(9)[1:4] == (0.0, False, True)
    assert env.evaluator.spent == 0


@pytest.mark.parametrize("action", ["discrete", "box"])
def test_sequential_is_uniform_without_masks(action: str) -> None:
    """Chi-square of the two-valued axis beside a ten-valued one, 3,000 seeded episodes."""
    env = SequentialEnv(unlimited(toy_problem("toy.failing", failures="nan")), action)
    env.action_space.seed(0)
    seen = {"fine": 0, "nan": 0}
    for _ in range(3000):
        env.reset()
        over = False
        while not over:
            _, _, over, _, info = env.step(env.action_space.sample())
        seen[info["design"]["behaviour"]] += 1
    assert chi_square(np.array(list(seen.values()))) < chi2.isf(FALSE_ALARM, 1)


@pytest.mark.parametrize("name", ["toy", "toy.words"])
def test_every_design_is_reached_axis_by_axis(name: str) -> None:
    problem = problem_of(name)
    sequential, local = (make(name, style, "discrete") for style in ("sequential", "local"))
    for wanted in np.concatenate([batch.codes for batch in problem.space.enumerate()]):
        design = Batch(problem.space, wanted[None]).dicts()[0]
        assert chosen(sequential, wanted)["design"] == design
        local.reset()
        for column, index in enumerate(wanted):
            *_, info = local.step(local.actions.action(column, index))
        assert info["design"] == design


def chosen(env: SequentialEnv, codes: Any) -> dict[str, Any]:
    """Return the info of the episode that chooses these codes wherever it is asked."""
    observation, _ = env.reset()
    over = False
    while not over:
        asked = int(observation[-len(codes) :].argmax())
        observation, _, over, _, info = env.step(codes[asked])
    return info


def test_local_rewards_add_up_to_what_the_final_design_gained() -> None:
    problem = toy_problem()
    env = LocalEnv(unlimited(problem), episode_length=5)
    observation, info = env.reset()
    assert info["design"] == problem.space.default.dicts()[0]
    assert env.evaluator.spent == 0
    assert observation[-1] == 1.0
    gained = 0.0
    for column, index in enumerate(problem.space.encode([MIXED_OPTIMUM]).codes[0].tolist()):
        observation, reward, over, _, info = env.step(env.actions.action(column, index))
        gained += reward
    assert (over, observation[-1]) == (True, 0.0)
    assert info["design"] == MIXED_OPTIMUM
    assert gained == pytest.approx(problem.evaluate([MIXED_OPTIMUM])["reward"][0] - 1.0)
    assert env.evaluator.spent == 5


def test_local_can_give_each_designs_own_reward() -> None:
    env = LocalEnv(unlimited(toy_problem()), reward="reward")
    env.reset()
    assert env.step(env.actions.action(0, 0))[1] == 1.0


@pytest.mark.parametrize(
    ("style", "options", "error", "words"),
    [
        (LocalEnv, {"action": "box"}, UnknownNameError, "style 'local'"),
        (LocalEnv, {"reward": "gain"}, UnknownNameError, "improvement"),
        (OneShotEnv, {"episode_length": 0}, SettingError, "episode_length"),
        (SequentialEnv, {"action": "multi_discrete"}, UnknownNameError, "sequential"),
    ],
)
def test_wrong_options_are_refused(style: Any, options: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        style(unlimited(toy_problem()), **options)
