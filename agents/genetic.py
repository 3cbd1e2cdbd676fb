"""Genetic algorithm: pymoo's GA with operators that suit design spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.pymoo_agent import PymooAgent

if TYPE_CHECKING:
    from pymoo.core.algorithm import Algorithm


class GeneticAgent(PymooAgent):
    """Elitist genetic algorithm: tournament, crossover and mutation by axis, fittest survive.

    Designs that were proposed before are not proposed again. Default values lie inside the ranges
    that the published ArchGym swept (population 2 to 64, mutation 0.001 to 0.9).
    """

    name = "genetic"
    summary = "Elitist genetic algorithm (pymoo GA) with crossover and mutation by axis."
    hyperparameters: ClassVar = {
        "population": Hyperparameter(32, "designs per generation", low=2, high=4096, log=True),
        "mutation_rate": Hyperparameter(
            None,
            "probability that an axis mutates; none: one over their number",
            low=0.001,
            high=1.0,
            log=True,
            kind=float,
        ),
        "crossover": Hyperparameter(
            "uniform", "how two parents mix", choices=("uniform", "one_point", "two_point")
        ),
        "crossover_rate": Hyperparameter(
            0.9, "probability that two parents mix at all", low=0.0, high=1.0
        ),
        "tournament": Hyperparameter(
            2, "rivals for each parent's place", low=2, high=16, log=True
        ),
    }

    def make_algorithm(self) -> Algorithm:
        from pymoo.algorithms.soo.nonconvex.ga import GA

        from archgym.agents import pymoo_operators as operators

        values = self.values
        self.batch_size = values["population"]
        return GA(
            pop_size=values["population"],
            sampling=operators.ValidSampling(self.space),
            selection=operators.tournament(values["tournament"]),
            crossover=operators.CROSSOVERS[values["crossover"]](prob=values["crossover_rate"]),
            mutation=operators.AxisMutation(self.space, values["mutation_rate"]),
            repair=operators.ValidRepair(self.space),
            eliminate_duplicates=operators.NewDesigns(self.proposed),
        )
