"""Several small networks that are computed as one.

The weights of a team's networks are stacked, (groups, inputs, outputs), so one batched matrix
product serves all of them: ten small networks cost about as much as one.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

_HIDDEN_GAIN = math.sqrt(2.0)


class StackedMlp(nn.Module):
    """One perceptron per group, two hidden layers of tanh.

    Args:
        groups: How many networks.
        inputs: Features of each.
        outputs: Results of each.
        width: Neurons per hidden layer.
        rng: Draws the first weights, which are orthogonal.
        gain: Scale of the last layer's first weights.
    """

    def __init__(
        self,
        groups: int,
        inputs: int,
        outputs: int,
        width: int,
        rng: np.random.Generator,
        gain: float = 1.0,
    ):
        super().__init__()
        sizes = [(inputs, width, _HIDDEN_GAIN), (width, width, _HIDDEN_GAIN)]
        sizes.append((width, outputs, gain))
        self.weights = nn.ParameterList(_orthogonal(groups, *size, rng) for size in sizes)
        self.biases = nn.ParameterList(torch.zeros(groups, 1, size[1]) for size in sizes)

    def forward(self, features: Tensor) -> Tensor:
        """Return (groups, N, outputs) from (groups, N, inputs)."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            features = torch.tanh(torch.baddbmm(bias, features, weight))
        return torch.baddbmm(last[1], features, last[0])


class TeamMlp(nn.Module):
    """A network per agent, or one for all that is told whose turn it is.

    Args:
        agents: A.
        inputs: Features of each agent.
        outputs: Results of each agent.
        width: Neurons per hidden layer.
        shared: One network, to whose features the agent's number is appended as a one-hot vector.
        rng: Draws the first weights.
        gain: Scale of the last layer's first weights.
    """

    def __init__(
        self,
        agents: int,
        inputs: int,
        outputs: int,
        width: int,
        shared: bool,
        rng: np.random.Generator,
        gain: float = 1.0,
    ):
        super().__init__()
        self.agents, self.shared = agents, shared
        groups, features = (1, inputs + agents) if shared else (agents, inputs)
        self._mlp = StackedMlp(groups, features, outputs, width, rng, gain)

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, A, outputs) from (N, A, inputs)."""
        if not self.shared:
            stacked: Tensor = self._mlp(features.transpose(0, 1))
            return stacked.transpose(0, 1)
        count = len(features)
        who = torch.eye(self.agents).expand(count, -1, -1)
        told = torch.cat([features, who], dim=2).reshape(1, count * self.agents, -1)
        together: Tensor = self._mlp(told)
        return together.reshape(count, self.agents, -1)


def clip_gradients(network: nn.Module, limit: float) -> None:
    """Shrink gradients so that those of each group have a norm of at most ``limit``.

    Stacked networks are independent, so one with large gradients must not slow the others down.

    Args:
        network: Its parameters have the group as their first axis.
        limit: The largest norm.
    """
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    squares = torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients])
    scale = (limit / (torch.linalg.vector_norm(squares, dim=0) + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, 1, 1))


def descend(
    network: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, limit: float = math.inf
) -> None:
    """Take one step down the gradient of ``loss``, clipped per group at ``limit``."""
    optimiser.zero_grad()
    torch.autograd.backward([loss])
    if math.isfinite(limit):
        clip_gradients(network, limit)
    optimiser.step()


def _orthogonal(
    groups: int, inputs: int, outputs: int, gain: float, rng: np.random.Generator
) -> Tensor:
    tall, flat = max(inputs, outputs), min(inputs, outputs)
    q, r = np.linalg.qr(rng.standard_normal((groups, tall, flat)))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    weights = q if inputs >= outputs else q.transpose(0, 2, 1)
    return torch.tensor(gain * weights, dtype=torch.float32)
