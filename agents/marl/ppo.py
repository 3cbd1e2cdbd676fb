"""Proximal policy optimisation of a whole team at once.

Every agent has a probability ratio and a clip of its own, so one agent's step does not depend on
how far the others move. Sources: Schulman et al., arXiv 1707.06347; for teams, de Witt et al.,
Is independent learning all you need in the StarCraft multi-agent challenge?, arXiv 2011.09533
(independent), and Yu et al., The surprising effectiveness of PPO in cooperative multi-agent games,
arXiv 2103.01955 (central critic).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archgym.agents.marl.critics import LARGEST_GRADIENT, weighted_mean
from archgym.agents.marl.layout import TeamActions
from archgym.agents.marl.minibatches import minibatches
from archgym.agents.marl.networks import descend
from archgym.agents.marl.policy import TeamPolicy

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PpoSettings:
    """How policies are improved.

    Attributes:
        learning_rate: Step size of the optimiser.
        epochs: Passes over the samples.
        minibatches: Parts of the samples per pass.
        clip: Largest change of probability ratios.
        entropy: Weight of the entropy bonus.
    """

    learning_rate: float
    epochs: int
    minibatches: int
    clip: float
    entropy: float


class PpoLearner:
    """Improves a team's policy from samples of it.

    Args:
        policy: The policy.
        settings: How.
        shared: Whether the policy is one network for all.
        rng: Shuffles samples.
    """

    def __init__(
        self, policy: TeamPolicy, settings: PpoSettings, shared: bool, rng: np.random.Generator
    ):
        self.policy, self._settings, self._rng = policy, settings, rng
        self._groups = 1 if shared else policy.layout.agents
        self._optimiser = torch.optim.Adam(
            policy.parameters(), settings.learning_rate, eps=1e-5, fused=True
        )
        self.entropy = settings.entropy

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the step size."""
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate

    def update(
        self, observations: Floats, actions: TeamActions, advantages: Floats, weights: Floats
    ) -> None:
        """Make actions likelier where their advantage is positive.

        Args:
            observations: (N, A, observation_size); of one row where all samples share it.
            actions: N samples of the present policy.
            advantages: (N, A), standardised.
            weights: (N, A), 0 where a sample says nothing about an agent.
        """
        seen, index = torch.from_numpy(observations), torch.from_numpy(actions.index)
        raw, gains = torch.from_numpy(actions.raw), torch.from_numpy(advantages)
        counts = torch.from_numpy(weights)
        alike = len(seen) == 1
        with torch.no_grad():
            before = self.policy(seen).log_prob(index, raw)
        settings = self._settings
        for rows in minibatches(len(raw), settings.epochs, settings.minibatches, self._rng):
            distribution = self.policy(seen if alike else seen[rows])
            ratio = (distribution.log_prob(index[rows], raw[rows]) - before[rows]).exp()
            gain = _clipped(ratio, gains[rows], settings.clip)
            bonus = self.entropy * distribution.entropy()
            entropy = bonus.mean() if alike else weighted_mean(bonus, counts[rows])
            loss = -(weighted_mean(gain, counts[rows]) + entropy) * self._groups
            descend(self.policy, self._optimiser, loss, LARGEST_GRADIENT)


def _clipped(ratio: Tensor, gain: Tensor, clip: float) -> Tensor:
    return torch.minimum(ratio * gain, ratio.clamp(1.0 - clip, 1.0 + clip) * gain)
