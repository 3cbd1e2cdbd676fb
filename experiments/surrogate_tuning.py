"""Settings of surrogates chosen by cross-validation on nothing but the rows that are learnt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from archgym.cost_models.learned.regressor import find_kind
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.errors import SettingError
from archgym.experiments.hyperparameter_search import Configuration, Domain, Domains
from archgym.experiments.proposals import propose_tpe
from archgym.problem import Problem

FOLDS = 5
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Tuner:
    """Searches the settings of a kind that declare a range and are not given.

    Called with rows it returns what a card says of the choice, see `Card.tuning`. The error of
    settings is the mean absolute error of each metric on each fifth of the rows, learnt from the
    other four, in standard deviations; the mean of all. The kind's defaults are tried first, so
    that what is chosen is never worse than these there; then Optuna's tree-structured Parzen
    estimator proposes. The same rows give the same choice.

    Attributes:
        problem: What the rows are of.
        kind: Of the regressor.
        metrics: Which to learn; all where None.
        settings: Given ones, which are not searched.
        trials: How many settings are tried beside the defaults.
        seed: Of everything random.
        progress: Is told how many are tried, and how many will be.

    Raises:
        UnknownNameError: There is no such kind.
        SettingError: Nothing is left to search.
    """

    problem: Problem
    kind: str
    metrics: Sequence[str] | None
    settings: Mapping[str, Any]
    trials: int
    seed: int
    progress: Progress = lambda done, of: None

    def __post_init__(self) -> None:
        domains_of_kind(self.kind, self.settings)

    def __call__(self, rows: Rows) -> dict[str, Any]:
        searched = domains_of_kind(self.kind, self.settings)
        folds = list(_folds(rows, self.seed))
        default = self._error({}, folds)
        tried = [({}, default), *self._tried(searched, folds)]
        values, error = min(tried, key=lambda one: one[1])
        return {
            "trials": self.trials,
            "folds": FOLDS,
            "searched": list(searched),
            "values": values,
            "error": error,
            "default_error": default,
        }

    def _tried(
        self, searched: Domains, folds: Sequence[tuple[Rows, Rows]]
    ) -> Iterator[tuple[Configuration, float]]:
        proposals = propose_tpe(searched, self.trials, at_a_time=1)
        (values,) = next(proposals)
        for done in range(1, self.trials + 1):
            error = self._error(values, folds)
            yield values, error
            self.progress(done, self.trials)
            if done < self.trials:
                (values,) = proposals.send([-error])

    def _error(self, values: Configuration, folds: Sequence[tuple[Rows, Rows]]) -> float:
        from archgym.cost_models.learned.learning import learn

        settings, found = {**self.settings, **values}, []
        for taught, test in folds:
            model = learn(
                self.problem, taught, self.kind, self.metrics, settings, self.seed, 0.0, test
            )
            # What diverges has no error.
            errors = [score["mae"] for score in model.card.scores.values()]
            found += [math.inf if error is None else error for error in errors]
        if not found:
            raise NothingToLearnError("nothing to tune by: no fifth of the rows has two values")
        return float(np.mean(found))


def domains_of_kind(kind: str, given: Mapping[str, Any]) -> Domains:
    """Return what is searched of a kind: settings with a range but those given.

    Raises:
        UnknownNameError: There is no such kind.
        SettingError: Nothing is left to search.
    """
    defaults = find_kind(kind)().settings
    ranges = _ranges().get(kind, {})
    left = {n: _domain(defaults[n], wanted) for n, wanted in ranges.items() if n not in given}
    if not left:
        why = f"all of {', '.join(ranges)} are given" if ranges else "it has no ranges"
        raise SettingError(f"kind {kind!r}: nothing to tune: {why}")
    return left


def _domain(default: Any, wanted: Any) -> Domain:
    if isinstance(wanted, list):
        return Domain(values=tuple(wanted))
    return Domain(**wanted, whole=isinstance(default, int))


def _folds(rows: Rows, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield what is learnt and what is scored on, a random fifth of the designs in turn."""
    if len(rows) < 2 * FOLDS:
        raise NothingToLearnError(f"{len(rows)} designs to tune by, {2 * FOLDS} are needed")
    keys = rows.batch.keys()
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    drawn = np.random.default_rng(seed).permutation(len(places)) % FOLDS
    fold = drawn[[places[key] for key in keys]]
    for number in range(FOLDS):
        taught, test = (rows.select(np.flatnonzero(w)) for w in (fold != number, fold == number))
        yield taught, test


@cache
def _ranges() -> Mapping[str, Mapping[str, Any]]:
    text = files("archgym.cost_models.learned").joinpath("ranges.yaml").read_text("utf-8")
    ranges: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return ranges
