"""A team's policy: for every agent a distribution over its choices and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from archgym.agents.marl.layout import ActionLayout, TeamActions
from archgym.agents.marl.networks import TeamMlp

_FIRST_GAIN = 0.01
_LOG_DEVIATION_RANGE = -5.0, 1.0
_LOG_2PI = math.log(2.0 * math.pi)
_TINY = 1e-20
# Finite, so that gradients of values that are not allowed are zero and not NaN.
_NEVER = -1e9


@dataclass(frozen=True)
class TeamDistribution:
    """Independent distributions of A agents in N situations.

    With N = 1 the one situation stands for all samples.

    Attributes:
        log_p: (N, A, K, V), log-probabilities of values, -inf for those that are not allowed.
        mean: (N, A, D), of the normal distribution of numbers before they are squashed.
        log_deviation: (N, A, D), its logarithmic deviation.
        read: bool (A, D), which numbers are read at all.
    """

    log_p: Tensor
    mean: Tensor
    log_deviation: Tensor
    read: Tensor

    def sample(self, rng: np.random.Generator, count: int | None = None) -> TeamActions:
        """Return ``count`` samples, or one per situation."""
        rows = len(self.log_p) if count is None else count
        log_p, mean = self.log_p.detach().numpy(), self.mean.detach().numpy()
        uniform = rng.random((rows, *log_p.shape[1:]), dtype=np.float32)
        gumbel = -np.log(-np.log(np.maximum(uniform, _TINY)) + _TINY)
        noise = rng.standard_normal((rows, *mean.shape[1:]), dtype=np.float32)
        deviation = np.exp(self.log_deviation.detach().numpy())
        return TeamActions((log_p + gumbel).argmax(axis=3), mean + deviation * noise)

    def best(self) -> TeamActions:
        """Return the likeliest choices and the mean numbers."""
        return TeamActions(
            self.log_p.detach().argmax(dim=3).numpy(), self.mean.detach().numpy().copy()
        )

    def log_prob(self, index: Tensor, raw: Tensor) -> Tensor:
        """Return the log-probability of each agent's action, shape (N, A).

        That of numbers is the density before they are squashed; ratios are the same after it.
        """
        table = self.log_p.expand(len(index), -1, -1, -1)
        chosen = table.gather(3, index.unsqueeze(3)).squeeze(3).sum(dim=2)
        if not raw.shape[2]:
            return chosen
        scaled = (raw - self.mean) * torch.exp(-self.log_deviation)
        density = -0.5 * scaled.square() - self.log_deviation - 0.5 * _LOG_2PI
        return chosen + (density * self.read).sum(dim=2)

    def choice_entropy(self) -> Tensor:
        """Return the entropy of each agent's choices in nats, shape (N, A)."""
        possible = self.log_p.clamp(min=-1e4)
        return -(possible.exp() * possible).sum(dim=(2, 3))

    def squashed_entropy(self, raw: Tensor) -> Tensor:
        """Return an estimate of the entropy of squashed numbers from samples, shape (N, A)."""
        scaled = (raw - self.mean) * torch.exp(-self.log_deviation)
        density = -0.5 * scaled.square() - self.log_deviation - 0.5 * _LOG_2PI
        # log(1 - tanh(x)^2), in a form that does not overflow.
        slope = 2.0 * (math.log(2.0) - raw - nn.functional.softplus(-2.0 * raw))
        return ((slope - density) * self.read).sum(dim=2)

    def entropy(self) -> Tensor:
        """Return the entropy of each agent, of numbers before they are squashed, shape (N, A)."""
        density = (self.log_deviation + 0.5 * (1.0 + _LOG_2PI)) * self.read
        return self.choice_entropy() + density.sum(dim=2)


class TeamPolicy(nn.Module):
    """Networks that turn observations into a `TeamDistribution`.

    Args:
        layout: What the agents choose.
        observation_size: Features of an agent.
        width: Neurons per hidden layer.
        shared: Whether all agents use one network.
        rng: Draws the first weights.
        log_deviation: The first logarithmic deviation of numbers.
        floor: Share of every choice that stays uniform over the allowed values, whatever the
            networks say: with that probability an agent deviates from what it has learned.
    """

    def __init__(
        self,
        layout: ActionLayout,
        observation_size: int,
        width: int,
        shared: bool,
        rng: np.random.Generator,
        log_deviation: float = 0.0,
        floor: float = 0.0,
    ):
        super().__init__()
        self.layout = layout
        outputs = layout.most_choices * layout.most_values + 2 * layout.most_numbers
        self._mlp = TeamMlp(
            layout.agents, observation_size, outputs, width, shared, rng, _FIRST_GAIN
        )
        self._log_deviation = log_deviation
        forbidden = np.where(layout.allowed, 0.0, _NEVER).astype(np.float32)
        self._forbidden = torch.from_numpy(forbidden)
        self._read = torch.from_numpy(layout.real_numbers)
        uniform = layout.allowed / layout.allowed.sum(axis=2, keepdims=True)
        self._uniform = torch.from_numpy(uniform.astype(np.float32)).log().clamp(min=_NEVER)
        self.floor = floor

    def forward(self, observations: Tensor) -> TeamDistribution:
        """Return the distributions in situations of shape (N, A, observation_size)."""
        layout = self.layout
        cut = layout.most_choices * layout.most_values
        results = self._mlp(observations)
        shape = (*results.shape[:2], layout.most_choices, layout.most_values)
        logits = results[..., :cut].reshape(shape) + self._forbidden
        mean, spread = results[..., cut:].chunk(2, dim=2)
        log_deviation = (self._log_deviation + spread).clamp(*_LOG_DEVIATION_RANGE)
        log_p = torch.log_softmax(logits, dim=3)
        if self.floor:
            learned = log_p + math.log1p(-self.floor)
            log_p = torch.logaddexp(learned, self._uniform + math.log(self.floor))
        return TeamDistribution(log_p, mean, log_deviation, self._read)
