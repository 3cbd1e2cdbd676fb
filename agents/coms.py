"""Conservative objective models: gradient ascent that the model was taught to distrust."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.offline import OfflineAgent
from archgym.agents.offline_table import KnownDesigns
from archgym.batch import Batch

if TYPE_CHECKING:
    from torch import Tensor

    from archgym.agents.offline_networks import Networks

# Trajectories per proposal: many end at one design, or at one of the table.
_STARTS = 4
# How many of a step's designs are ascended from while training.
_ASCENDED = 32
_MULTIPLIER_RATE = 0.01


class ComsAgent(OfflineAgent):
    """Ascends from the table's best designs along the gradient of a conservative model.

    In training, points that few steps of ascent lead to from the table's designs are valued above
    these by so much on the average and no more: a Lagrange multiplier grows while they exceed it
    and falls while they do not. The same ascent then leads from the best designs of the table to
    the proposals: all designs on the way are candidates. Designs are points of a continuous space
    for that (see `Relaxation`). Infeasible designs of the table count as its worst feasible one.

    Source: Trabucco, Kumar, Geng and Levine, Conservative Objective Models for Effective Offline
    Model-Based Optimization, ICML 2021. Here several small networks, fewer steps of ascent in
    training, and designs in place of a point's last position.
    """

    name = "coms"
    summary = "Offline: ascends a conservative model of a table of designs (COMs)."
    hyperparameters: ClassVar = OfflineAgent.hyperparameters | {
        "ascent": Hyperparameter(10, "steps of ascent", low=1, high=1000, log=True),
        "pace": Hyperparameter(
            0.05, "length of a step per gradient, times the root of a point's numbers", low=1e-4,
            high=10.0, log=True,
        ),
    }  # fmt: skip

    def train(self, networks: Networks, known: KnownDesigns) -> None:
        multiplier = 0.0

        def penalty(networks: Networks, points: Tensor, said: Tensor) -> Tensor:
            nonlocal multiplier
            of_each = points[:_ASCENDED].expand(len(said), -1, -1)
            *_, ascended = self._ascend(networks, of_each)
            excess = networks(ascended).mean() - said[:, :_ASCENDED].mean()
            loss: Tensor = multiplier * excess
            over = excess.item() - self.values["overestimation"]
            multiplier = max(multiplier + _MULTIPLIER_RATE * over, 0.0)
            return loss

        all_known = np.concatenate([known.batch.codes, known.infeasible.codes])
        points = self.relaxation.points(Batch(self.space, all_known))
        worst = np.full(len(known.infeasible), known.values.min())
        values = np.concatenate([known.values, worst])
        networks.train_on(points, values, penalty, self.values["steps"], self.rng)

    def search(self, networks: Networks, known: KnownDesigns, count: int) -> Batch:
        from archgym.agents.offline_networks import as_tensor

        starts = as_tensor(self.relaxation.points(known.best(_STARTS * count)))
        way = self._ascend(lambda points: networks(points).mean(dim=0), starts)
        codes = [self.relaxation.designs(points.numpy()).codes for points in way]
        found = Batch(self.space, np.concatenate(codes))
        return found.select(self.space.valid(found))

    def _ascend(self, height: Callable[[Tensor], Tensor], points: Tensor) -> list[Tensor]:
        """Return where points (..., inputs) are after each step of ascent."""
        import torch

        pace = self.values["pace"] * self.relaxation.size**0.5
        way = []
        for _ in range(self.values["ascent"]):
            points = points.detach().requires_grad_()
            (slope,) = torch.autograd.grad(height(points).sum(), points)
            points = (points + pace * slope).detach()
            way.append(points)
        return way
