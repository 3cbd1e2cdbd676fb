"""Bayesian search with tree-structured Parzen estimators: Optuna's TPESampler."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch
from archgym.outcome import Outcomes
from archgym.parameter import Parameter

if TYPE_CHECKING:
    from optuna import Study, Trial


class TpeAgent(AskTellAgent):
    """Models where good and bad designs lie and asks where good ones are likely.

    Conditional parameters are asked of Optuna only where they are active, so that its model of
    them learns from designs in which they had an effect; elsewhere they keep their default.
    Designs that break a constraint are asked and punished. The time per design grows linearly
    with the number of designs told; beyond some thousands, other agents are the better choice.

    Source: Bergstra et al., Algorithms for hyper-parameter optimization, NeurIPS 2011.
    """

    name = "tpe"
    summary = "Tree-structured Parzen estimator (Optuna TPESampler); for budgets up to thousands."
    library = "optuna"
    requires = ("optuna",)
    constraint_handling = "penalty"
    hyperparameters: ClassVar = {
        "startup": Hyperparameter(
            10, "random designs before the model is used", low=1, high=1000, log=True
        ),
        "candidates": Hyperparameter(
            24, "draws from the model of good designs per proposal", low=1, high=1024, log=True
        ),
        "multivariate": Hyperparameter(True, "model all axes jointly instead of one by one"),
        "batch_size": Hyperparameter(1, "designs per batch", low=1, high=256, log=True),
    }

    def setup(self) -> None:
        import optuna

        self.batch_size = self.values["batch_size"]
        self._pending: list[Trial] = []
        self._conditions = {p.name: self._conditions_of(p) for p in self.space.parameters}
        joint = self.values["multivariate"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(
                n_startup_trials=self.values["startup"],
                n_ei_candidates=self.values["candidates"],
                multivariate=joint,
                group=joint and any(self._conditions.values()),
                constant_liar=self.batch_size > 1,
                seed=self.library_seed,
            )
        self._study = quiet_study(sampler)

    def ask(self, count: int) -> Batch:
        self._pending = [self._study.ask() for _ in range(count)]
        rows = [self._suggest(trial) for trial in self._pending]
        return Batch(self.space, np.array(rows, dtype=self.space.dtype))

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        for trial, reward in zip(self._pending, outcomes.reward.tolist(), strict=True):
            self._study.tell(trial, reward)

    def _suggest(self, trial: Trial) -> list[float]:
        """Return the codes that Optuna proposes, parameter by parameter."""
        from archgym.agents.optuna_distributions import suggest

        codes: list[float] = self.space.default.codes[0].tolist()
        for parameter in self.space.parameters:
            if all(codes[at] in allowed for at, allowed in self._conditions[parameter.name]):
                chosen = [suggest(trial, axis) for axis in parameter.axes]
                codes[self.space.columns[parameter.name]] = chosen
        return codes

    def _conditions_of(self, parameter: Parameter) -> list[tuple[int, set[float]]]:
        """Return (column of a parent, the parent's codes under which it is active)."""
        return [
            (self.space.columns[name].start, {self.space[name].parse(v)[0] for v in values})
            for name, values in parameter.active_when.items()
        ]


def quiet_study(sampler: Any) -> Study:
    """Return a maximising study in memory, without Optuna's announcement of it."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction="maximize", sampler=sampler)
    finally:
        optuna.logging.set_verbosity(verbosity)
