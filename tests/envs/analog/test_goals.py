"""Sizing towards targets: moves, rewards, vector form."""

from __future__ import annotations

import time

import gymnasium
import numpy as np
import pytest

import archgym
from archgym.envs.analog.goals import goals_of
from archgym.errors import SettingError
from archgym.testing.view_checks import check_vector
from archgym.views.making import make_env, make_vector_env

ID = "archgym/analog.sizing-v0"
STAY = 1


def test_an_episode_begins_in_the_middle_and_moves_step_by_step():
    env = make_env("analog.sizing", workload="ota5t")
    env.reset(seed=0)
    still = np.full(env.action_space.shape, STAY)
    *_, info = env.step(still)
    start = info["design"]
    assert start["l1_um"] == 0.5
    assert start["m1"] == pytest.approx(np.sqrt(1 * 40))
    up = still.copy()
    up[3] = 2
    *_, info = env.step(up)
    assert info["design"]["m1"] == pytest.approx(start["m1"] * 40 ** (1 / 32))
    assert {k: v for k, v in info["design"].items() if k != "m1"} == {
        k: v for k, v in start.items() if k != "m1"
    }
    for _ in range(20):
        *_, info = env.step(up)
    assert info["design"]["m1"] == pytest.approx(40.0)


def test_the_reward_is_that_of_autockt():
    env = make_env("analog.sizing", workload="miller2", episode_length=3)
    _, info = env.reset(seed=4)
    targets, total = info["targets"], 0.0
    _, reward, over, cut, info = env.step(env.action_space.sample())
    for name, target in targets.items():
        value = info["metrics"][name]
        sign = -1.0 if name == "power_w" else 1.0
        total += min(0.0, sign * (value - target) / (abs(value) + abs(target)))
    assert total < -0.02
    assert reward == pytest.approx(total)
    assert (over, cut) == (False, False)


def test_met_targets_end_the_episode_and_too_many_steps_cut_it():
    env = make_env("analog.sizing", workload="ota5t", episode_length=2)
    easy = {"gain_db": 20, "ugbw_hz": 1e6, "phase_margin_deg": 10, "power_w": 1e-2}
    still = np.full(env.action_space.shape, STAY)
    env.reset(seed=0, options={"targets": easy})
    assert env.step(still)[1:4] == (10.0, True, False)
    env.reset(seed=0, options={"targets": easy | {"gain_db": 500}})
    assert env.step(still)[2:4] == (False, False)
    assert env.step(still)[2:4] == (False, True)
    with pytest.raises(SettingError, match="gain_db"):
        env.reset(options={"targets": {"gain_db": 1}})


@pytest.mark.parametrize(
    "workload", ["ota5t", "miller2", "fcascode", "csload", "tia", "ldo", "comparator"]
)
def test_targets_lie_in_their_ranges_and_the_middle_is_a_working_circuit(workload):
    problem = archgym.make_problem("analog.sizing", workload, metrics="without_slew")
    goals = goals_of(problem)
    drawn = goals.draw(np.random.default_rng(0), 500)
    assert (drawn >= goals.low).all()
    assert (drawn <= goals.high).all()
    assert (np.ptp(drawn, axis=0) > 0.9 * (goals.high - goals.low)).all()
    table = problem.evaluate(problem.space.sample(np.random.default_rng(1), 300).frame())
    for metric, low, high in zip(goals.metrics, goals.low, goals.high, strict=True):
        inside = table[metric.name].between(low, high).mean()
        assert inside > 0.05, f"{metric.name}: {inside}"


def test_the_vector_form_is_many_single_ones():
    vector = make_vector_env("analog.sizing", num_envs=4, workload="ota5t", episode_length=5)
    single = make_env("analog.sizing", workload="ota5t", episode_length=5)
    vector.reset(seed=3)
    rng = np.random.default_rng(0)
    targets = vector._walks.targets.copy()
    actions = rng.integers(0, 3, (4, 4, vector.single_action_space.shape[0]))
    seen = [vector.step(action) for action in actions]
    for row in range(4):
        names = [metric.name for metric in vector._walks.goals.metrics]
        chosen = dict(zip(names, targets[row], strict=True))
        single.reset(options={"targets": chosen})
        for (observation, reward, over, _, _), action in zip(seen, actions, strict=True):
            alone = single.step(action[row])
            assert alone[1] == pytest.approx(reward[row])
            assert alone[2] == over[row]
            if over[row]:
                break
            assert np.allclose(alone[0], observation[row])


def test_the_vector_form_conforms():
    check_vector(lambda n: make_vector_env("analog.sizing", num_envs=n, episode_length=4))


def test_a_step_is_quick():
    env = gymnasium.make(ID, workload="miller2").unwrapped
    env.reset(seed=0)
    actions = [env.action_space.sample() for _ in range(200)]
    env.step(actions[0])
    began = time.process_time()
    for action in actions:
        env.step(action)
    assert (time.process_time() - began) / len(actions) < 2e-3
