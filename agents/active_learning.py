"""Search on surrogates that learn from the designs which they choose: active learning."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.committee import KINDS, Committee, Opinion
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.diverse import pick
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.improvement import TIE, even_noise, expected
from archgym.agents.planning import Planner, candidates
from archgym.agents.sample import SampleAgent
from archgym.agents.told import ToldDesigns, without_verdict
from archgym.batch import Batch
from archgym.objective import FAILED_REWARD
from archgym.outcome import Floats, Outcomes

_IMPROVEMENT, _UNCERTAINTY = "expected_improvement", "uncertainty"


class ActiveLearningAgent(AskTellAgent):
    """Learns a surrogate of the designs told, and asks for those that promise most.

    The metrics that the objective needs are learnt, so any objective can be searched. A design
    promises the improvement of the reward that is expected, by draws of its metrics; or it
    promises to teach: the mean standard deviation of its metrics, for surrogates that are to be
    good everywhere. Either counts as much as the design is likely to be feasible. The most
    promising designs are found by evolution on the surrogate; those of a batch, and those told
    since the surrogate was learnt, keep their distance.

    It begins with a design of experiments, learns again when the designs told have grown by a
    factor, and ends when nothing is left to try.

    Source: Jones et al., Efficient global optimization of expensive black-box functions, Journal
    of Global Optimization 13, 1998; MacKay, Information-based objective functions for active data
    selection, Neural Computation 4, 1992.
    """

    name = "active_learning"
    summary = "Surrogates of any kind that choose the designs which they learn from."
    library = "torch"
    extra = "surrogates"
    requires = ("torch",)
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "kind": Hyperparameter("gp", "of the surrogate", choices=KINDS),
        "acquisition": Hyperparameter(
            _IMPROVEMENT,
            "what a design promises: a better reward, or a better surrogate",
            choices=(_IMPROVEMENT, _UNCERTAINTY),
        ),
        "designer": Hyperparameter(
            "latin", "how the first designs are chosen", choices=("sobol", "latin", "random")
        ),
        "startup": Hyperparameter(16, "designs before the first surrogate", low=10, high=10_000),
        "batch_size": Hyperparameter(4, "designs per plan", low=1, high=256, log=True),
        "growth": Hyperparameter(
            1.1, "of the designs told, after which a surrogate is learnt anew", low=1.0, high=4.0
        ),
        "candidates": Hyperparameter(
            1024, "random designs at the start of a plan", low=64, high=65_536, log=True
        ),
        "generations": Hyperparameter(4, "of the evolution in a plan", low=0, high=100),
        "children": Hyperparameter(256, "per generation", low=16, high=4096, log=True),
        "draws": Hyperparameter(
            32, "of the metrics, from which an improvement is expected", low=1, high=512, log=True
        ),
        "reach": Hyperparameter(
            0.1, "how far designs of a batch keep apart, as a share of the cube's diagonal",
            low=0.01, high=1.0, log=True,
        ),
    }  # fmt: skip

    def setup(self) -> None:
        self.batch_size = self.values["batch_size"]
        self.proposed = DistinctDesigns(self.space)
        self._committee = Committee(self.problem, self.values["kind"])
        self._planner = Planner(self.values["generations"], self.values["children"])
        self._first = SampleAgent(
            self.problem,
            int(self.rng.integers(2**31)),
            designer=self.values["designer"],
            points=self.values["startup"],
        )
        self._told, self._since = ToldDesigns(self.space), ToldDesigns(self.space)
        self._next_learning: int = self.values["startup"]
        self._best = FAILED_REWARD

    def ask(self, count: int) -> Batch:
        if not self._committee.learnt:
            batch = self.proposed.take_new(self._first.ask(count))
        else:
            batch = self.proposed.take_new(self._plan(count))
        return batch if len(batch) else self.proposed.draw(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        measured = without_verdict(self.problem, outcomes)
        self._told.add(batch, measured)
        self._since.add(batch, measured)
        self._best = max(self._best, float(outcomes.reward.max()))
        if len(self._told) >= self._next_learning:
            self._committee.learn(*self._told.all, self.rng)
            self._since = ToldDesigns(self.space)
            self._next_learning = math.ceil(self.values["growth"] * len(self._told))

    def _plan(self, count: int) -> Batch:
        """Return designs that promise most and are not alike."""
        noise = even_noise(self.rng, self.values["draws"], len(self._committee.metrics))
        begin = candidates(self.problem, self._told, self.values["candidates"], self.rng)
        elite, promise = self._planner.best(
            begin, lambda batch: self._promise(batch, noise), self.proposed, self.rng
        )
        taken = self._since.all[0] if len(self._since) else self.space.default.select([])
        return elite.select(pick(elite, promise, taken, count, self.values["reach"]))

    def _promise(self, batch: Batch, noise: Floats) -> Floats:
        """Return what designs promise, shape (n,)."""
        said = self._committee.opinion(batch)
        if self.values["acquisition"] == _UNCERTAINTY:
            return np.asarray(said.likely * said.sigma.mean(axis=1))
        return said.likely * self._improvement(said, noise)

    def _improvement(self, said: Opinion, noise: Floats) -> Floats:
        drawn = map(self._committee.measured, said.drawn(noise))
        gained, reward = expected(self.problem, drawn, self._best)
        return np.asarray(gained + TIE * np.maximum(reward, 0.0))
