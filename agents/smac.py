"""Bayesian optimisation with a random forest: SMAC3."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.library_agent import Fact, LibraryAgent
from archgym.parameter import Codes

if TYPE_CHECKING:
    from ConfigSpace import Configuration
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.runhistory import TrialInfo

# SMAC must be told a number of trials, on which nothing else depends here.
_MANY_TRIALS = 2**31
# A tree has no more leaves than observations. SMAC's own limit, 2**20, has the memory for as many
# nodes allocated for each tree, which takes most of the time; the trees are the same.
_MOST_LEAVES = 2**14


class SmacAgent(LibraryAgent):
    """Models the reward by a forest and asks where it is expected to improve most.

    The settings are those of SMAC's facade for hyper-parameter optimisation. Conditional
    parameters are conditional in SMAC too. Some proposals are random, so it never stalls.

    Source: Lindauer et al., SMAC3: a versatile Bayesian optimization package for hyperparameter
    optimization, Journal of Machine Learning Research 23, 2022.
    """

    name = "smac"
    version = "2"
    summary = "Random forest with expected improvement (SMAC3); for budgets up to a thousand."
    library = "smac"
    extra = "smac"
    requires = ("smac", "ConfigSpace")
    constraint_handling = "repair"
    hyperparameters: ClassVar = {
        "startup": Hyperparameter(
            10, "quasi-random designs before the model is used", low=1, high=1000, log=True
        ),
        "trees": Hyperparameter(10, "trees of the forest", low=2, high=200, log=True),
        "retrain_after": Hyperparameter(
            8, "designs proposed by one model", low=1, high=64, log=True
        ),
        "random_share": Hyperparameter(0.2, "probability of a random proposal", low=0.0, high=1.0),
        "candidates": Hyperparameter(
            1000, "random designs the acquisition looks at", low=16, high=100_000, log=True
        ),
        "local_searches": Hyperparameter(
            10, "best known designs that the acquisition starts from", low=1, high=100, log=True
        ),
        "batch_size": Hyperparameter(1, "designs per batch", low=1, high=64, log=True),
    }

    def setup(self) -> None:
        from archgym.agents.smac_space import smac_space

        super().setup()
        self.batch_size = self.values["batch_size"]
        self._configurations = smac_space(self.space)
        # SMAC writes its settings when it is made; the search itself needs no files.
        with tempfile.TemporaryDirectory() as folder, _quiet():
            self._facade = self._make_facade(self._make_scenario(folder))

    def propose(self, count: int) -> tuple[list[TrialInfo], Codes]:
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        asked: list[TrialInfo] = []
        try:
            with _quiet():
                while len(asked) < count:
                    asked.append(self._facade.ask())
        except (StopIteration, ConfigurationSpaceExhaustedException):
            pass  # what is left is drawn at random
        rows = [self._codes(trial.config) for trial in asked]
        codes = np.array(rows, dtype=self.space.dtype).reshape(-1, self.space.width)
        return asked, self.space.canonical(codes)

    def learn(self, facts: list[Fact]) -> None:
        from smac.runhistory import TrialInfo, TrialValue

        for fact in facts:
            trial = fact.proposal or TrialInfo(self._configuration(fact.codes), seed=0)
            with _quiet():
                self._facade.tell(trial, TrialValue(cost=-fact.reward), save=False)

    def _make_scenario(self, folder: str) -> Scenario:
        from smac import Scenario

        return Scenario(
            self._configurations,
            deterministic=True,
            n_trials=_MANY_TRIALS,
            seed=self.library_seed,
            output_directory=Path(folder),
        )

    def _make_facade(self, scenario: Scenario) -> HyperparameterOptimizationFacade:
        from smac import HyperparameterOptimizationFacade as Facade

        values: dict[str, Any] = self.values
        return Facade(
            scenario,
            model=self._make_forest(scenario),
            initial_design=Facade.get_initial_design(scenario, n_configs=values["startup"]),
            random_design=Facade.get_random_design(scenario, probability=values["random_share"]),
            acquisition_maximizer=in_fixed_order(
                Facade.get_acquisition_maximizer(
                    scenario,
                    challengers=values["candidates"],
                    local_search_iterations=values["local_searches"],
                )
            ),
            config_selector=Facade.get_config_selector(
                scenario, retrain_after=values["retrain_after"]
            ),
            logging_level=False,
        )

    def _make_forest(self, scenario: Scenario) -> Any:
        """Return the facade's forest, on one thread."""
        from smac.model.random_forest import RandomForest

        return RandomForest(
            scenario.configspace,
            log_y=True,
            n_trees=self.values["trees"],
            ratio_features=1.0,
            min_samples_split=2,
            min_samples_leaf=1,
            max_leaf_nodes=_MOST_LEAVES,
            seed=scenario.seed,
            n_jobs=1,
        )

    def _codes(self, configuration: Configuration) -> list[float]:
        """Return the codes of a configuration; parameters without effect are absent from it."""
        known, default = dict(configuration), self.space.default.codes[0].tolist()
        return [
            known.get(axis.name, code) for axis, code in zip(self.space.axes, default, strict=True)
        ]

    def _configuration(self, codes: Codes) -> Configuration:
        from ConfigSpace.util import deactivate_inactive_hyperparameters

        names = [axis.name for axis in self.space.axes]
        known = dict(zip(names, codes.tolist(), strict=True))
        return deactivate_inactive_hyperparameters(known, self._configurations)


def in_fixed_order(maximizer: Any) -> Any:
    """Return SMAC's maximizer with starting points of its local search in one fixed order.

    SMAC takes them from a set, whose order depends on the process's seed of hashes.
    """
    local = maximizer._local_search
    choose = local._get_init_points_from_previous_configs

    def choose_in_order(*given: Any, **named: Any) -> list[Configuration]:
        return sorted(choose(*given, **named), key=lambda point: point.get_array().tobytes())

    local._get_init_points_from_previous_configs = choose_in_order
    return maximizer


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what SMAC says on the way; put its logger's level back."""
    logger = logging.getLogger("smac")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            # In a space of a single design it takes the mean of no neighbours.
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    finally:
        logger.setLevel(level)
