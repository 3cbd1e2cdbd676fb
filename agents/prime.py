"""PRIME: a model that is taught to distrust what an optimiser likes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.offline import OfflineAgent
from archgym.agents.offline_table import KnownDesigns
from archgym.agents.planning import Planner
from archgym.batch import Batch
from archgym.outcome import Floats

if TYPE_CHECKING:
    from torch import Tensor

    from archgym.agents.offline_networks import Networks

_NEGATIVES = 128
_MINED_EVERY = 50
_MINING_GENERATIONS = 2
# Designs kept per proposal: many are of the table.
_KEPT = 4


class PrimeAgent(OfflineAgent):
    """Evolves designs on a model that is conservative about designs of its own liking.

    Every so many steps of training an evolution goes on for some generations on the model as it
    is; the designs that it likes best are negatives: what they are valued more than so much above
    the table's feasible designs is a penalty beside the errors on these. So is what infeasible
    designs of the table are valued above its worst feasible one. A longer evolution on the
    finished model, from the best designs of the table and random ones, makes the proposals. With
    no weight on penalties this is plain search on a model that was learnt.

    Source: Kumar, Yazdanbakhsh, Hashemi, Swersky and Levine, Data-Driven Offline Optimization for
    Architecting Hardware Accelerators, ICLR 2022. Here the evolution takes the place of a firefly
    search, a penalty ends where it has reached its aim, and there are several small networks.
    """

    name = "prime"
    summary = "Offline: evolution on a conservative model of a table of designs (PRIME)."
    hyperparameters: ClassVar = OfflineAgent.hyperparameters | {
        "conservatism": Hyperparameter(
            1.0, "weight of penalties against errors; 0: a plain model", low=0.0, high=100.0
        ),
        "generations": Hyperparameter(20, "of the evolution", low=1, high=1000, log=True),
        "children": Hyperparameter(512, "per generation", low=16, high=65_536, log=True),
    }

    def train(self, networks: Networks, known: KnownDesigns) -> None:
        from archgym.agents.offline_networks import as_tensor

        rivals = known.best(_NEGATIVES)
        negatives = infeasible = as_tensor(self.relaxation.points(known.infeasible))
        aim, step = float(known.values.min()), 0

        def penalty(networks: Networks, points: Tensor, said: Tensor) -> Tensor:
            nonlocal rivals, negatives, step
            if step % _MINED_EVERY == 0:
                rivals = self._evolve(networks, rivals, _MINING_GENERATIONS, _NEGATIVES)
                negatives = as_tensor(self.relaxation.points(rivals))
            step += 1
            excess = networks(negatives).mean(dim=1) - said.mean(dim=1)
            loss = (excess - self.values["overestimation"]).clamp(min=0.0).mean()
            if len(infeasible):
                loss = loss + (networks(infeasible) - aim).clamp(min=0.0).mean()
            weighted: Tensor = self.values["conservatism"] * loss
            return weighted

        points = self.relaxation.points(known.batch)
        networks.train_on(points, known.values, penalty, self.values["steps"], self.rng)

    def search(self, networks: Networks, known: KnownDesigns, count: int) -> Batch:
        generations, kept = self.values["generations"], _KEPT * count
        random = self.space.sample(self.rng, kept)
        start = Batch(self.space, np.concatenate([known.best(kept).codes, random.codes]))
        return self._evolve(networks, start, generations, kept)

    def _evolve(self, networks: Networks, start: Batch, generations: int, kept: int) -> Batch:
        def promise(batch: Batch) -> Floats:
            return networks.mean(self.relaxation.points(batch))

        planner = Planner(generations, self.values["children"], kept)
        return planner.best(start, promise, DistinctDesigns(self.space), self.rng)[0]
