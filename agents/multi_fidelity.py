"""Search with a cheap model beside the true one: multi-fidelity Bayesian optimisation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from archgym.agents.base import Agent
from archgym.agents.cheap_level import CheapLevel
from archgym.agents.cheaper_problem import cheaper_problem
from archgym.agents.committee import KINDS, Committee, Opinion
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.diverse import pick
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.improvement import TIE, even_noise, expected
from archgym.agents.planning import PLANNING, Planner, candidates
from archgym.agents.sample import SampleAgent
from archgym.agents.told import ToldDesigns, without_verdict
from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.objective import FAILED_REWARD
from archgym.outcome import Floats, Outcomes

NONE = "none"
# What the cheap model costs, unless told otherwise: a tenth of the budget at the start, half an
# evaluation per evaluation later.
_AT_START, _PER_EVALUATION = 0.1, 0.5
_FEWEST_AT_START, _MOST_AT_START, _MOST_PER_EVALUATION = 16, 256, 64


class MultiFidelityAgent(Agent):
    """Asks a cheap model what to ask the true one; both are paid from the budget.

    Each turn an evolution on what is believed finds promising designs, the cheap model is asked
    for the best of them, and the true one for that which then promises the largest improvement. A
    true metric is believed to be a factor times the cheap one plus a difference, a Gaussian
    process over designs. What the cheap model would say of designs that it was not asked for is
    learnt by a surrogate. Designs that the cheap model calls infeasible are not asked.

    Attributes:
        level: What the cheap model said; None without one.
        true: What the true one is believed to say.

    Source: Kennedy and O'Hagan, Predicting the output from a complex computer code when fast
    approximations are available, Biometrika 87, 2000; in the manner of Huang et al., Sequential
    kriging optimization using multiple-fidelity evaluations, Structural and Multidisciplinary
    Optimization 32, 2006.
    """

    name = "multi_fidelity"
    summary = "A cheap model proposes, its error is learnt, and both are paid (Kennedy, O'Hagan)."
    library = "botorch"
    extra = "bo"
    requires = ("botorch", "gpytorch", "torch")
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "cheap": Hyperparameter(
            NONE,
            "the cheap model: another one of the environment, surrogate:NAME, or workload:NAME"
            f" (the same model on another workload); {NONE}: there is none",
        ),
        "price": Hyperparameter(
            0.1, "of a design under the cheap model, in evaluations", low=1e-6, high=1.0, log=True
        ),
        "kind": Hyperparameter("gp", "of the surrogate of the cheap model", choices=KINDS),
        "startup": Hyperparameter(
            8, "designs of which both models are asked first", low=4, high=1000, log=True
        ),
        "cheap_startup": Hyperparameter(
            None, "designs of which the cheap model is asked first; none: a tenth of the budget",
            low=10, high=10_000, log=True, kind=int,
        ),
        "cheap_designs": Hyperparameter(
            None, "which it is asked per evaluation; none: half an evaluation's worth",
            low=1, high=1000, log=True, kind=int,
        ),
        "batch_size": Hyperparameter(1, "evaluations per plan", low=1, high=64, log=True),
        **PLANNING,
    }  # fmt: skip

    def setup(self) -> None:
        from archgym.agents.true_level import TrueLevel

        cheap = self.values["cheap"]
        self._cheaper = None if cheap == NONE else cheaper_problem(self.problem, cheap)
        if self._cheaper is not None:
            Committee(self._cheaper, self.values["kind"])  # refuses a kind that is not installed
        self.level: CheapLevel | None = None
        self.true = TrueLevel(self.problem, self._cheaply)
        self.proposed = DistinctDesigns(self.space)
        self._planner = Planner(self.values["generations"], self.values["children"])
        self._told = ToldDesigns(self.space)
        self._best = FAILED_REWARD

    def run(self, evaluator: Evaluator) -> None:
        waiting = self._begin(evaluator)
        while evaluator.remaining > 0:
            count = min(self.values["batch_size"], evaluator.remaining)
            batch, waiting = waiting.select(slice(count)), waiting.select(slice(count, None))
            batch = batch if len(batch) else self._next(count)
            if not len(batch):
                return
            self.proposed.remember(batch.keys())
            self._learn(batch, evaluator.evaluate(batch))

    # -- the beginning --------------------------------------------------------------------------

    def _begin(self, evaluator: Evaluator) -> Batch:
        """Ask the cheap model for designs, and return those that the true one is asked first."""
        startup: int = max(min(self.values["startup"], evaluator.budget // 2), 1)
        seed = int(self.rng.integers(2**31))
        if self._cheaper is None or evaluator.budget < 2:
            return _designs(SampleAgent(self.problem, seed, designer="latin", points=startup))
        model = evaluator.admit(self.values["cheap"], self._cheaper, self.values["price"])
        self.level = CheapLevel(evaluator, model, self.values["kind"], self.rng)
        wanted = max(startup, self._at_start(evaluator.budget))
        first = _designs(SampleAgent(self.problem, seed, designer="latin", points=wanted))
        self.level.ask(first.select(slice(self.level.affordable(startup))))
        return first.select(slice(startup))

    def _at_start(self, budget: int) -> int:
        worth = round(_AT_START * budget / self.values["price"])
        usual = min(max(worth, _FEWEST_AT_START), _MOST_AT_START)
        return int(self.values["cheap_startup"] or usual)

    # -- a turn ---------------------------------------------------------------------------------

    def _learn(self, batch: Batch, outcomes: Outcomes) -> None:
        self._told.add(batch, without_verdict(self.problem, outcomes))
        self._best = max(self._best, float(outcomes.reward.max()))

    def _next(self, count: int) -> Batch:
        """Return designs to be evaluated next; none where nothing is left to try."""
        if self.level is not None:
            self.level.learn()
        from archgym.agents.gaussian_process import modelling

        batch = self.space.default.select([])
        with modelling(self.rng):
            if (self.level is None or self.level.learnt) and self.true.learn(self._told):
                batch = self._plan(count)
        return batch if len(batch) else self._drawn(count)

    def _drawn(self, count: int) -> Batch:
        """Return new random designs, of which the cheap model is asked, too."""
        batch = self.proposed.draw(self.rng, count)
        if self.level is not None:
            new = batch.select(self.level.new_rows(batch))
            self.level.ask(new.select(slice(self.level.affordable(count))))
        return batch

    def _plan(self, count: int) -> Batch:
        noise = even_noise(self.rng, self.values["draws"], len(self.true.metrics))
        begin = candidates(self.problem, self._told, self.values["candidates"], self.rng)
        elite, promised = self._planner.best(
            begin, lambda batch: self._promise(batch, noise), self.proposed, self.rng
        )
        if self.level is not None:
            self._ask_cheaply(elite, promised, count)
            known = self.level.asked
            known = known.select(self.proposed.new_rows(known, set()))
            if len(known):
                elite, promised = known, self._promise(known, noise)
        return self._picked(elite, promised, count)

    def _ask_cheaply(self, elite: Batch, promised: Floats, count: int) -> None:
        """Ask the cheap model for the designs that promise most."""
        assert self.level is not None
        usual = min(round(_PER_EVALUATION / self.values["price"]), _MOST_PER_EVALUATION)
        wanted = count * int(self.values["cheap_designs"] or max(usual, 1))
        rows = self.level.new_rows(elite)
        new = elite.select(rows)
        self.level.ask(
            self._picked(new, promised[rows], min(wanted, self.level.affordable(count)))
        )

    def _picked(self, batch: Batch, promised: Floats, count: int) -> Batch:
        none = batch.select([])
        return batch.select(pick(batch, promised, none, count, self.values["reach"]))

    def _promise(self, batch: Batch, noise: Floats) -> Floats:
        """Return the improvement that is expected of each design, shape (n,)."""
        said = self.true.opinion(batch)
        drawn = map(self.true.measured, said.drawn(noise))
        gained, reward = expected(self.problem, drawn, self._best)
        return np.asarray(said.likely * (gained + TIE * np.maximum(reward, 0.0)))

    def _cheaply(self, batch: Batch, metrics: tuple[str, ...]) -> Opinion:
        if self.level is not None:
            return self.level.opinion(batch, metrics)
        zeros = np.zeros((len(batch), len(metrics)))
        return Opinion(zeros, zeros, np.ones(len(batch)))


def _designs(sample: SampleAgent) -> Batch:
    """Return all designs of a design of experiments, at most as many as its points."""
    return sample.ask(int(sample.values["points"]))
