"""Stable-Baselines3's algorithms take the encodings that suit them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from archgym.views.local import LocalEnv
from archgym.views.one_shot import OneShotEnv
from archgym.views.sequential import SequentialEnv
from tests.core.views.cases import unlimited
from tests.toys import toy_problem

SMALL: dict[str, dict[str, Any]] = {
    "PPO": {"n_steps": 16, "batch_size": 16, "n_epochs": 1},
    "A2C": {},
    "DQN": {"learning_starts": 8, "buffer_size": 100},
    "SAC": {"learning_starts": 8, "buffer_size": 100, "batch_size": 8},
}


@pytest.mark.parametrize(
    ("algorithm", "view", "action"),
    [
        ("PPO", OneShotEnv, "multi_discrete"),
        ("PPO", OneShotEnv, "box"),
        ("PPO", SequentialEnv, "discrete"),
        ("PPO", LocalEnv, "discrete"),
        ("A2C", OneShotEnv, "multi_discrete"),
        ("A2C", SequentialEnv, "box"),
        ("DQN", OneShotEnv, "discrete"),
        ("DQN", SequentialEnv, "discrete"),
        ("DQN", LocalEnv, "discrete"),
        ("SAC", OneShotEnv, "box"),
        ("SAC", SequentialEnv, "box"),
    ],
)
def test_algorithms_construct_and_learn_a_few_steps(
    algorithm: str, view: Any, action: str
) -> None:
    import stable_baselines3

    env = view(unlimited(toy_problem()), action=action)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = getattr(stable_baselines3, algorithm)(
            "MlpPolicy", env, seed=0, device="cpu", **SMALL[algorithm]
        )
        model.learn(32)
    assert env.evaluator.spent > 0
    assert env.action_space.contains(model.predict(env.reset()[0])[0])
