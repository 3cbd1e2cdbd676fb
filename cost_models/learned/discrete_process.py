"""A Gaussian process over choices as a regressor: for some hundred designs of few-valued axes."""

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
from archgym.cost_models.learned.steps import beyond, steps_of
from archgym.outcome import Floats

DEFAULTS: Mapping[str, Any] = {"most_rows": 1000, "iterations": 80, "most_relations": 10}
# Logarithms at the start: how much each step weighs in each distance, how much by itself, the
# amplitude of each distance, the noise.
_WEIGHTS, _ALONE, _AMPLITUDES, _NOISE = (-2.0, -4.0), -4.0, (0.0, -3.0), -6.0
_DEVIATION = 2.0  # of their normal priors
# A line search may try what no numbers stand for.
_FARTHEST = 14.0
_LEAST_NOISE = 1e-8
# Designs are predicted so many at a time, filled up, so that numbers do not depend on the batch.
_CHUNK = 64
_SURE = 1e-9


class DiscreteProcessRegressor:
    """Exact regression on the steps between designs, with one kernel for all metrics.

    The kernel of designs whose sides of steps are z and z' (0 or 1 each) is

        sum over t of amplitude_t exp(-sum over steps of weight_t |z - z'|)
        + sum over steps of alone z z'

    so that a step may matter together with others, or add the same to all designs. Metrics share
    it, since what has no effect on one seldom has on another. Feasibility, and whether a metric
    has a value, are regressions on 1 and -1 with a kernel of their own. Of more than
    ``most_rows`` designs a random part is learnt.

    Source: additive kernels after Duvenaud et al., Additive Gaussian processes, NeurIPS 2011.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None):
        self.settings = check_settings("discrete_gp", DEFAULTS, settings)
        self._tensors: dict[str, NDArray[Any]] = {}
        self._solved: list[_Solved] = []

    def fit(
        self,
        designs: Floats,
        metrics: Floats,
        feasible: NDArray[np.bool_],
        rng: np.random.Generator,
        told: Told = unheard,
    ) -> None:
        rows = rng.permutation(len(designs))[: self.settings["most_rows"]]
        steps = steps_of(designs[rows], self.settings["most_relations"])
        labels = np.column_stack([np.isfinite(metrics), feasible]) * 2.0 - 1.0
        targets = np.column_stack([metrics, labels])[rows]
        inputs = beyond(designs[rows], steps)
        groups = _groups(targets)
        parameters: list[Floats] = []
        for group in range(groups.max() + 1):
            known = _known(inputs, targets, groups == group)
            parameters.append(_fitted(*known, self.settings["iterations"]))
            told(len(parameters), groups.max() + 1)
        size = _Parameters.size(len(steps))
        self._keep(
            {
                "steps": steps,
                "inputs": inputs,
                "targets": targets,
                "groups": groups,
                "parameters": np.array(parameters, dtype=np.float64).reshape(-1, size),
            }
        )

    def predict(self, designs: Floats) -> Beliefs:
        sides = beyond(designs, self._tensors["steps"])
        targets, groups = self._tensors["targets"], self._tensors["groups"]
        mean = np.tile(_largest(targets), (len(designs), 1))
        sigma = np.full(mean.shape, _SURE)
        for group, solved in enumerate(self._solved):
            columns = groups == group
            mean[:, columns], wide = solved.said(sides)
            sigma[:, columns] = wide[:, None]
        metrics = (targets.shape[1] - 1) // 2
        score = torch.from_numpy(mean / sigma / math.sqrt(2.0))
        likely = (0.5 * (1.0 + torch.erf(score))).numpy()
        return Beliefs(mean[:, :metrics], sigma[:, :metrics], likely[:, metrics:-1], likely[:, -1])

    def tensors(self) -> Tensors:
        return self._tensors

    @classmethod
    def restore(cls, settings: Mapping[str, Any], tensors: Tensors) -> Self:
        made = cls(settings)
        made._keep({name: tensors[name] for name in tensors})
        return made

    def _keep(self, tensors: dict[str, NDArray[Any]]) -> None:
        inputs, targets, groups = (tensors[name] for name in ("inputs", "targets", "groups"))
        self._tensors = tensors
        self._solved = [
            _Solved.of(*_known(inputs, targets, groups == group), torch.from_numpy(parameters))
            for group, parameters in enumerate(tensors["parameters"])
        ]


@dataclass(frozen=True)
class _Parameters:
    """Logarithms of a kernel's parameters, see `DiscreteProcessRegressor`."""

    weights: Tensor
    alone: Tensor
    amplitudes: Tensor
    noise: Tensor

    @staticmethod
    def size(steps: int) -> int:
        return (len(_WEIGHTS) + 1) * steps + len(_AMPLITUDES) + 1

    @staticmethod
    def first(steps: int) -> Tensor:
        of_steps = [start for start in (*_WEIGHTS, _ALONE) for _ in range(steps)]
        return torch.tensor([*of_steps, *_AMPLITUDES, _NOISE], dtype=torch.float64)

    @staticmethod
    def of(flat: Tensor) -> _Parameters:
        terms = len(_WEIGHTS)
        steps = (len(flat) - terms - 1) // (terms + 1)
        within = flat.clamp(-_FARTHEST, _FARTHEST)
        weights, alone, amplitudes, noise = torch.split(within, [terms * steps, steps, terms, 1])
        return _Parameters(weights.view(terms, steps), alone, amplitudes, noise)

    def kernel(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the covariance of designs by their sides of steps, (n, m)."""
        total = (a * self.alone.exp()) @ b.T
        for weight, amplitude in zip(self.weights.exp(), self.amplitudes.exp(), strict=True):
            # |z - z'| = z + z' - 2 z z' for zeros and ones.
            far = (a @ weight)[:, None] + (b @ weight)[None, :] - 2.0 * (a * weight) @ b.T
            total = total + amplitude * torch.exp(-far.clamp(min=0.0))
        return total

    def variance(self, a: Tensor) -> Tensor:
        """Return the kernel of each design with itself, (n,)."""
        return a @ self.alone.exp() + self.amplitudes.exp().sum()

    def root(self, x: Tensor) -> Tensor:
        noise = self.noise.exp() + _LEAST_NOISE
        covariance = self.kernel(x, x) + noise * torch.eye(len(x), dtype=x.dtype)
        root: Tensor = torch.linalg.cholesky(covariance)
        return root


@dataclass(frozen=True)
class _Solved:
    """Regressions of one kernel: sides (n, steps), means (k,), weights (n, k), root (n, n)."""

    inputs: Tensor
    means: Tensor
    weights: Tensor
    root: Tensor
    parameters: _Parameters

    @staticmethod
    def of(x: Tensor, y: Tensor, flat: Tensor) -> _Solved:
        parameters, means = _Parameters.of(flat), y.mean(dim=0)
        root = parameters.root(x)
        return _Solved(x, means, torch.cholesky_solve(y - means, root), root, parameters)

    def said(self, sides: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return means (n, k) and standard deviations (n,)."""
        parts = [self._of_chunk(chunk, count) for chunk, count in _chunks(sides)]
        mean, sigma = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
        return mean, sigma

    def _of_chunk(self, chunk: Tensor, count: int) -> tuple[Tensor, Tensor]:
        near = self.parameters.kernel(chunk, self.inputs)
        explained = torch.linalg.solve_triangular(self.root, near.T, upper=False).square().sum(0)
        left = (self.parameters.variance(chunk) - explained).clamp(min=0.0)
        sigma = (left + self.parameters.noise.exp()).sqrt()
        return (near @ self.weights + self.means)[:count], sigma[:count]


def _largest(targets: Floats) -> Floats:
    """Return the largest value of each column, which is the only one of a constant; 0 of none."""
    largest = np.where(np.isfinite(targets), targets, -math.inf).max(axis=0)
    return np.where(np.isfinite(largest), largest, 0.0)


def _groups(targets: Floats) -> NDArray[np.int64]:
    """Return which kernel each column has: one for all that are known of the same designs.

    Labels have another than metrics, and what is always the same has none, -1.
    """
    metrics = (targets.shape[1] - 1) // 2
    known: dict[tuple[bool, bytes], int] = {}
    groups = []
    for at, column in enumerate(targets.T):
        there = np.isfinite(column)
        varies = there.any() and np.ptp(column[there]) > 0.0
        key = (at < metrics, there.tobytes())
        groups.append(known.setdefault(key, len(known)) if varies else -1)
    return np.array(groups, dtype=np.int64)


def _known(
    inputs: NDArray[np.bool_], targets: Floats, columns: NDArray[np.bool_]
) -> tuple[Tensor, Tensor]:
    some = targets[:, columns]
    rows = np.isfinite(some).all(axis=1)
    return torch.from_numpy(inputs[rows].astype(np.float64)), torch.from_numpy(some[rows])


def _chunks(sides: NDArray[np.bool_]) -> Iterator[tuple[Tensor, int]]:
    for start in range(0, max(len(sides), 1), _CHUNK):
        filled = np.zeros((_CHUNK, sides.shape[1]))
        some = sides[start : start + _CHUNK]
        filled[: len(some)] = some
        yield torch.from_numpy(filled), len(some)


def _fitted(x: Tensor, y: Tensor, iterations: int) -> Floats:
    """Return the parameters of the largest posterior density, flat."""
    y = y - y.mean(dim=0)
    first = _Parameters.first(x.shape[1])
    flat = first.clone().requires_grad_()
    search = torch.optim.LBFGS([flat], max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        root = _Parameters.of(flat).root(x)
        weighted = torch.cholesky_solve(y, root)
        value = 0.5 * (y * weighted).sum() + y.shape[1] * root.diagonal().log().sum()
        value = value + 0.5 * ((flat - first) / _DEVIATION).square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(loss)  # type: ignore[no-untyped-call]
    return np.asarray(flat.detach().numpy())
