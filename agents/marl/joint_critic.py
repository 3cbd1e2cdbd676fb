"""A central critic of one-step games: what is a joint action worth?"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from archgym.agents.marl.critics import RunningScale
from archgym.agents.marl.layout import ActionLayout, TeamActions
from archgym.agents.marl.networks import StackedMlp, descend
from archgym.agents.marl.policy import TeamDistribution

Floats = NDArray[np.float32]


class JointCritic:
    """Learns the worth of joint actions, and what to expect if one agent chose anew.

    Args:
        layout: What the agents choose.
        width: Neurons per hidden layer.
        learning_rate: Step size.
        alternatives: How often an agent's choice is drawn anew for its baseline.
        rng: Draws weights, batches and alternatives.
    """

    def __init__(
        self,
        layout: ActionLayout,
        width: int,
        learning_rate: float,
        alternatives: int,
        rng: np.random.Generator,
    ):
        self._layout, self._alternatives, self._rng = layout, alternatives, rng
        self._columns = np.flatnonzero(layout.allowed.reshape(-1))
        self._inputs = len(self._columns) + layout.agents * layout.most_numbers
        self._mlp = StackedMlp(1, self._inputs, 1, width, rng)
        self._optimiser = torch.optim.Adam(self._mlp.parameters(), learning_rate, fused=True)
        self._scale = RunningScale()

    def features(self, actions: TeamActions) -> Floats:
        """Return joint actions as one-hot choices and numbers, shape (N, inputs)."""
        layout, count = self._layout, len(actions)
        shape = count, layout.agents, layout.most_choices, layout.most_values
        one_hot = np.zeros(shape, dtype=np.float32)
        np.put_along_axis(one_hot, actions.index[..., None], 1.0, axis=3)
        choices = one_hot.reshape(count, -1)[:, self._columns]
        return np.concatenate([choices, actions.numbers.reshape(count, -1)], axis=1)

    def fit(self, features: Floats, worth: Floats, steps: int, batch: int) -> None:
        """Learn from joint actions (M, inputs) and their worth (M,) in ``steps`` mini-batches."""
        self._scale = RunningScale()
        self._scale.see(worth)
        inputs, targets = torch.from_numpy(features), torch.from_numpy(self._scale.scaled(worth))
        for _ in range(steps):
            rows = torch.from_numpy(self._rng.integers(len(worth), size=min(batch, len(worth))))
            told = self._mlp(inputs[rows][None])[0, :, 0]
            descend(self._mlp, self._optimiser, nn.functional.mse_loss(told, targets[rows]))

    def baselines(self, actions: TeamActions, policy: TeamDistribution) -> Floats:
        """Return the expected worth if one agent alone chose anew, shape (N, A)."""
        count, agents = len(actions), self._layout.agents
        drawn = policy.sample(self._rng, count * self._alternatives)
        rows = np.arange(count * self._alternatives * agents)
        sample, who = np.divmod(rows, agents)
        of = sample // self._alternatives
        index, raw = actions.index[of], actions.raw[of]
        index[rows, who], raw[rows, who] = drawn.index[sample, who], drawn.raw[sample, who]
        with torch.no_grad():
            inputs = torch.from_numpy(self.features(TeamActions(index, raw)))
            told = self._mlp(inputs[None])[0, :, 0].numpy()
        worth: Floats = self._scale.unscaled(told).reshape(count, -1, agents).mean(axis=1)
        return worth
