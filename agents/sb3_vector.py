"""Gymnasium vector environments in the form that stable-baselines3 takes.

This module imports stable-baselines3; agents import it when they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from archgym.errors import SettingError

_MASKS = "action_masks"


class Sb3Vector(VecEnv):
    """A thin adapter: one step of it is one step of the vector environment.

    Args:
        env: Resets episodes within the step that ends them (autoreset mode SAME_STEP).

    Raises:
        SettingError: The environment resets in another way.
    """

    def __init__(self, env: gymnasium.vector.VectorEnv[Any, Any, Any]):
        if env.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise SettingError("stable-baselines3 needs environments of autoreset mode SAME_STEP")
        self._env = env
        self._actions: Any = None
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> Any:
        seed = self._seeds[0]
        self._reset_seeds()
        return self._env.reset(seed=seed)[0]

    def step_async(self, actions: Any) -> None:
        self._actions = actions

    def step_wait(self) -> Any:
        observations, rewards, terminated, truncated, info = self._env.step(self._actions)
        done = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for row in np.flatnonzero(done):
            infos[row]["terminal_observation"] = info["final_obs"][row]
            infos[row]["TimeLimit.truncated"] = bool(truncated[row] and not terminated[row])
        return observations, rewards.astype(np.float32), done, infos

    def close(self) -> None:
        self._env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self._env, attr_name)] * len(self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self._env, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **named: Any) -> Any:
        returned = getattr(self._env, method_name)(*args, **named)
        rows = self._rows(indices)
        # One mask per environment, as sb3-contrib asks for them.
        return [returned[row] for row in rows] if method_name == _MASKS else [returned] * len(rows)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * len(self._rows(indices))

    def _rows(self, indices: Any) -> Sequence[int]:
        return list(self._get_indices(indices))
