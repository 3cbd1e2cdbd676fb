"""The native vector environment does what single environments do, at once."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics

from archgym.cost_model import CostModel
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.one_shot import OneShotEnv
from archgym.views.vector import OneShotVectorEnv
from tests.core.views.cases import IDS, problem_of, unlimited
from tests.toys import DistanceModel, toy_problem


@pytest.mark.parametrize("action", ["multi_discrete", "box"])
@pytest.mark.parametrize("name", IDS)
def test_a_step_equals_single_steps(name: str, action: str) -> None:
    problem = problem_of(name)
    env = OneShotVectorEnv(unlimited(problem), 6, action)
    single = OneShotEnv(unlimited(problem), action)
    env.action_space.seed(0)
    observation, info = env.reset(seed=0)
    assert not observation.any()
    actions = env.action_space.sample()
    observation, rewards, over, cut, info = env.step(actions)
    assert env.observation_space.contains(observation)
    assert over.all()
    assert not cut.any()
    for row, one in enumerate(gymnasium.vector.utils.iterate(env.action_space, actions)):
        seen, reward, _, _, said = single.step(one)
        assert reward == rewards[row]
        assert (info["final_obs"][row] == seen).all()
        assert (info["status"][row], info["error"][row] == "") == (
            said["status"],
            said["error"] == "",
        )
        for metric, value in said["metrics"].items():
            there = info["metrics"][metric][row]
            assert np.isnan(there) if value is None else there == value


class Counting(DistanceModel):
    """Counts the calls."""

    calls = 0

    def evaluate(self, batch, workload):
        type(self).calls += 1
        return super().evaluate(batch, workload)


def test_a_population_is_one_call_and_spends_one_evaluation_each() -> None:
    model: CostModel = Counting({})
    evaluator = Evaluator(toy_problem("toy.flat", cost_model=model), 100)
    env = OneShotVectorEnv(evaluator, 50)
    env.reset()
    before = Counting.calls
    env.step(env.action_space.sample())
    assert (Counting.calls - before, evaluator.spent) == (1, 50)


def test_episodes_of_several_steps_reset_in_the_step_that_ends_them() -> None:
    env = OneShotVectorEnv(unlimited(toy_problem()), 3, episode_length=2)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    env.reset()
    for _ in range(2):
        observation, _, over, _, info = env.step(env.action_space.sample())
        assert (over.any(), observation.any(), "final_obs" in info) == (False, True, False)
        observation, _, over, _, info = env.step(env.action_space.sample())
        assert (over.all(), observation.any(), "final_obs" in info) == (True, False, True)


def test_gymnasiums_vector_wrappers_understand_it() -> None:
    env = DictInfoToList(RecordEpisodeStatistics(OneShotVectorEnv(unlimited(toy_problem()), 3)))
    env.reset(seed=0)
    _, rewards, _, _, infos = env.step(env.action_space.sample())
    assert [info["episode"]["r"] for info in infos] == pytest.approx(rewards)
    assert {info["status"] for info in infos} <= {"ok", "infeasible"}
    assert all(info["metrics"].keys() == {"latency_ns", "energy_pj", "hits"} for info in infos)


def test_a_population_of_none_is_refused() -> None:
    with pytest.raises(SettingError, match="num_envs"):
        OneShotVectorEnv(unlimited(toy_problem()), 0)
