"""Multi-objective genetic algorithm: pymoo's NSGA-II with operators that suit design spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.losses import log_losses
from archgym.agents.pymoo_agent import PymooAgent
from archgym.outcome import Floats, Outcomes

if TYPE_CHECKING:
    from pymoo.core.algorithm import Algorithm


class Nsga2Agent(PymooAgent):
    """Keeps the designs that no other beats in all objectives, spread along their front.

    Of use under objectives of the form ``pareto``; under one objective it is a genetic algorithm.

    Source: Deb et al., A fast and elitist multiobjective genetic algorithm: NSGA-II, IEEE
    Transactions on Evolutionary Computation 6(2), 2002.
    """

    name = "nsga2"
    version = "2"
    summary = "Multi-objective genetic algorithm NSGA-II (pymoo); searches the whole front."
    multi_objective = True
    hyperparameters: ClassVar = {
        "population": Hyperparameter(64, "designs per generation", low=4, high=4096, log=True),
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
    }

    def losses(self, outcomes: Outcomes) -> Floats:
        return log_losses(outcomes.objectives)

    def make_algorithm(self) -> Algorithm:
        from pymoo.algorithms.moo.nsga2 import NSGA2

        return NSGA2(pop_size=self.values["population"], **self.operators())

    def operators(self) -> dict[str, Any]:
        """Return pymoo's arguments for sampling, mating and repair."""
        from archgym.agents import pymoo_operators as operators

        values: dict[str, Any] = self.values
        return {
            "sampling": operators.ValidSampling(self.space),
            "crossover": operators.CROSSOVERS[values["crossover"]](prob=values["crossover_rate"]),
            "mutation": operators.AxisMutation(self.proposed, values["mutation_rate"]),
            "repair": operators.ValidRepair(self.space),
            "eliminate_duplicates": operators.NewDesigns(self.proposed),
        }
