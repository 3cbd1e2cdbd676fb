"""Designs of experiments: a set of designs chosen beforehand, whole or a part of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch
from archgym.encodings import from_unit
from archgym.errors import SettingError
from archgym.outcome import Floats, Outcomes

_BATCH = 256
_PART = re.compile(r"(\d+)/(\d+)")


class SampleAgent(AskTellAgent):
    """Evaluates the designs that a designer chose, each once, without looking at outcomes.

    The set is made of so many points of the unit cube: scrambled Sobol points, a Latin hypercube,
    or random ones. Points that break a constraint or behave as an earlier one make room for random
    designs, so that there are as many designs as asked for, unless the space has fewer. Parts of
    a set share its seed; together they are the set, so many processes can evaluate one.

    Source: McKay, Beckman and Conover, A comparison of three methods for selecting values of
    input variables, Technometrics 1979 (Latin hypercube); Sobol points with Owen's scrambling;
    both as in scipy.stats.qmc.
    """

    name = "sample"
    summary = "Designs chosen beforehand: Sobol points, a Latin hypercube or random (scipy)."
    library = "scipy"
    requires = ("scipy",)
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "designer": Hyperparameter(
            "sobol", "how points are chosen", choices=("sobol", "latin", "random")
        ),
        "points": Hyperparameter(
            None, "designs of the whole set; none: the budget", low=1, high=1e9, kind=int
        ),
        "part": Hyperparameter(
            "1/1", "which part of the set is evaluated: 2/8 is the second of 8"
        ),
    }

    def setup(self) -> None:
        self._part, self._parts = _numbers(self.values["part"])
        self.batch_size = _BATCH
        self._waiting: Batch | None = None

    def ask(self, count: int) -> Batch:
        if self._waiting is None:
            chosen = self._designs(self.values["points"] or self.budget)
            self._waiting = chosen.select(slice(self._part, None, self._parts))
        batch = self._waiting.select(slice(count))
        self._waiting = self._waiting.select(slice(count, None))
        return batch

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""

    def _designs(self, count: int) -> Batch:
        points = self._of_points(count)
        return DistinctDesigns(self.space).take_or_draw(points, self.rng, count)

    def _of_points(self, count: int) -> Batch:
        points = _DESIGNERS[self.values["designer"]]
        batch = Batch(self.space, from_unit(self.space, points(self, count)))
        return batch.select(self.space.valid(batch))

    def _sobol(self, count: int) -> Floats:
        from scipy.stats.qmc import Sobol

        power = int(np.ceil(np.log2(count)))  # between powers of two they are not balanced
        points: Floats = Sobol(self.space.width, rng=self.library_seed).random_base2(power)
        return points[:count]

    def _latin(self, count: int) -> Floats:
        from scipy.stats.qmc import LatinHypercube

        points: Floats = LatinHypercube(self.space.width, rng=self.library_seed).random(count)
        return points

    def _random(self, count: int) -> Floats:
        return self.rng.random((count, self.space.width))


def _numbers(text: str) -> tuple[int, int]:
    """Return which part, counted from 0, and of how many.

    Raises:
        SettingError: The text says no such thing.
    """
    match = _PART.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise SettingError(f"agent 'sample': part {text!r} is not allowed (k/n, k from 1 to n)")
    return int(match[1]) - 1, int(match[2])


_DESIGNERS: dict[str, Callable[[SampleAgent, int], Floats]] = {
    "sobol": SampleAgent._sobol,
    "latin": SampleAgent._latin,
    "random": SampleAgent._random,
}
