"""Bayesian optimisation of words: BOiLS."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.neighbours import Neighbourhood
from archgym.agents.observations import Observations, log_gain
from archgym.agents.trust_region import TrustRegion
from archgym.batch import Batch
from archgym.outcome import Floats, Outcomes
from archgym.parameter import Codes

_ROUNDING = 1e-9


class BoilsAgent(AskTellAgent):
    """Asks where the reward is expected to improve most, near the best design so far.

    Its model compares words by the sub-sequences that they share, other parameters as usual. Near
    means that few axes differ: the trust region grows after successes and shrinks after failures,
    and once it is empty the search starts anew from a design that the model, which forgets
    nothing, finds promising anywhere. The most promising design is found by walks that change one
    axis at a time.

    Source: Grosnit et al., BOiLS: Bayesian optimisation for logic synthesis, DATE 2022; trust
    region after Wan et al., Think global and act local, ICML 2021.
    """

    name = "boils"
    summary = "Gaussian process over sub-sequences of words in a Hamming trust region (BOiLS)."
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "startup": Hyperparameter(
            10, "random designs before the model is used", low=1, high=1000, log=True
        ),
        "longest": Hyperparameter(4, "longest sub-sequence that may count", low=1, high=8),
        "walks": Hyperparameter(
            16, "walks that look for the most promising design", low=1, high=1024, log=True
        ),
        "steps": Hyperparameter(30, "steps of each walk", low=1, high=1000, log=True),
        "region": Hyperparameter(
            0.3, "share of the axes that may differ from the best at first", low=0.01, high=1.0
        ),
        "success_tolerance": Hyperparameter(
            3, "batches in a row that improve before the region grows", low=1, high=20
        ),
        "failure_tolerance": Hyperparameter(
            15, "batches in a row that do not before it shrinks", low=1, high=100
        ),
        "max_observations": Hyperparameter(
            400, "designs the model is trained on at most", low=8, high=2000, log=True
        ),
        "batch_size": Hyperparameter(1, "designs per model", low=1, high=64, log=True),
    }

    def setup(self) -> None:
        from archgym.agents.word_process import WordProcess

        self.batch_size = self.values["batch_size"]
        self.proposed = DistinctDesigns(self.space)
        self._neighbourhood = Neighbourhood(self.space, self.rng)
        self._known = Observations(self.space)
        self._model = WordProcess(self.space, self.values["longest"])
        self._choices = sum(axis.size != 1 for axis in self.space.axes)
        self._told = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._region = TrustRegion(
            self.values["success_tolerance"],
            self.values["failure_tolerance"],
            max(self.values["region"], 1.0 / max(self._choices, 1)),
        )
        self._centre: Codes | None = None

    def ask(self, count: int) -> Batch:
        missing = self.values["startup"] - self._told
        if missing > 0:
            return self.proposed.draw(self.rng, min(count, missing))
        if self._radius < 1:
            self._begin_anew()
        batch = self._most_promising(count)
        return batch if len(batch) else self.proposed.draw(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        self._told += len(batch)
        self._known.add(self.space.canonical(batch.codes), outcomes.reward)
        self._known.keep(self.values["max_observations"])
        at = int(outcomes.reward.argmax())
        value = float(outcomes.reward[at])
        better = self._centre is None or value > self._region.best
        if self._centre is None:
            self._region.best = max(self._region.best, value)
        else:
            self._region.update(value)
        if better:
            self._centre = self.space.canonical(batch.codes[at : at + 1])

    # -- where to look --------------------------------------------------------------------------

    @property
    def _radius(self) -> int:
        """How many axes may differ from the best design of the region."""
        return int(self._region.length * self._choices + _ROUNDING)

    def _most_promising(self, count: int) -> Batch:
        """Return new designs where the walks ended, the most promising first."""
        self._model.train(self._known.codes, _values(self._known.reward))
        rows = self._starts()
        gain = self._gain(rows)
        for _ in range(self.values["steps"]):
            moved = self._neighbourhood.draw(rows.tolist())
            moved_gain = self._gain(moved)
            better = moved_gain > gain
            rows[better], gain[better] = moved[better], moved_gain[better]
        order = np.argsort(-gain, kind="stable")
        return self.proposed.take_new(
            Batch(self.space, rows[order[np.isfinite(gain[order])]]), count
        )

    def _starts(self) -> Codes:
        """Return where walks begin: anywhere, or few steps from the centre."""
        walks = self.values["walks"]
        if self._centre is None:
            return self.space.sample(self.rng, walks).codes
        rows = np.repeat(self._centre, walks, axis=0)
        steps = self.rng.integers(1, min(self._radius, self._choices) + 1, walks)
        for step in range(int(steps.max())):
            going = np.flatnonzero(steps > step)
            rows[going] = self._neighbourhood.draw(rows[going].tolist())
        return rows

    def _gain(self, codes: Codes) -> Floats:
        """Return the expected improvement of designs that may be asked for; -inf of others."""
        gain = np.full(len(codes), -np.inf)
        batch = Batch(self.space, self.space.canonical(codes))
        new = [row for row, key in enumerate(batch.keys()) if key not in self.proposed]
        rows = np.array(new, dtype=np.int64)
        rows = rows[self._inside(batch.codes[rows])]
        if len(rows):
            gain[rows] = self._model.expected_improvement(batch.codes[rows], self._best)
        return gain

    def _inside(self, codes: Codes) -> NDArray[np.bool_]:
        if self._centre is None:
            return np.ones(len(codes), dtype=bool)
        return np.asarray((codes != self._centre).sum(axis=1) <= self._radius)

    @property
    def _best(self) -> float:
        """The best value of the region, on the model's scale."""
        known, centre = self._known.codes, self._centre
        if centre is None:
            return float(self._model.values.max())
        at = (known == centre).all(axis=1)
        return float(self._model.values[at].max()) if at.any() else float(self._model.values.max())


def _values(rewards: Floats) -> Floats:
    """Return logarithms of rewards; below the least of them what infeasible designs earn."""
    feasible = rewards > 0
    if not feasible.any():
        return rewards
    logarithms = log_gain(rewards)
    return np.where(feasible, logarithms, logarithms[feasible].min() + np.minimum(rewards, 0.0))
