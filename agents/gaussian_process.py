"""Gaussian processes over designs, built of BoTorch's parts.

This module imports torch and botorch; agents import it when they run. Numbers are float64.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.models.kernels import CategoricalKernel
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch import settings
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from archgym.agents.observations import Observations, log_gain
from archgym.encodings import to_unit
from archgym.outcome import Floats
from archgym.parameter import Codes
from archgym.space import DesignSpace
from archgym.torch_session import torch_session

_FIT_STEPS = 50
_SMALLEST_LENGTH_SCALE = 1e-3
_LARGEST_EXACT = 20_000
# With fewer feasible designs there is nothing to tell them apart by.
_FEWEST_FEASIBLE = 2


@contextmanager
def modelling(rng: np.random.Generator) -> Iterator[None]:
    """Run the body on one thread, with torch's random numbers from ``rng``, exactly and quietly.

    BoTorch warns of jitter on diagonals, of fits that stop early and of unscaled inputs, none of
    which the user can do anything about.
    """
    exact = settings.max_cholesky_size(_LARGEST_EXACT)
    with torch_session(), exact, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(int(rng.integers(2**62)))
        yield


def features(space: DesignSpace, codes: Codes) -> Tensor:
    """Return what models see of designs, (n, width): unit cube, codes of axes without order."""
    ordered = np.array([axis.ordered for axis in space.axes])
    return torch.from_numpy(np.where(ordered, to_unit(space, codes), codes))


class DesignModels:
    """Models of the objectives, and one of feasibility where infeasible designs are known.

    Each is a Gaussian process of zero mean and unit variance over standardised values. Its kernel
    is the product of a Matern 5/2 kernel over axes with an order and an exponential Hamming kernel
    over those without, each with a length scale per axis. Objectives are learnt from feasible
    designs only, on a logarithmic scale.

    Attributes:
        objectives: One model per objective.
        feasibility: Of `Observations.violation`, at most 0 where a design is feasible; or None.
    """

    def __init__(self, space: DesignSpace):
        self.space = space
        self.objectives: list[SingleTaskGP] = []
        self.feasibility: SingleTaskGP | None = None

    def train(self, known: Observations) -> None:
        """Fit all models, starting from the last fit."""
        everything, feasible = features(self.space, known.codes), known.feasible
        rows = feasible if feasible.sum() >= _FEWEST_FEASIBLE else np.ones(len(known), dtype=bool)
        scaled = log_gain(known.objectives) if rows is feasible else known.objectives
        before: list[Any] = self.objectives or [None] * scaled.shape[1]
        self.objectives = [
            self._fit(everything[rows], scaled[rows, column], before[column])
            for column in range(scaled.shape[1])
        ]
        if not feasible.all():
            self.feasibility = self._fit(everything, known.violation, self.feasibility)

    def length_scales(self) -> Floats:
        """Return those of the first objective, shape (width,); 1 for axes without order."""
        scales = np.ones(self.space.width)
        for part in self.objectives[0].covar_module.modules():
            if isinstance(part, MaternKernel):
                scales[part.active_dims.numpy()] = part.lengthscale.detach().numpy()[0]
        return scales

    def _fit(self, inputs: Tensor, values: Floats, before: SingleTaskGP | None) -> SingleTaskGP:
        targets = torch.from_numpy(values)[:, None]
        model = SingleTaskGP(inputs, targets, covar_module=kernel(self.space))
        if before is not None:
            model.covar_module.load_state_dict(before.covar_module.state_dict())
            model.likelihood.load_state_dict(before.likelihood.state_dict())
        likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
        fit_gpytorch_mll_scipy(likelihood, options={"maxiter": _FIT_STEPS})
        model.eval()
        return model


def kernel(space: DesignSpace) -> Any:
    """Return a Matern kernel over axes with an order times a Hamming kernel over the others."""
    ordered = [column for column, axis in enumerate(space.axes) if axis.ordered]
    others = [column for column, axis in enumerate(space.axes) if not axis.ordered]
    parts: list[Any] = []
    if ordered:
        parts.append(
            get_covar_module_with_dim_scaled_prior(
                len(ordered), use_rbf_kernel=False, active_dims=ordered
            )
        )
    if others:
        parts.append(
            CategoricalKernel(
                ard_num_dims=len(others),
                active_dims=others,
                lengthscale_prior=LogNormalPrior(0.0, 1.0),
                lengthscale_constraint=GreaterThan(_SMALLEST_LENGTH_SCALE),
            )
        )
    return parts[0] if len(parts) == 1 else parts[0] * parts[1]
