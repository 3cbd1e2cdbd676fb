"""Many-objective genetic algorithm: pymoo's NSGA-III with operators for design spaces."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.nsga2 import Nsga2Agent

if TYPE_CHECKING:
    from pymoo.core.algorithm import Algorithm


class Nsga3Agent(Nsga2Agent):
    """Keeps the designs that no other beats, nearest to evenly spread directions of a front.

    Of use under objectives with three metrics and more, where NSGA-II's crowding loses its hold.

    Source: Deb and Jain, An evolutionary many-objective optimization algorithm using
    reference-point-based nondominated sorting approach, part I, IEEE Transactions on Evolutionary
    Computation 18(4), 2014.
    """

    name = "nsga3"
    version = "1"
    summary = "Genetic algorithm NSGA-III (pymoo) for fronts in three and more metrics."
    hyperparameters: ClassVar = dict(Nsga2Agent.hyperparameters) | {
        "directions": Hyperparameter(
            None,
            "most reference directions (Das and Dennis); none: as many as the population",
            low=2,
            high=4096,
            log=True,
            kind=int,
        ),
    }

    def make_algorithm(self) -> Algorithm:
        from pymoo.algorithms.moo.nsga3 import NSGA3
        from pymoo.util.ref_dirs import get_reference_directions

        values: dict[str, Any] = self.values
        most = values["directions"] or values["population"]
        directions = get_reference_directions(
            "das-dennis", self.objectives, n_partitions=partitions(self.objectives, most)
        )
        return NSGA3(directions, pop_size=values["population"], **self.operators())


def partitions(objectives: int, most: int) -> int:
    """Return how finely to cut each objective so that at most so many directions result."""
    if objectives == 1:
        return 1
    cuts = 1
    while math.comb(objectives + cuts, cuts + 1) <= most:
        cuts += 1
    return cuts
