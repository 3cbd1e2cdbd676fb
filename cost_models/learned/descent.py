"""Training of networks that say what `network.Said` holds: likelihood, by gradient descent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from archgym.cost_models.learned.regressor import Told
from archgym.outcome import Floats

_WARM_UP = 0.1
_LARGEST_GRADIENT = 1.0
# The squared error counts sigma**(2 * this) times its weight in the likelihood, so that what is
# still badly known is learnt too (Seitzer et al., On the pitfalls of heteroscedastic uncertainty
# estimation, ICLR 2022).
_BETA = 0.5
_WEIGHT_OF_LOGITS = 0.3
# Designs are predicted so many at a time, filled up, so that numbers do not depend on the batch.
_CHUNK = 128


def as_tensor(values: Any) -> Tensor:
    """Return numbers or truth values as float32."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def probability(logit: Floats) -> Floats:
    """Return the probability that a logit stands for."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)))


def chunks(designs: Floats) -> Iterator[tuple[Tensor, int]]:
    """Yield designs (n, ...) in filled chunks of one size, and how many of each are designs."""
    for start in range(0, len(designs), _CHUNK):
        some = designs[start : start + _CHUNK]
        filled = np.zeros((_CHUNK, *designs.shape[1:]))
        filled[: len(some)] = some
        yield as_tensor(filled), len(some)


def descend(
    network: torch.nn.Module,
    data: list[Tensor],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
    told: Told,
) -> None:
    """Train a network; ``network(designs, metrics, exist)`` returns `Said`.

    Args:
        network: What learns.
        data: designs (n, ...), metrics (n, k), whether each has a value (n, k), feasible (n,).
        settings: device, batch, epochs, fewest_steps, learning_rate, weight_decay.
        rng: The order of designs.
        told: Hears of each epoch.
    """
    device = torch.device(settings["device"])
    network, data = network.to(device), [part.to(device) for part in data]
    count, size = len(data[0]), min(settings["batch"], len(data[0]))
    per_epoch = math.ceil(count / size)
    epochs = max(settings["epochs"], math.ceil(settings["fewest_steps"] / per_epoch))
    rate, decay = settings["learning_rate"], settings["weight_decay"]
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=decay)
    pace = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, epochs * per_epoch, pct_start=_WARM_UP
    )
    for epoch in range(epochs):
        order = torch.from_numpy(rng.permutation(count)).to(device)
        for rows in torch.split(order, size):
            loss = _loss(network, *(part[rows] for part in data))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
            optimizer.step()
            pace.step()
        told(epoch + 1, epochs)


def _loss(
    network: torch.nn.Module, designs: Tensor, metrics: Tensor, exist: Tensor, feasible: Tensor
) -> Tensor:
    """Return the negative log-likelihood of what is known, per value."""
    said = network(designs, metrics, exist)
    exist, feasible = exist.expand_as(said.mean), feasible.expand_as(said.feasible)
    error = (metrics - said.mean) / said.log_sigma.exp()
    surprise = 0.5 * error.square() + said.log_sigma
    weighted = surprise * said.log_sigma.detach().exp() ** (2.0 * _BETA) * exist
    logits = functional.binary_cross_entropy_with_logits(said.present, exist)
    logits = logits + functional.binary_cross_entropy_with_logits(said.feasible, feasible)
    loss: Tensor = weighted.sum() / exist.sum().clamp(min=1.0) + _WEIGHT_OF_LOGITS * logits
    return loss
