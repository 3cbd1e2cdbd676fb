"""Passing over samples in random parts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def minibatches(count: int, epochs: int, parts: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Yield the rows of each part of each pass; a pass takes every row once."""
    for _ in range(epochs):
        order = rng.permutation(count)
        for rows in np.array_split(order, min(parts, count)):
            yield torch.from_numpy(rows)
