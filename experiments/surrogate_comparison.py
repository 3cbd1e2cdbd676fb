"""Kinds of surrogates on equal rows, several times over, beside baselines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.cost_models.learned.regressor import BASELINES, find_kind
from archgym.errors import SettingError
from archgym.experiments.surrogate_datasets import Lesson
from archgym.experiments.surrogate_tuning import Progress, Tuner, domains_of_kind
from archgym.problem import Problem

Row = dict[str, Any]
_MICROSECONDS = 1e6
# Columns that say what a row is of, and those whose spread does not matter.
_OF = ("left_out", "taught", "kind", "metric")
_WITHOUT_SPREAD = ("rows", "train_s", "predict_us")


@dataclass(frozen=True)
class Contender:
    """A kind that is compared.

    Attributes:
        kind: Of the regressor.
        settings: Of the regressor; defaults otherwise.
        trials: How many further settings are tried on the rows that are learnt.
    """

    kind: str
    settings: Mapping[str, Any]
    trials: int = 0

    def scores(
        self, problem: Problem, lesson: Lesson, metrics: Sequence[str] | None, seed: int
    ) -> Iterator[Row]:
        """Yield a row per metric: scores, CPU seconds of learning, and of a prediction."""
        from archgym.cost_models.learned.learning import learn

        began = time.process_time()
        model = learn(
            problem,
            lesson.taught,
            self.kind,
            metrics,
            self.settings,
            seed,
            test=lesson.test,
            tune=self._tuner(problem, metrics, seed),
        )
        trained = time.process_time()
        model.beliefs_of(lesson.test)
        predicting = (time.process_time() - trained) / len(lesson.test)
        for metric, found in model.card.scores.items():
            yield {
                "left_out": lesson.left_out,
                "taught": len(lesson.taught),
                "kind": self.kind,
                "metric": metric,
                **found,
                "train_s": round(trained - began, 2),
                "predict_us": round(predicting * _MICROSECONDS, 1),
            }

    def _tuner(self, problem: Problem, metrics: Sequence[str] | None, seed: int) -> Tuner | None:
        if not self.trials:
            return None
        return Tuner(problem, self.kind, metrics, self.settings, self.trials, seed)


def contenders(
    kinds: Iterable[str], options: Mapping[str, Any], trials: int = 0
) -> list[Contender]:
    """Return kinds with their settings, the baselines before them.

    Args:
        kinds: What is compared.
        options: ``SETTING`` of all kinds, or ``KIND.SETTING`` of one, and values.
        trials: How many further settings of each kind are tried.

    Raises:
        UnknownNameError: An unknown kind or setting.
        SettingError: A setting is of a kind that is not compared, or has a wrong value; with
            trials, a kind has nothing to search.
    """
    names = [name for name in dict.fromkeys(kinds) if name not in BASELINES]
    for name in names:
        find_kind(name)
    for key in options:
        owner = key.rpartition(".")[0]
        if owner and owner not in names:
            raise SettingError(f"--option {key}: {owner!r} is not among {', '.join(names)}")
    found = [Contender(name, _own(name, options), trials) for name in names]
    for one in found:
        find_kind(one.kind)(one.settings)
        if trials:
            domains_of_kind(one.kind, one.settings)
    return [*(Contender(name, {}) for name in BASELINES), *found]


def compared(
    problem: Problem,
    lessons: Iterable[tuple[int, Lesson]],
    contenders: Sequence[Contender],
    metrics: Sequence[str] | None,
    progress: Progress = lambda done, of: None,
) -> list[Row]:
    """Return the rows of each contender in each lesson.

    Args:
        problem: What the lessons are of; where they are of several workloads, one of these.
        lessons: What is learnt and what is scored on, the same for all contenders, and the seed
            of what learns.
        contenders: What is compared.
        metrics: Which to learn; all where None.
        progress: Is told how many surrogates are scored, and how many will be.
    """
    turns = [(seed, lesson, one) for seed, lesson in lessons for one in contenders]
    rows: list[Row] = []
    for done, (seed, lesson, one) in enumerate(turns, start=1):
        rows += one.scores(problem, lesson, metrics, seed)
        progress(done, len(turns))
    return rows


def averaged(rows: Iterable[Row]) -> list[Row]:
    """Return one row for those that differ by the seed alone: means, and ``_sd`` beside them.

    A standard deviation is that of a sample; of one row there is none, and no column.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in _OF), []).append(row)
    return [_mean(group) for group in groups.values()]


def _mean(rows: list[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    found: Row = {}
    for name, value in rows[0].items():
        known = [row[name] for row in rows if row[name] is not None]
        found[name] = value if name in _OF else float(np.mean(known)) if known else None
        if name not in (*_OF, *_WITHOUT_SPREAD):
            found[f"{name}_sd"] = float(np.std(known, ddof=1)) if len(known) > 1 else None
    return {**found, "seeds": len(rows)}


def _own(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind's settings; those that name it come before those of all."""
    general = {key: value for key, value in options.items() if "." not in key}
    start = f"{kind}."
    own = {k.removeprefix(start): v for k, v in options.items() if k.startswith(start)}
    return general | own
