"""Networks that say what designs are worth, trained on values and a penalty of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from archgym.outcome import Floats

_BATCH = 64
_LEARNING_RATE = 2e-3
_CHUNK = 8192

# Networks, points of a step's designs (n, inputs), what networks say of them (members, n) -> loss.
Penalty = Callable[["Networks", Tensor, Tensor], Tensor]


class Networks(nn.Module):
    """Perceptrons of one shape that differ by where they began, all computed at once; float32.

    Args:
        sizes: Inputs, neurons of each hidden layer, 1.
        members: How many there are.
    """

    def __init__(self, sizes: list[int], members: int):
        super().__init__()
        pairs = list(pairwise(sizes))
        self.weights = nn.ParameterList(
            torch.randn(members, *pair) / math.sqrt(max(pair[0], 1)) for pair in pairs
        )
        self.biases = nn.ParameterList(torch.zeros(members, 1, out) for _, out in pairs)

    def forward(self, points: Tensor) -> Tensor:
        """Return what each says of points (n, inputs) or its own (members, n, inputs)."""
        x = points
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = functional.silu(x @ weight + bias)
        out: Tensor = x @ self.weights[-1] + self.biases[-1]
        return out.squeeze(-1)

    def mean(self, points: Floats) -> Floats:
        """Return what they say of points (n, inputs) on the average, shape (n,)."""
        with torch.no_grad():
            parts = [self(as_tensor(p)).mean(dim=0) for p in _parts(points)]
        return np.concatenate([np.zeros(0), *(part.double().numpy() for part in parts)])

    def train_on(
        self,
        points: Floats,
        values: Floats,
        penalty: Penalty,
        steps: int,
        rng: np.random.Generator,
    ) -> None:
        """Take steps of gradient descent on squared errors and a penalty."""
        x, y = as_tensor(points), as_tensor(values)
        optimizer = torch.optim.AdamW(self.parameters(), _LEARNING_RATE)
        pace = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
        for _ in range(steps):
            rows = torch.from_numpy(rng.integers(len(x), size=_BATCH))
            said = self(x[rows])
            loss = (said - y[rows]).square().mean() + penalty(self, x[rows], said)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            pace.step()


def as_tensor(numbers: Floats) -> Tensor:
    """Return numbers as float32."""
    return torch.from_numpy(numbers.astype(np.float32))


def _parts(points: Floats) -> list[Floats]:
    return [points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)]
