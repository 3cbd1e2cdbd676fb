"""What a true model says, given what a cheap one says: autoregression of two fidelities.

This module imports torch and botorch; agents import it when they run. Numbers are float64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import ScaleKernel
from gpytorch.means import Mean
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior, NormalPrior
from numpy.typing import NDArray
from torch import Tensor

from archgym.agents.committee import Opinion
from archgym.agents.gaussian_process import features, kernel
from archgym.batch import Batch
from archgym.outcome import Floats
from archgym.space import DesignSpace

_FIT_STEPS = 30
_FEWEST = 2
_LEAST_SIGMA = 1e-9
# Of a difference: where the two models agree, the search for its scale would end at 0.
_LEAST_VARIANCE = 1e-6


class _CheapMean(Mean):  # type: ignore[misc]
    """A factor times the last input, which is what the cheap model says, plus a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("rho", torch.nn.Parameter(torch.ones(())))
        self.register_parameter("constant", torch.nn.Parameter(torch.zeros(())))
        self.register_prior("rho_prior", NormalPrior(1.0, 1.0), "rho")

    def forward(self, inputs: Tensor) -> Tensor:
        said: Tensor = self.rho * inputs[..., -1] + self.constant
        return said


class Process:
    """Values that are a factor times cheap ones plus a difference over designs.

    Factor, kernel and noise are those of the largest posterior density, searched from where the
    process before ended.

    Args:
        space: The design space.
        batch: Designs, n of them.
        cheap: float64 (n,).
        true: float64 (n,).
        before: A process of fewer designs.
    """

    def __init__(
        self, space: DesignSpace, batch: Batch, cheap: Floats, true: Floats, before: Process | None
    ):
        self._inputs, targets = _inputs(batch, cheap), torch.from_numpy(true)
        scaled = ScaleKernel(
            kernel(space),
            outputscale_prior=LogNormalPrior(-1.0, 1.5),
            outputscale_constraint=GreaterThan(_LEAST_VARIANCE),
        )
        self._model = SingleTaskGP(
            self._inputs,
            targets[:, None],
            mean_module=_CheapMean().double(),
            covar_module=scaled,
            outcome_transform=None,
        )
        self._fit(before)
        noise = self._noise * torch.eye(len(true), dtype=targets.dtype)
        self._root = torch.linalg.cholesky(self._covariance(self._inputs) + noise)
        left = (targets - self._mean(self._inputs))[:, None]
        self._weights = torch.cholesky_solve(left, self._root)[:, 0]

    @property
    def rho(self) -> float:
        """The factor."""
        return float(self._model.mean_module.rho.item())

    @torch.no_grad()
    def at(self, batch: Batch, cheap: Floats) -> tuple[Floats, Floats]:
        """Return means and standard deviations, noise left out, of designs with cheap values."""
        inputs = _inputs(batch, cheap)
        near = self._covariance(inputs)
        explained = torch.linalg.solve_triangular(self._root, near.T, upper=False).square()
        variance = self._model.covar_module.outputscale - explained.sum(dim=0)
        mean = self._mean(inputs) + near @ self._weights
        return mean.numpy(), variance.clamp(min=0.0).sqrt().numpy()

    def _fit(self, before: Process | None) -> None:
        if before is not None:
            for part in ("mean_module", "covar_module", "likelihood"):
                getattr(self._model, part).load_state_dict(
                    getattr(before._model, part).state_dict()
                )
        density = ExactMarginalLogLikelihood(self._model.likelihood, self._model)
        fit_gpytorch_mll_scipy(density, options={"maxiter": _FIT_STEPS})
        self._model.eval()
        self._model.requires_grad_(False)

    def _covariance(self, inputs: Tensor) -> Tensor:
        """Return how values at inputs (m, ...) go with those at the designs learnt, (m, n)."""
        found: Tensor = self._model.covar_module(inputs, self._inputs).to_dense()
        return found

    def _mean(self, inputs: Tensor) -> Tensor:
        found: Tensor = self._model.mean_module(inputs)
        return found

    @property
    def _noise(self) -> float:
        return float(self._model.likelihood.noise.item())


class Autoregression:
    """Each metric is a factor times the cheap one plus a difference, a Gaussian process.

    Metrics are standardised, the true and the cheap ones each on their own scale. Whether a
    design is feasible is a process of its own, on 1 and -1, once an infeasible one is known.

    Source: Kennedy and O'Hagan, Predicting the output from a complex computer code when fast
    approximations are available, Biometrika 87, 2000.
    """

    def __init__(self, space: DesignSpace):
        self._space = space
        self._metrics: list[Process] = []
        self._feasible: Process | None = None

    @property
    def rho(self) -> Floats:
        """The factor of each metric, shape (k,)."""
        return np.array([process.rho for process in self._metrics])

    def learn(
        self, batch: Batch, cheap: Floats, true: Floats, feasible: NDArray[np.bool_]
    ) -> bool:
        """Learn designs of which both are known; return whether there were enough.

        Args:
            batch: The designs, n of them.
            cheap: float64 (n, k), what the cheap model says.
            true: float64 (n, k), what the true one says, finite where feasible.
            feasible: bool (n,), by the true one.
        """
        if feasible.sum() < _FEWEST:
            return False
        known, width = batch.select(feasible), true.shape[1]
        before: list[Any] = self._metrics if len(self._metrics) == width else [None] * width
        self._metrics = [
            Process(self._space, known, cheap[feasible, at], true[feasible, at], before[at])
            for at in range(width)
        ]
        if not feasible.all():
            none, labels = np.zeros(len(batch)), np.where(feasible, 1.0, -1.0)
            self._feasible = Process(self._space, batch, none, labels, self._feasible)
        return True

    def opinion(self, batch: Batch, cheap: Opinion) -> Opinion:
        """Return what is believed of the true model, given beliefs about the cheap one."""
        said = [process.at(batch, cheap.mean[:, k]) for k, process in enumerate(self._metrics)]
        mean, sigma = (np.stack(part, axis=1) for part in zip(*said, strict=True))
        wide = np.hypot(self.rho * cheap.sigma, sigma)
        return Opinion(mean, wide, cheap.likely * self._likely(batch))

    def _likely(self, batch: Batch) -> Floats:
        if self._feasible is None:
            return np.ones(len(batch))
        mean, sigma = self._feasible.at(batch, np.zeros(len(batch)))
        score = torch.from_numpy(mean / np.maximum(sigma, _LEAST_SIGMA) / math.sqrt(2.0))
        return np.asarray(0.5 * (1.0 + torch.erf(score).numpy()))


def _inputs(batch: Batch, cheap: Floats) -> Tensor:
    """Return designs as models see them, and what the cheap model says of them."""
    designs = features(batch.space, batch.codes)
    return torch.cat([designs, torch.from_numpy(cheap)[:, None]], dim=1)
