"""Search on surrogates that learn from the designs which they choose: active learning."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.committee import KINDS, Committee
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.diverse import pick
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.improvement import TIE, even_noise, expected
from archgym.agents.planning import PLANNING, Planner, candidates
from archgym.agents.sample import SampleAgent
from archgym.agents.told import ToldDesigns, without_verdict
from archgym.batch import Batch
from archgym.objective import FAILED_REWARD
from archgym.outcome import Floats, Outcomes

_LEAST_VARIANCE = 1e-12
_IMPROVEMENT, _UNCERTAINTY = "expected_improvement", "uncertainty"


class ActiveLearningAgent(AskTellAgent):
    """Learns a surrogate of the designs told, and asks for those that promise most.

    The metrics that the objective needs are learnt, so any objective can be searched. A design
    promises the improvement of the reward that is expected, by draws of its metrics, as far as it
    is likely to be feasible. The most promising designs are found by evolution on the surrogate;
    those of a batch, and those told since the surrogate was learnt, keep their distance.

    Where the surrogate is to be good everywhere (acquisition ``uncertainty``), designs are drawn
    from random ones with probabilities that are proportional to the variance of their metrics.
    The most uncertain of all designs lie at the rim of the space and teach less than random ones.

    It begins with a design of experiments, learns again when the designs told have grown by a
    factor, and ends when nothing is left to try.

    Source: Jones et al., Efficient global optimization of expensive black-box functions, Journal
    of Global Optimization 13, 1998; Kirsch et al., Stochastic batch acquisition: a simple baseline
    for deep active learning, TMLR 2023.
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
            "what is wanted: a better reward, or a surrogate that is good everywhere",
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
        **PLANNING,
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
        elif self.values["acquisition"] == _UNCERTAINTY:
            batch = self.proposed.take_new(self._uncertain(count))
        else:
            batch = self.proposed.take_new(self._promising(count))
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

    def _uncertain(self, count: int) -> Batch:
        """Return some of many random designs, rather those of which little is known."""
        drawn = self.space.sample(self.rng, self.values["candidates"])
        new = drawn.select(self.proposed.new_rows(drawn, set()))
        if not len(new):
            return new
        said = self._committee.opinion(new)
        variance = np.maximum(said.likely * (said.sigma**2).mean(axis=1), _LEAST_VARIANCE)
        shares = variance / variance.sum()
        return new.select(self.rng.choice(len(new), min(count, len(new)), False, shares))

    def _promising(self, count: int) -> Batch:
        """Return designs that promise most and are not alike."""
        noise = even_noise(self.rng, self.values["draws"], len(self._committee.metrics))
        begin = candidates(self.problem, self._told, self.values["candidates"], self.rng)
        elite, promise = self._planner.best(
            begin, lambda batch: self._promise(batch, noise), self.proposed, self.rng
        )
        taken = self._since.all[0] if len(self._since) else self.space.default.select([])
        return elite.select(pick(elite, promise, taken, count, self.values["reach"]))

    def _promise(self, batch: Batch, noise: Floats) -> Floats:
        """Return the improvement that is expected of each design, shape (n,)."""
        said = self._committee.opinion(batch)
        drawn = map(self._committee.measured, said.drawn(noise))
        gained, reward = expected(self.problem, drawn, self._best)
        return np.asarray(said.likely * (gained + TIE * np.maximum(reward, 0.0)))
