"""What agents expect to earn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archgym.agents.marl.minibatches import minibatches
from archgym.agents.marl.networks import TeamMlp, descend

Floats = NDArray[np.float32]
LARGEST_GRADIENT = 0.5
_SMALLEST_DEVIATION = 1e-6


class RunningScale:
    """Mean and deviation of everything seen, so that networks learn numbers of order 1."""

    def __init__(self) -> None:
        self.count, self.mean, self._squares = 0.0, 0.0, 0.0

    @property
    def deviation(self) -> float:
        """The deviation, 1 before anything varied."""
        spread = float(np.sqrt(self._squares / self.count)) if self.count else 0.0
        return spread if spread > _SMALLEST_DEVIATION else 1.0

    def see(self, values: NDArray[Any]) -> None:
        """Take values into account (Chan's parallel update)."""
        if not values.size:
            return
        count, mean = float(values.size), float(values.mean(dtype=np.float64))
        shift, total = mean - self.mean, self.count + count
        squares = float(((values - mean) ** 2).sum(dtype=np.float64))
        self._squares += squares + shift**2 * self.count * count / total
        self.mean += shift * count / total
        self.count = total

    def scaled(self, values: NDArray[Any]) -> Floats:
        """Return values with mean 0 and deviation 1."""
        return np.asarray((values - self.mean) / self.deviation, dtype=np.float32)

    def unscaled(self, values: NDArray[Any]) -> Floats:
        """Return values from their scaled form."""
        return np.asarray(values * self.deviation + self.mean, dtype=np.float32)


class ValueCritic:
    """A value for every agent: of its observation, or of the state of the whole team.

    Args:
        agents: A.
        inputs: Features of an agent's situation.
        width: Neurons per hidden layer.
        shared: Whether all agents use one network.
        learning_rate: Step size.
        rng: Draws the first weights.
    """

    def __init__(
        self,
        agents: int,
        inputs: int,
        width: int,
        shared: bool,
        learning_rate: float,
        rng: np.random.Generator,
    ):
        self._groups = 1 if shared else agents
        self._mlp = TeamMlp(agents, inputs, 1, width, shared, rng)
        self._optimiser = torch.optim.Adam(
            self._mlp.parameters(), learning_rate, eps=1e-5, fused=True
        )
        self._scale = RunningScale()

    def __call__(self, situations: Floats) -> Floats:
        """Return values (N, A) of situations (N, A, inputs)."""
        with torch.no_grad():
            values = self._mlp(torch.from_numpy(situations)).squeeze(2).numpy()
        return self._scale.unscaled(values)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the step size."""
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate

    def fit(
        self,
        situations: Floats,
        returns: Floats,
        weights: Floats,
        epochs: int,
        parts: int,
        rng: np.random.Generator,
    ) -> None:
        """Learn that agents earned ``returns`` (N, A) in ``situations`` (N, A, inputs)."""
        self._scale.see(returns[weights > 0])
        inputs, counts = torch.from_numpy(situations), torch.from_numpy(weights)
        targets = torch.from_numpy(self._scale.scaled(returns))
        for rows in minibatches(len(returns), epochs, parts, rng):
            missed = nn.functional.smooth_l1_loss(
                self._mlp(inputs[rows]).squeeze(2), targets[rows], reduction="none"
            )
            loss = weighted_mean(missed, counts[rows]) * self._groups
            descend(self._mlp, self._optimiser, loss, LARGEST_GRADIENT)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return the mean over samples and agents of those that count."""
    return (values * weights).sum() / weights.sum().clamp(min=1.0)
