"""What a design is worth in a multi-objective search: BoTorch's acquisition functions.

This module imports torch and botorch; agents import it when they run.
"""

from __future__ import annotations

from typing import Any

import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import IdentityMCMultiOutputObjective
from botorch.acquisition.objective import GenericMCObjective
from botorch.models.model_list_gp_regression import ModelListGP
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.hypervolume import infer_reference_point
from botorch.utils.multi_objective.pareto import is_non_dominated
from torch import Tensor

from archgym.agents.gaussian_process import DesignModels
from archgym.outcome import Floats


def make_acquisition(
    models: DesignModels, inputs: Tensor, values: Floats, samples: int, seed: int
) -> Any:
    """Return qLogNEHVI; under a single objective qLogNEI.

    Args:
        models: Trained models.
        inputs: Features of the designs that span the front, shape (n, width).
        values: Their objectives on the models' scale, shape (n, objectives).
        samples: Draws from the models per expectation.
        seed: Of the draws.
    """
    count = len(models.objectives)
    feasibility = [] if models.feasibility is None else [models.feasibility]
    shared: dict[str, Any] = {
        "model": ModelListGP(*models.objectives, *feasibility),
        "X_baseline": inputs,
        "sampler": SobolQMCNormalSampler(torch.Size([samples]), seed=seed),
        "constraints": [_violation] if feasibility else None,
        "prune_baseline": True,
    }
    if count == 1:
        objective = GenericMCObjective(_first)
        return qLogNoisyExpectedImprovement(objective=objective, **shared)
    return qLogNoisyExpectedHypervolumeImprovement(
        ref_point=_reference_point(values),
        objective=IdentityMCMultiOutputObjective(outcomes=list(range(count))),
        **shared,
    )


def _first(samples: Tensor, X: Tensor | None = None) -> Tensor:  # noqa: N803, the library's name
    return samples[..., 0]


def _violation(samples: Tensor) -> Tensor:
    return samples[..., -1]


def _reference_point(values: Floats) -> Tensor:
    """Return a point a little worse than the front in each objective."""
    points = torch.from_numpy(values)
    return infer_reference_point(points[is_non_dominated(points)])
