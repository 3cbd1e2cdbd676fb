"""The autoregressive transformer as a regressor: training, prediction, what is saved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from archgym.cost_models.learned.network import MetricTransformer, Said, Shape
from archgym.cost_models.learned.regressor import Beliefs, Tensors, check_settings
from archgym.outcome import Floats

DEFAULTS: Mapping[str, Any] = {
    "width": 64,
    "layers": 3,
    "heads": 4,
    "chained": True,
    "epochs": 80,
    "batch": 128,
    "learning_rate": 2e-3,
    "weight_decay": 0.01,
    "fewest_steps": 1000,
    "device": "cpu",
}
# Settings that are found in the data.
FOUND = ("axes", "features", "metrics")
_WARM_UP = 0.1
_LARGEST_GRADIENT = 1.0
# The squared error counts sigma**(2 * this) times its weight in the likelihood, so that what is
# still badly known is learnt too (Seitzer et al., On the pitfalls of heteroscedastic uncertainty
# estimation, ICLR 2022).
_BETA = 0.5
_WEIGHT_OF_LOGITS = 0.3
# Designs are predicted so many at a time, filled up, so that numbers do not depend on the batch.
_CHUNK = 128


class TransformerRegressor:
    """Fits `MetricTransformer` by maximum likelihood.

    Args:
        settings: Changes to `DEFAULTS`: sizes of the network, how long it learns, and where;
            predictions are always made by the processor.

    Raises:
        UnknownNameError: A setting is unknown.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings("transformer", DEFAULTS, settings)
        self._network: MetricTransformer | None = None

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> None:
        torch.manual_seed(int(rng.integers(2**62)))
        axes, features = designs.shape[1:]
        network = self._network or self._make(axes, features, metrics.shape[1])
        data = [_float(a) for a in (designs, np.nan_to_num(metrics), np.isfinite(metrics))]
        _descend(network.train(), [*data, _float(feasible)], self.settings, rng)
        self._network = network.eval().cpu()

    def predict(self, designs: Floats) -> Beliefs:
        assert self._network is not None, "fit it first"
        parts = []
        with torch.no_grad():
            for start in range(0, len(designs), _CHUNK):
                some = designs[start : start + _CHUNK]
                filled = np.zeros((_CHUNK, *designs.shape[1:]))
                filled[: len(some)] = some
                parts.append((self._network.chain(_float(filled)), len(some)))
        return _beliefs(parts, self.settings["metrics"])

    def tensors(self) -> Tensors:
        assert self._network is not None, "fit it first"
        return {name: tensor.numpy() for name, tensor in self._network.state_dict().items()}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls({name: settings[name] for name in settings if name not in FOUND})
        network = made._make(*(int(settings[name]) for name in FOUND))
        network.load_state_dict({name: torch.from_numpy(a) for name, a in tensors.items()})
        made._network = network.eval()
        return made

    def _make(self, axes: int, features: int, metrics: int) -> MetricTransformer:
        self.settings |= zip(FOUND, (axes, features, metrics), strict=True)
        own = ("width", "layers", "heads", "chained")
        return MetricTransformer(Shape(axes, features, metrics, *(self.settings[n] for n in own)))


def _float(values: Any) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def _beliefs(parts: list[tuple[Said, int]], metrics: int) -> Beliefs:
    def joined(name: str, width: tuple[int, ...]) -> Floats:
        rows = [getattr(said, name)[:count].double().numpy() for said, count in parts]
        return np.concatenate([np.zeros((0, *width)), *rows])

    wide = (metrics,)
    mean, log_sigma = joined("mean", wide), joined("log_sigma", wide)
    present, feasible = joined("present", wide), joined("feasible", ())
    return Beliefs(mean, np.exp(log_sigma), _probability(present), _probability(feasible))


def _probability(logit: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)))


def _descend(
    network: MetricTransformer,
    data: list[Tensor],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> None:
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
    for _ in range(epochs):
        order = torch.from_numpy(rng.permutation(count)).to(device)
        for rows in torch.split(order, size):
            loss = _loss(network, *(part[rows] for part in data))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
            optimizer.step()
            pace.step()


def _loss(
    network: MetricTransformer, designs: Tensor, metrics: Tensor, exist: Tensor, feasible: Tensor
) -> Tensor:
    """Return the negative log-likelihood of what is known, per value."""
    said = network(designs, metrics, exist)
    error = (metrics - said.mean) / said.log_sigma.exp()
    surprise = 0.5 * error.square() + said.log_sigma
    weighted = surprise * said.log_sigma.detach().exp() ** (2.0 * _BETA) * exist
    logits = functional.binary_cross_entropy_with_logits(said.present, exist)
    logits = logits + functional.binary_cross_entropy_with_logits(said.feasible, feasible)
    loss: Tensor = weighted.sum() / exist.sum().clamp(min=1.0) + _WEIGHT_OF_LOGITS * logits
    return loss
