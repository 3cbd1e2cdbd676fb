"""Common ground of the agents that wrap an algorithm of pymoo."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from archgym.agents.generations import GenerationAgent
from archgym.batch import Batch
from archgym.encodings import from_unit, to_unit
from archgym.outcome import Floats

if TYPE_CHECKING:
    from pymoo.core.algorithm import Algorithm


class PymooAgent(GenerationAgent):
    """Asks pymoo for generations and tells it their losses.

    Attributes:
        objectives: How many things are minimised at once.
    """

    library = "pymoo"
    requires = ("pymoo",)
    constraint_handling = "repair"

    @abstractmethod
    def make_algorithm(self) -> Algorithm:
        """Return the algorithm, not yet set up."""

    def setup(self) -> None:
        from pymoo.core.problem import Problem
        from pymoo.core.termination import NoTermination

        super().setup()
        self.batch_size = self.values["population"]
        default = self.problem.score(self.problem.default_measured)
        self.objectives = default.objectives.shape[1]
        self._algorithm = self.make_algorithm()
        cube = Problem(n_var=self.space.width, n_obj=self.objectives, xl=0.0, xu=1.0)
        self._algorithm.setup(cube, termination=NoTermination(), seed=self.library_seed)
        self._population: Any = None

    def breed(self) -> Batch:
        self._population = self._algorithm.ask()
        if self._population is None:
            self._algorithm.termination.force_termination = False
            return self.space.default.select([])
        return Batch(self.space, from_unit(self.space, self._population.get("X")))

    def learn(self, generation: Batch, losses: Floats) -> None:
        from pymoo.core.population import Population

        if self._population is None:
            self._population = Population.new("X", to_unit(self.space, generation.codes))
        self._population.set("F", losses)
        self._algorithm.tell(infills=self._population)
