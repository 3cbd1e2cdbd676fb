"""Bayesian optimisation in a trust region: TuRBO and SCBO, of BoTorch's parts."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.observations import Observations
from archgym.agents.perturbation import perturb
from archgym.agents.trust_region import TrustRegion
from archgym.batch import Batch
from archgym.outcome import Floats, Outcomes

# Axes that a candidate changes on average, at most (Eriksson et al. 2019, supplement).
_CHANGED_AXES = 20


class TurboAgent(AskTellAgent):
    """Searches near the best design, in a region that adapts to success, and starts anew after.

    A batch is drawn by Thompson sampling: each design is the best of many candidates under one
    sample of the models. Once an infeasible design was seen, feasibility is sampled with the
    objective, and candidates that are not feasible are out (SCBO). Candidates that break a
    constraint of the space, or were evaluated before, are never drawn. Where the region holds no
    new design, it starts anew elsewhere, and the model forgets.

    Source: Eriksson et al., Scalable global optimization via local Bayesian optimization, NeurIPS
    2019; Eriksson and Poloczek, Scalable constrained Bayesian optimization, AISTATS 2021.
    """

    name = "turbo"
    summary = "Trust-region Bayesian optimisation (TuRBO, SCBO) with Thompson sampling (BoTorch)."
    library = "botorch"
    extra = "bo"
    requires = ("botorch", "gpytorch", "torch")
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "batch_size": Hyperparameter(4, "designs per model", low=1, high=256, log=True),
        "startup": Hyperparameter(
            10, "random designs at each start of a region", low=2, high=1000, log=True
        ),
        "candidates": Hyperparameter(
            1000, "designs among which a batch is drawn", low=16, high=10_000, log=True
        ),
        "success_tolerance": Hyperparameter(
            3, "batches in a row that improve before the region grows", low=1, high=20
        ),
        "failure_tolerance": Hyperparameter(
            None,
            "batches in a row that do not before it shrinks; none: axes per batch",
            low=1,
            high=100,
            kind=int,
        ),
        "max_observations": Hyperparameter(
            256, "designs the model is trained on at most", low=8, high=4000, log=True
        ),
    }

    def setup(self) -> None:
        self.batch_size = self.values["batch_size"]
        self.proposed = DistinctDesigns(self.space)
        self._begin_anew()

    def ask(self, count: int) -> Batch:
        if self._told >= self.values["startup"]:
            batch = self._near_best(count)
            if len(batch):
                return batch
            self._begin_anew()
        missing = self.values["startup"] - self._told
        return self.proposed.draw(self.rng, min(count, missing))

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        starting = self._told < self.values["startup"]
        self._told += len(batch)
        self._known.add(batch.codes, outcomes.reward)
        self._known.keep(self.values["max_observations"])
        value = float(outcomes.reward.max())
        if starting:
            self._region.best = max(self._region.best, value)
        else:
            self._region.update(value)

    def _begin_anew(self) -> None:
        from archgym.agents.gaussian_process import DesignModels

        axes_per_batch = math.ceil(max(4, self.space.width) / self.batch_size)
        self._region = TrustRegion(
            self.values["success_tolerance"], self.values["failure_tolerance"] or axes_per_batch
        )
        self._known, self._told = Observations(self.space), 0
        self._models = DesignModels(self.space)

    def _near_best(self, count: int) -> Batch:
        """Return new designs of the region; none where it collapsed or holds none."""
        from archgym.agents.gaussian_process import modelling

        if self._region.collapsed:
            return self.space.default.select([])
        with modelling(self.rng):
            self._models.train(self._known)
            candidates = self._candidates(self._models.length_scales())
            if len(candidates) > count:
                candidates = candidates.select(self._draw(candidates, count))
        return self.proposed.take_new(candidates)

    def _candidates(self, length_scales: Floats) -> Batch:
        """Return new valid designs of the region around the best one."""
        weights = length_scales / np.exp(np.log(length_scales).mean())
        best = self._known.codes[[int(self._known.reward.argmax())]]
        centres = np.repeat(best, self.values["candidates"], axis=0)
        reach = np.minimum(weights * self._region.length, 2.0)
        share = min(1.0, _CHANGED_AXES / self.space.width)
        near = Batch(self.space, perturb(self.space, self.rng, centres, reach, share))
        valid = near.select(self.space.valid(near))
        return valid.select(self.proposed.new_rows(valid, set()))

    def _draw(self, candidates: Batch, count: int) -> list[int]:
        """Return the rows of a batch by Thompson sampling."""
        from botorch.generation.sampling import (
            ConstrainedMaxPosteriorSampling,
            MaxPosteriorSampling,
        )
        from botorch.models.model_list_gp_regression import ModelListGP
        from torch import no_grad

        from archgym.agents.gaussian_process import features

        model, feasibility = self._models.objectives[0], self._models.feasibility
        inputs = features(self.space, candidates.codes)
        if feasibility is None:
            sampling = MaxPosteriorSampling(model, replacement=False)
        else:
            sampling = ConstrainedMaxPosteriorSampling(
                model, ModelListGP(feasibility), replacement=False
            )
        with no_grad():
            drawn = sampling(inputs, num_samples=count)
        same = (inputs[None] == drawn[:, None]).all(dim=-1)
        rows: list[int] = same.int().argmax(dim=1).tolist()
        return rows
