"""Checks of the views of a problem: encodings, Gymnasium, stable-baselines3, PettingZoo."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.evaluator import Evaluator
from archgym.problem import Problem
from archgym.space import DesignSpace

if TYPE_CHECKING:
    import gymnasium

STYLES = (
    ("one_shot", "multi_discrete"),
    ("one_shot", "box"),
    ("sequential", "discrete"),
    ("sequential", "box"),
    ("local", "discrete"),
)
ROLES = ("per_parameter", "subsystem", "single")
REWARDS = ("shared", "difference")
_MOST_CHECKED = 4096


def unlimited(problem: Problem) -> Evaluator:
    """Return an evaluator whose budget does not end."""
    return Evaluator(problem, sys.maxsize)


def make_view(problem: Problem, style: str, action: str) -> gymnasium.Env[Any, Any]:
    """Return a Gymnasium view of a problem."""
    from archgym.views.making import STYLES as VIEWS

    env: gymnasium.Env[Any, Any] = resolve_name(VIEWS[style])(unlimited(problem), action=action)
    return env


def check_gymnasium(make: Callable[[], gymnasium.Env[Any, Any]]) -> None:
    """Pass Gymnasium's checker, and that of stable-baselines3 where it is installed, warningless.

    Raises:
        AssertionError: Or whatever the checkers raise.
    """
    from gymnasium.utils.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(), skip_render_check=True)
        if find_spec("stable_baselines3") is not None:
            from stable_baselines3.common.env_checker import check_env as check_for_sb3

            check_for_sb3(make())


def check_episode(make: Callable[[], gymnasium.Env[Any, Any]]) -> None:
    """Check that episodes end, repeat by seed, and stay within the declared spaces."""
    first, second = (_episode(make()) for _ in range(2))
    assert first == second
    assert first[-1][1:3] == (True, False)


def _episode(env: gymnasium.Env[Any, Any]) -> list[Any]:
    env.action_space.seed(3)
    observation, info = env.reset(seed=3)
    again, _ = env.reset(seed=99)
    assert (observation == again).all()
    steps: list[Any] = []
    while not steps or not (steps[-1][1] or steps[-1][2]):
        mask = info.get("action_mask") if hasattr(env.action_space, "n") else None
        observation, reward, over, cut, info = env.step(env.action_space.sample(mask))
        assert env.observation_space.contains(observation)
        steps.append((reward, over, cut, observation.tolist(), info.get("status")))
    assert info["error"] == "" or info["status"] != "ok"
    return steps


def check_vector(make: Callable[[int], gymnasium.vector.VectorEnv[Any, Any, Any]]) -> None:
    """Check that a vector environment repeats by seed and stays within its declared spaces."""
    from gymnasium.utils.env_checker import data_equivalence

    first, second = (_vector_steps(make(3)) for _ in range(2))
    assert data_equivalence(first, second, exact=True)


def _vector_steps(env: gymnasium.vector.VectorEnv[Any, Any, Any]) -> list[Any]:
    """Return what 20 steps of allowed random actions show."""
    rng = np.random.default_rng(5)
    env.action_space.seed(5)
    observation, info = env.reset(seed=5)
    steps = [(observation, 0.0)]
    for _ in range(20):
        masks = info.get("action_mask")
        actions = env.action_space.sample() if masks is None else _allowed(rng, masks)
        observation, reward, _, _, info = env.step(actions)
        assert env.observation_space.contains(observation)
        assert reward.shape == (env.num_envs,)
        steps.append((observation, reward))
    env.close()
    return steps


def _allowed(rng: np.random.Generator, masks: Any) -> Any:
    return np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])


def check_team(make: Callable[[], Any]) -> None:
    """Pass PettingZoo's tests of parallel environments and of seeds, warningless."""
    from pettingzoo.test import (  # type: ignore[import-untyped]
        parallel_api_test,
        parallel_seed_test,
    )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(make(), num_cycles=20)
        parallel_seed_test(make, num_cycles=10)


def check_petting_zoo(problem: Problem, roles: str, reward: str) -> None:
    """Pass `check_team` with the generic view."""
    from archgym.views.multi_agent import DesignTeamEnv

    check_team(lambda: DesignTeamEnv(unlimited(problem), roles, reward, episode_length=3))


def check_encoding(space: DesignSpace, encoding: str) -> None:
    """Check that every value of every axis survives an action encoding, so that it is reached.

    Axes with more than 4,096 values are checked on 4,096 of them, the ends included.
    """
    from archgym.views.actions import AxisGrid, make_actions

    actions, grid = make_actions(encoding, space), AxisGrid(space.axes)
    sizes = np.asarray(grid.sizes)
    rows = min(int(sizes.max()), _MOST_CHECKED)
    levels = np.rint(np.linspace(0.0, 1.0, rows)[:, None] * (sizes - 1)).astype(np.int64)
    codes = grid.codes(levels)
    encoded = actions.encode(codes)
    assert all(actions.space.contains(action) for action in encoded)
    back = actions.decode(encoded)
    assert back.dtype == codes.dtype
    real = np.array([axis.size is None for axis in space.axes])
    assert (back == codes)[:, ~real].all()
    assert np.allclose(back, codes, rtol=0 if encoding == "multi_discrete" else 1e-6)
    for column, axis in enumerate(space.axes):
        if axis.size is not None and axis.size <= _MOST_CHECKED:
            assert set(back[:, column]) == set(range(axis.size)), axis.name
