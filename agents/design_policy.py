"""A policy over designs whose axes are computed all at once.

This module imports stable-baselines3; agents import it when they run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3.common.distributions import MultiCategoricalDistribution
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor

_IMPOSSIBLE = -1e8


class AxesDistribution(MultiCategoricalDistribution):
    """Independent categorical distributions, one per axis.

    The library's own makes an object per axis; here logits of shape (n, sum of sizes) become one
    array of shape (n, axes, largest), padded with values of probability 0.

    Args:
        sizes: Number of values of each axis.
    """

    def __init__(self, sizes: list[int]):
        super().__init__(sizes)
        starts = np.cumsum([0, *sizes[:-1]])
        at = np.arange(max(sizes))
        inside = at < np.array(sizes)[:, None]
        self._index = torch.from_numpy(np.where(inside, starts[:, None] + at, 0))
        self._outside = torch.from_numpy(~inside)
        self._log: Tensor = torch.zeros(0)

    def proba_distribution(self, action_logits: Tensor) -> AxesDistribution:
        padded = action_logits[:, self._index].masked_fill(self._outside, _IMPOSSIBLE)
        self._log = padded.log_softmax(dim=-1)
        return self

    def log_prob(self, actions: Tensor) -> Tensor:
        picked = self._log.gather(-1, actions.long().unsqueeze(-1))
        return picked.squeeze(-1).sum(dim=1)

    def entropy(self) -> Tensor:
        return -(self._log.exp() * self._log).sum(dim=(1, 2))

    def sample(self) -> Tensor:
        count, axes, largest = self._log.shape
        flat = self._log.exp().reshape(-1, largest)
        return torch.multinomial(flat, 1).reshape(count, axes)

    def mode(self) -> Tensor:
        return self._log.argmax(dim=-1)


class DesignPolicy(ActorCriticPolicy):
    """The library's actor-critic policy, with `AxesDistribution` for several discrete axes."""

    def _build(self, lr_schedule: Any) -> None:
        if isinstance(self.action_dist, MultiCategoricalDistribution):
            self.action_dist = AxesDistribution([int(n) for n in self.action_dist.action_dims])
        super()._build(lr_schedule)
