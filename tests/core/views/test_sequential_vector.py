"""The native vector forms of the sequential and the local style do what single ones do."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics

from archgym import Categorical
from archgym.errors import SettingError, UnknownNameError
from archgym.evaluator import Evaluator
from archgym.views.local import LocalEnv
from archgym.views.local_vector import LocalVectorEnv
from archgym.views.sequential import SequentialEnv
from archgym.views.sequential_vector import SequentialVectorEnv
from tests.agents.searches import problem_of as problem_with
from tests.core.views.cases import IDS, problem_of, unlimited
from tests.toys import toy_problem

STYLES: list[tuple[Any, Any, dict[str, Any]]] = [
    (SequentialEnv, SequentialVectorEnv, {"action": "discrete"}),
    (SequentialEnv, SequentialVectorEnv, {"action": "box"}),
    (LocalEnv, LocalVectorEnv, {}),
    (LocalEnv, LocalVectorEnv, {"reward": "reward", "episode_length": 3}),
]
COUNT = 5


@pytest.mark.parametrize(("single", "vector", "options"), STYLES)
@pytest.mark.parametrize("name", IDS)
def test_steps_equal_those_of_single_environments(
    name: str, single: Any, vector: Any, options: dict[str, Any]
) -> None:
    problem = problem_of(name)
    makers = [lambda: single(unlimited(problem), **options)] * COUNT
    slow = SyncVectorEnv(makers, autoreset_mode=AutoresetMode.SAME_STEP)
    fast = vector(unlimited(problem), COUNT, **options)
    assert fast.single_action_space == slow.single_action_space
    assert fast.single_observation_space == slow.single_observation_space
    fast.action_space.seed(1)
    assert (fast.reset(seed=1)[0] == slow.reset(seed=1)[0]).all()
    for _ in range(40):
        actions = fast.action_space.sample()
        one, other = fast.step(actions), slow.step(actions)
        for mine, its in zip(one[:4], other[:4], strict=True):
            assert (mine == its).all()
        compare_infos(one[4], other[4])
    assert fast.observation_space.contains(one[0])


def compare_infos(mine: dict[str, Any], its: dict[str, Any]) -> None:
    if "action_mask" in its:
        assert (mine["action_mask"] == its["action_mask"]).all()
    assert ("final_obs" in mine) == ("final_obs" in its)
    for row in np.flatnonzero(mine.get("_final_obs", [])):
        assert its["_final_obs"][row]
        assert (mine["final_obs"][row] == its["final_obs"][row]).all()
        if its["final_info"].get("_status", np.zeros(COUNT))[row]:
            assert mine["_final_info"][row]
            assert mine["final_info"]["status"][row] == its["final_info"]["status"][row]
            for name, values in its["final_info"]["design"].items():
                if not name.startswith("_"):
                    assert mine["final_info"]["design"][name][row] == values[row]


def test_designs_that_a_step_completes_are_one_call_and_spend_one_evaluation_each() -> None:
    problem, calls = toy_problem("toy.flat", parameters=3), []
    evaluator = Evaluator(problem, 100, lambda record: calls.append(len(record.batch)))
    env = SequentialVectorEnv(evaluator, 6)
    env.reset()
    for step in range(1, 7):
        *_, over, _, info = env.step(np.full(6, step % 4))
        assert over.all() == (step % 3 == 0)
    assert calls == [6, 6]
    assert info["final_info"]["design"]["x0"].tolist() == [0] * 6


def test_a_policy_that_never_chooses_is_cut_off() -> None:
    env = SequentialVectorEnv(unlimited(toy_problem("toy.failing")), 2)
    env.reset()
    for _ in range(4 * 2 * 10 - 1):
        assert not np.any(env.step(np.array([9, 0]))[3])
    assert env.step(np.array([9, 0]))[3].tolist() == [True, False]


def test_a_space_of_a_single_design_is_evaluated_at_every_step() -> None:
    problem = problem_with(Categorical("only", ("one",)))
    env = SequentialVectorEnv(unlimited(problem), 2)
    env.reset()
    assert env.step(np.array([0, 0]))[1:3][1].all()
    assert env.evaluator.spent == 2


@pytest.mark.parametrize("view", [SequentialVectorEnv, LocalVectorEnv])
def test_gymnasiums_vector_wrappers_understand_it(view: Any) -> None:
    problem = toy_problem("toy.flat", parameters=2)
    env = DictInfoToList(RecordEpisodeStatistics(view(unlimited(problem), 3)))
    env.reset(seed=0)
    env.step(env.action_space.sample())
    infos = env.step(env.action_space.sample())[4]
    final = [info["final_info"] for info in infos]
    assert all(said["metrics"].keys() == {"latency_ns", "energy_pj", "hits"} for said in final)
    assert isinstance(env.unwrapped, gymnasium.vector.VectorEnv)


@pytest.mark.parametrize("view", [SequentialVectorEnv, LocalVectorEnv])
def test_wrong_options_are_refused(view: Any) -> None:
    with pytest.raises(SettingError, match="num_envs"):
        view(unlimited(toy_problem()), 0)
    with pytest.raises(UnknownNameError, match="style"):
        view(unlimited(toy_problem()), 1, action="multi_discrete")
