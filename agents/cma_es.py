"""CMA-ES with margin, restarted with growing populations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.losses import log_losses
from archgym.agents.remembering import RememberingAgent
from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.encodings import from_unit
from archgym.outcome import Floats, Outcomes
from archgym.parameter import Axis

if TYPE_CHECKING:
    from archgym.agents.margin_cma import MarginCma

# A population that leaves the budget fewer generations than this learns nothing.
_FEWEST_GENERATIONS = 20
# Generations between two looks at whether the distribution has converged.
_BETWEEN_CHECKS = 10


class CmaEsAgent(RememberingAgent):
    """Adapts a normal distribution to where good designs lie.

    Axes with an order lie on the unit cube; discrete ones keep a margin, so that the search does
    not freeze on one value. An axis without an order is one-hot: one continuous coordinate per
    value, of which the largest wins; or, by choice, treated as if it had an order. Designs that
    break a constraint are repaired. Known designs are remembered, not asked for again. When the
    distribution has converged, or five generations in a row bring nothing new, the search starts
    again from a random place with a larger population, or with the first one where the budget is
    too small for more.

    Sources: Hamano et al., CMA-ES with margin, GECCO 2022; Auger and Hansen, A restart CMA
    evolution strategy with increasing population size, CEC 2005.
    """

    name = "cma_es"
    summary = "CMA-ES with margin (cmaes) for real and mixed-integer spaces, with restarts."
    library = "cmaes"
    requires = ("cmaes", "scipy")
    constraint_handling = "repair"
    patience = 5
    hyperparameters: ClassVar = {
        "population": Hyperparameter(
            None,
            "designs per generation; none: 4 + 3 ln of the number of coordinates",
            low=4,
            high=4096,
            log=True,
            kind=int,
        ),
        "sigma": Hyperparameter(
            0.3, "standard deviation at first, in units of an axis", low=0.05, high=1.0, log=True
        ),
        "restart_growth": Hyperparameter(
            2.0, "factor of the population at each restart", low=1.0, high=4.0
        ),
        "categorical": Hyperparameter(
            "one_hot", "how axes without an order are coded", choices=("one_hot", "ordinal")
        ),
    }

    def setup(self) -> None:
        super().setup()
        one_hot = self.values["categorical"] == "one_hot"
        self._blocks, steps = _coordinates(self.space.axes, one_hot)
        self._steps = np.array(steps)
        default = 4 + math.floor(3 * math.log(max(len(steps), 1)))
        self._size = self._first_size = self.values["population"] or default
        self._seed = self.library_seed
        self._start(np.full(len(steps), 0.5))

    def losses(self, outcomes: Outcomes) -> Floats:
        return log_losses(outcomes.reward)[:, None]

    def restart(self) -> None:
        grown = round(self._size * self.values["restart_growth"])
        self._size = grown if grown * _FEWEST_GENERATIONS <= self.budget else self._first_size
        self._seed = int(self.rng.integers(2**32))
        self._start(self.rng.random(len(self._steps)))

    def propose(self) -> Batch:
        if self._cma is None:
            return self.space.default
        points, self._raw = self._cma.ask()
        batch = Batch(self.space, from_unit(self.space, self._unit(points)))
        return repair(batch, self.rng)

    def update(self, generation: Batch, losses: list[float]) -> None:
        if self._cma is not None:
            self._cma.tell(self._raw, np.array(losses))
            self._generations += 1
            if self._generations % _BETWEEN_CHECKS == 0 and self._cma.should_stop():
                self.restart()

    def _start(self, mean: Floats) -> None:
        from archgym.agents.margin_cma import MarginCma

        self.batch_size = self._size
        self._generations = 0
        self._cma: MarginCma | None = None
        if len(mean):
            sigma = self.values["sigma"]
            self._cma = MarginCma(mean, sigma, self._steps, self._size, self._seed)

    def _unit(self, points: Floats) -> Floats:
        """Return points of the space's unit cube, shape (n, width)."""
        unit = np.full((len(points), self.space.width), 0.5)
        for column, block in self._blocks.items():
            if len(block) == 1:
                unit[:, column] = points[:, block[0]]
            else:
                unit[:, column] = (points[:, block].argmax(axis=1) + 0.5) / len(block)
        return unit


def _coordinates(
    axes: tuple[Axis, ...], one_hot: bool
) -> tuple[dict[int, NDArray[np.int64]], list[float]]:
    """Return axis -> its coordinates (none where it has one value), and the step of each."""
    blocks: dict[int, NDArray[np.int64]] = {}
    steps: list[float] = []
    for column, axis in enumerate(axes):
        if axis.size == 1:
            continue
        spread = one_hot and not axis.ordered and axis.size is not None and axis.size > 2
        own = [0.0] * (axis.size or 1) if spread else [1.0 / axis.size if axis.size else 0.0]
        blocks[column] = np.arange(len(steps), len(steps) + len(own))
        steps += own
    return blocks, steps
