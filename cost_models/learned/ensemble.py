"""A deep ensemble as a regressor: small networks that differ by where they began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from archgym.cost_models.learned.descent import as_tensor, chunks, descend, probability
from archgym.cost_models.learned.network import Said
from archgym.cost_models.learned.regressor import Beliefs, Tensors, Told, check_settings, unheard
from archgym.outcome import Floats

DEFAULTS: Mapping[str, Any] = {
    "members": 5,
    "width": 64,
    "layers": 2,
    "epochs": 80,
    "batch": 128,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "fewest_steps": 2000,
    "device": "cpu",
}
_FOUND = ("inputs", "metrics")
_COLUMNS = "columns"
_LOG_SIGMA_RANGE = (-7.0, 3.0)


class Members(nn.Module):
    """Perceptrons of one shape, all computed at once; float32.

    Args:
        sizes: Inputs, neurons of each hidden layer, outputs.
        members: How many there are.
        metrics: k; outputs are k means, k logarithms of sigma, k + 1 logits.
    """

    def __init__(self, sizes: list[int], members: int, metrics: int):
        super().__init__()
        pairs = list(pairwise(sizes))
        self.metrics = metrics
        self.weights = nn.ParameterList(_drawn(members, *pair) for pair in pairs)
        self.biases = nn.ParameterList(torch.zeros(members, 1, out) for _, out in pairs)

    def forward(self, designs: Tensor, metrics: Tensor | None, exist: Tensor | None) -> Said:
        """Return what each member says of designs (n, inputs): (members, n, k) and (members, n).

        Metrics do not matter; networks that see them have the same call.
        """
        x = designs
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = functional.silu(x @ weight + bias)
        out = x @ self.weights[-1] + self.biases[-1]
        k = self.metrics
        sigma = out[..., k : 2 * k].clamp(*_LOG_SIGMA_RANGE)
        return Said(out[..., :k], sigma, out[..., 2 * k : 3 * k], out[..., -1])


class EnsembleRegressor:
    """The mean of several networks; sigma holds their own and how much they disagree.

    Args:
        settings: Changes to `DEFAULTS`; predictions are always made by the processor.

    Raises:
        UnknownNameError: A setting is unknown.

    Source: Lakshminarayanan et al., Simple and scalable predictive uncertainty estimation using
    deep ensembles, NeurIPS 2017.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings("ensemble", DEFAULTS, settings)
        self._columns = np.zeros(0, dtype=np.int64)
        self._members: Members | None = None

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        torch.manual_seed(int(rng.integers(2**62)))
        flat = designs.reshape(len(designs), math.prod(designs.shape[1:]))
        if self._members is None:
            self._columns = np.flatnonzero(np.ptp(flat, axis=0) > 0)
            self._members = self._make(len(self._columns), metrics.shape[1])
        data = [flat[:, self._columns], np.nan_to_num(metrics), np.isfinite(metrics), feasible]
        descend(self._members, [as_tensor(part) for part in data], self.settings, rng, told)
        self._members.cpu()

    def predict(self, designs: Floats) -> Beliefs:
        assert self._members is not None, "fit it first"
        flat = designs.reshape(len(designs), math.prod(designs.shape[1:]))[:, self._columns]
        with torch.no_grad():
            parts = [_belief(self._members(x, None, None), n) for x, n in chunks(flat)]
        k = self.settings["metrics"]
        none = (np.zeros((0, k)), np.zeros((0, k)), np.zeros((0, k)), np.zeros(0))
        return Beliefs(*(np.concatenate(part) for part in zip(none, *parts, strict=True)))

    def tensors(self) -> Tensors:
        assert self._members is not None, "fit it first"
        learnt = {name: tensor.numpy() for name, tensor in self._members.state_dict().items()}
        return {**learnt, _COLUMNS: self._columns}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls({name: settings[name] for name in settings if name not in _FOUND})
        made._columns = tensors[_COLUMNS]
        made._members = made._make(*(int(settings[name]) for name in _FOUND))
        learnt = {n: torch.from_numpy(tensors[n]) for n in tensors if n != _COLUMNS}
        made._members.load_state_dict(learnt)
        return made

    def _make(self, inputs: int, metrics: int) -> Members:
        self.settings |= zip(_FOUND, (inputs, metrics), strict=True)
        hidden = [self.settings["width"]] * self.settings["layers"]
        return Members([inputs, *hidden, 3 * metrics + 1], self.settings["members"], metrics)


def _drawn(members: int, inputs: int, outputs: int) -> Tensor:
    return torch.randn(members, inputs, outputs) / math.sqrt(max(inputs, 1))


def _belief(said: Said, count: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return mean, sigma, and probabilities of the mixture of all members."""
    mean, log_sigma, present, feasible = (
        getattr(said, name)[:, :count].double().numpy()
        for name in ("mean", "log_sigma", "present", "feasible")
    )
    variance = np.exp(2.0 * log_sigma).mean(axis=0) + mean.var(axis=0)
    likely = (probability(logit).mean(axis=0) for logit in (present, feasible))
    return (mean.mean(axis=0), np.sqrt(variance), *likely)
