"""The goal-conditioned policy walks as the environment does that it was trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import archgym
from archgym.agents.goal_policy import GoalPolicy, Purpose
from archgym.batch import Batch
from archgym.envs.analog.goal_env import GoalVectorEnv
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.actions import AxisGrid
from archgym.views.goals import Moves

METRICS = ("gain_db", "ugbw_hz", "phase_margin_deg", "power_w")
MIDDLE = (50.0, 5e7, 65.0, 1e-4)
HARD = {"targets": {"gain_db": 120, "ugbw_hz": 1e9, "phase_margin_deg": 80, "power_w": 1e-6}}


def problem(objective=HARD, workload="ota5t"):
    return archgym.make_problem("analog.sizing", workload, objective, metrics="without_slew")


def random_policy(made, seed=0):
    rng, moves = np.random.default_rng(seed), Moves(made)
    size, width = 2 * len(METRICS) + moves.count, 8
    shapes = {"first": (width, size), "second": (width, width), "last": (3 * moves.count, width)}
    arrays = {"mean": rng.normal(size=size), "deviation": rng.uniform(0.5, 2, size)}
    for name, shape in shapes.items():
        arrays |= {
            f"{name}.weight": rng.normal(size=shape),
            f"{name}.bias": rng.normal(size=shape[0]),
        }
    purpose = Purpose(
        env=made.env,
        workload=made.workload_name,
        settings=dict(made.settings),
        sizes=tuple(AxisGrid(made.space.axes).sizes.tolist()),
        metrics=METRICS,
        middle=MIDDLE,
        easy=(0.0, 1.0, -90.0, 1.0),
        horizon=6,
        offline_evaluations=1234,
        training={},
    )
    return GoalPolicy(arrays, purpose)


@pytest.fixture
def file(tmp_path):
    random_policy(problem()).save(tmp_path / "policy.npz")
    return tmp_path / "policy.npz"


def test_a_walk_is_that_of_the_environment_led_by_the_same_policy(file):
    made, policy = problem(), GoalPolicy.load(file)
    agent = archgym.make_agent("goal_ppo", made, policy=str(file))
    assert agent.offline_evaluations == 1234
    history = archgym.search(made, agent, 7).history
    env = GoalVectorEnv(Evaluator(made, 100), 1, 100, policy.purpose.goals(made))
    env.reset(seed=0)
    env._walks.targets[:] = [120, 1e9, 80, 1e-6]
    seen = env._walks.observe(env._walks.first_values()[None])
    for row in range(7):
        assert history["m1"][row] == pytest.approx(_design(env, made)["m1"])
        seen = env.step(policy.best(seen))[0]


def _design(env, made):
    return Batch(made.space, env._walks.moves.codes(env._walks.index)).dicts()[0]


def test_later_walks_begin_anew_and_draw_their_moves(file):
    made = problem()
    history = archgym.search(
        made, archgym.make_agent("goal_ppo", made, policy=str(file)), 21
    ).history
    walks = [history["m1"][start : start + 7].to_numpy() for start in (0, 7, 14)]
    assert walks[0][0] == walks[1][0] == walks[2][0]
    assert (walks[1] != walks[2]).any()


def test_drawn_moves_follow_the_probabilities():
    policy = random_policy(problem())
    one = np.random.default_rng(1).normal(size=(1, len(policy.arrays["mean"])))
    likely = policy.probabilities(one)[0]
    assert np.allclose(likely.sum(axis=1), 1.0)
    moves = policy.drawn(np.repeat(one, 20_000, axis=0), np.random.default_rng(2))
    found = np.stack([(moves == step).mean(axis=0) for step in range(3)], axis=1)
    assert np.abs(found - likely).max() < 0.02  # six standard deviations


def test_an_objective_may_leave_goals_open_but_have_no_others(file):
    open_one = problem({"targets": {"gain_db": 50, "power_w": 1e-4}})
    agent = archgym.make_agent("goal_ppo", open_one, policy=str(file))
    assert agent._targets.tolist() == [[50.0, 1.0, -90.0, 1e-4]]
    for objective, text in (
        ({"targets": {"input_noise_1khz_v_rthz": 1e-7}}, "no goal"),
        ("power", "targets"),
    ):
        with pytest.raises(SettingError, match=text):
            archgym.make_agent("goal_ppo", problem(objective), policy=str(file))


def test_a_policy_for_something_else_and_a_damaged_file_are_refused(file, tmp_path):
    with pytest.raises(SettingError, match="workload"):
        archgym.make_agent("goal_ppo", problem(workload="miller2"), policy=str(file))
    with pytest.raises(SettingError, match="train one"):
        archgym.make_agent("goal_ppo", problem(workload="csload"))
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(SettingError, match=r"bad\.npz"):
        archgym.make_agent("goal_ppo", problem(), policy=str(tmp_path / "bad.npz"))


def test_files_hold_all_that_a_policy_is(file):
    made = problem()
    saved, again = random_policy(made), GoalPolicy.load(file)
    assert again.purpose == replace(saved.purpose, settings=dict(again.purpose.settings))
    for name, array in saved.arrays.items():
        assert np.allclose(again.arrays[name], array, rtol=1e-6)
