"""Differential evolution: pymoo's DE on the unit cube."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.remembering import RememberingAgent
from archgym.batch import Batch
from archgym.encodings import from_unit

_STAGNATION = 5


class DifferentialEvolutionAgent(RememberingAgent):
    """Moves each design by the difference of two others and keeps what is better.

    Genes are points of the unit cube; on a discrete axis they lie at bin centres. Designs that
    were seen before are remembered, not asked for again; when five generations in a row bring
    nothing new, a new population starts.

    Source: Storn and Price, Differential evolution, Journal of Global Optimization 11, 1997.
    """

    name = "differential_evolution"
    summary = "Differential evolution (pymoo DE); strong on real and integer parameters."
    library = "pymoo"
    requires = ("pymoo",)
    constraint_handling = "repair"
    patience = _STAGNATION
    hyperparameters: ClassVar = {
        "population": Hyperparameter(16, "designs per generation", low=4, high=4096, log=True),
        "base": Hyperparameter(
            "best", "design to which differences are added", choices=("rand", "best")
        ),
        "crossover": Hyperparameter("bin", "how axes are mixed", choices=("bin", "exp")),
        "crossover_rate": Hyperparameter(
            0.7, "probability that an axis takes part", low=0.0, high=1.0
        ),
        "scale": Hyperparameter(0.5, "factor of the differences", low=0.1, high=1.0),
        "mutation_rate": Hyperparameter(
            0.5, "probability that a new design is mutated besides", low=0.0, high=1.0
        ),
    }

    def setup(self) -> None:
        super().setup()
        self.batch_size = self.values["population"]
        self._seeds = np.random.SeedSequence(self.library_seed)
        self._start(self.library_seed)

    def restart(self) -> None:
        self._start(int(self._seeds.spawn(1)[0].generate_state(1)[0]))

    def propose(self) -> Batch:
        self._population: Any = self._algorithm.ask()
        self._algorithm.termination.force_termination = False
        return Batch(self.space, from_unit(self.space, self._population.get("X")))

    def update(self, generation: Batch, losses: list[float]) -> None:
        self._population.set("F", np.array(losses)[:, None])
        self._algorithm.tell(infills=self._population)

    def _start(self, seed: int) -> None:
        from pymoo.algorithms.soo.nonconvex.de import DE
        from pymoo.core.problem import Problem
        from pymoo.core.termination import NoTermination

        from archgym.agents import pymoo_operators as operators

        values = self.values
        self._algorithm: Any = DE(
            pop_size=values["population"],
            sampling=operators.ValidSampling(self.space),
            variant=f"DE/{values['base']}/1/{values['crossover']}",
            CR=values["crossover_rate"],
            F=values["scale"],
            prob_mut=values["mutation_rate"],
            repair=operators.ValidRepair(self.space),
        )
        cube = Problem(n_var=self.space.width, n_obj=1, xl=0.0, xu=1.0)
        self._algorithm.setup(cube, termination=NoTermination(), seed=seed)
