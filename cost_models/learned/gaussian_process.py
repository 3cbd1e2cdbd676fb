"""Gaussian processes as a regressor, one for each metric: for some hundred designs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archgym.cost_models.learned.regressor import Beliefs, Tensors, Told, check_settings, unheard
from archgym.outcome import Floats

DEFAULTS: Mapping[str, Any] = {"most_rows": 1000, "iterations": 60}
# Logarithms of length scales, amplitude and noise at the start, and how far priors let them go.
_FIRST = {"length": 1.0, "amplitude": 0.0, "noise": -3.0}
_DEVIATION = 1.5
# A line search may try what no numbers stand for.
_FARTHEST = 12.0
_LEAST_NOISE = 1e-6
# Designs are predicted so many at a time, filled up, so that numbers do not depend on the batch.
_CHUNK = 64
_SURE = 1e-9
_NEXT_TO_NOTHING = 1e-12


class GaussianProcessRegressor:
    """Exact regression with a Matern 5/2 kernel and a length scale per input.

    An axis with an order is an input by its place, one without by its one-hot code. Feasibility,
    and whether a metric has a value, are regressions on 1 and -1. Of more than ``most_rows``
    designs a random part is learnt.

    Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings("gp", DEFAULTS, settings)
        self._tensors: dict[str, NDArray[Any]] = {}

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        rows = rng.permutation(len(designs))[: self.settings["most_rows"]]
        columns = _columns(designs)
        inputs = designs.reshape(len(designs), math.prod(designs.shape[1:]))[rows][:, columns]
        labels = np.column_stack([np.isfinite(metrics), feasible]) * 2.0 - 1.0
        targets = np.column_stack([metrics, labels])[rows]
        parameters = []
        for column in targets.T:
            found = _fitted(*_known(inputs, column), self.settings["iterations"])
            parameters.append(found.numpy())
            told(len(parameters), targets.shape[1])
        self._tensors = {
            "inputs": inputs,
            "targets": targets,
            "columns": columns,
            "parameters": np.stack(parameters),
        }

    def predict(self, designs: Floats) -> Beliefs:
        inputs = designs.reshape(len(designs), math.prod(designs.shape[1:]))[
            :, self._tensors["columns"]
        ]
        solved = self._solved()
        parts = [_said(solved, chunk, count) for chunk, count in _chunks(inputs)]
        mean, sigma = (np.concatenate(part) for part in zip(*parts, strict=True))
        metrics = (mean.shape[1] - 1) // 2
        score = torch.from_numpy(mean / np.maximum(sigma, _SURE) / math.sqrt(2.0))
        likely = (0.5 * (1.0 + torch.erf(score))).numpy()
        return Beliefs(mean[:, :metrics], sigma[:, :metrics], likely[:, metrics:-1], likely[:, -1])

    def tensors(self) -> Tensors:
        return self._tensors

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls(settings)
        made._tensors = {name: tensors[name] for name in tensors}
        return made

    def _solved(self) -> list[_Solved]:
        """Return all regressions, the equations of each solved."""
        inputs, targets = self._tensors["inputs"], self._tensors["targets"]
        return [
            _solve(*_known(inputs, column), torch.from_numpy(parameters))
            for column, parameters in zip(targets.T, self._tensors["parameters"], strict=True)
        ]


@dataclass(frozen=True)
class _Solved:
    """A regression: inputs (n, d), weights (n,), the covariance's root (n, n), parameters."""

    inputs: Tensor
    weights: Tensor
    root: Tensor
    parameters: Tensor


def _said(solved: list[_Solved], chunk: Floats, count: int) -> tuple[Floats, Floats]:
    """Return means and standard deviations of all regressions, (count, 2 k + 1) each."""
    columns = [_posterior(one, chunk) for one in solved]
    mean, sigma = (torch.stack(part, dim=1) for part in zip(*columns, strict=True))
    return mean.numpy()[:count], sigma.numpy()[:count]


def _columns(designs: Floats) -> NDArray[np.int64]:
    """Return the inputs that are used: places, and codes where places are all the same."""
    used = np.zeros(designs.shape[1:], dtype=bool)
    used[:, 0] = np.ptp(designs[:, :, 0], axis=0) > 0
    used[:, 1:] = ~used[:, :1]
    return np.flatnonzero(used)


def _known(inputs: Floats, column: Floats) -> tuple[Tensor, Tensor]:
    known = np.isfinite(column)
    return torch.from_numpy(inputs[known]), torch.from_numpy(column[known])


def _chunks(inputs: Floats) -> Iterator[tuple[Floats, int]]:
    for start in range(0, max(len(inputs), 1), _CHUNK):
        filled = np.zeros((_CHUNK, inputs.shape[1]))
        some = inputs[start : start + _CHUNK]
        filled[: len(some)] = some
        yield filled, len(some)


def _kernel(a: Tensor, b: Tensor, parameters: Tensor) -> Tensor:
    """Return the covariance (n, m); the parameters are logarithms: lengths, amplitude, noise."""
    lengths, amplitude = parameters[:-2].exp(), parameters[-2].exp()
    squares = ((a / lengths)[:, None, :] - (b / lengths)[None, :, :]).square().sum(dim=2)
    # Beside 0 the root has a gradient.
    far = (5.0 * squares + _NEXT_TO_NOTHING).sqrt()
    near: Tensor = (1.0 + far + far.square() / 3.0) * torch.exp(-far)
    return amplitude * near


def _root(x: Tensor, parameters: Tensor) -> Tensor:
    noise = parameters[-1].exp() + _LEAST_NOISE * (1.0 + parameters[-2].exp())
    covariance = _kernel(x, x, parameters) + noise * torch.eye(len(x), dtype=x.dtype)
    root: Tensor = torch.linalg.cholesky(covariance)
    return root


def _fitted(x: Tensor, y: Tensor, iterations: int) -> Tensor:
    """Return the parameters of the largest posterior density."""
    lengths = [_FIRST["length"]] * x.shape[1]
    first = torch.tensor([*lengths, _FIRST["amplitude"], _FIRST["noise"]], dtype=x.dtype)
    if len(y) < 2 or (y == y[0]).all():
        return first
    parameters = first.clone().requires_grad_()
    search = torch.optim.LBFGS([parameters], max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        root = _root(x, parameters.clamp(-_FARTHEST, _FARTHEST))
        weighted = torch.cholesky_solve(y[:, None], root)[:, 0]
        value = 0.5 * y @ weighted + root.diagonal().log().sum()
        value = value + 0.5 * ((parameters - first) / _DEVIATION).square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(loss)  # type: ignore[no-untyped-call]
    return parameters.detach().clamp(-_FARTHEST, _FARTHEST)


def _solve(x: Tensor, y: Tensor, parameters: Tensor) -> _Solved:
    root = _root(x, parameters)
    return _Solved(x, torch.cholesky_solve(y[:, None], root)[:, 0], root, parameters)


def _posterior(solved: _Solved, chunk: Floats) -> tuple[Tensor, Tensor]:
    """Return the mean and the standard deviation at points, (n,) each."""
    near = _kernel(torch.from_numpy(chunk), solved.inputs, solved.parameters)
    explained = torch.linalg.solve_triangular(solved.root, near.T, upper=False).square().sum(dim=0)
    amplitude, noise = solved.parameters[-2].exp(), solved.parameters[-1].exp()
    return near @ solved.weights, ((amplitude - explained).clamp(min=0.0) + noise).sqrt()
