"""Many goal specifications: how many evaluations an agent needs to meet each of them.

A table of targets has a row for each: ``target_id``, optionally ``workload`` and settings of the
environment, and bounds ``min_METRIC`` and ``max_METRIC``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.environment import Environment
from archgym.errors import ArchgymError, SettingError, UnknownNameError
from archgym.evaluator import Evaluator, Record
from archgym.outcome import Outcomes, Status
from archgym.problem import Problem
from archgym.registry import make_agent
from archgym.scalar_parameters import as_number

ID, WORKLOAD, MINIMUM, MAXIMUM = "target_id", "workload", "min_", "max_"
REMARKS = ("hit_rate",)


@dataclass(frozen=True)
class Target:
    """One goal specification.

    Attributes:
        id: As the table calls it.
        workload: A name or file; None for the environment's default.
        settings: Settings of the environment that the row gives.
        least: Metric -> lower bound.
        most: Metric -> upper bound.
    """

    id: str
    workload: str | None
    settings: Mapping[str, str]
    least: Mapping[str, float]
    most: Mapping[str, float]

    def met(self, outcomes: Outcomes) -> NDArray[np.bool_]:
        """Return which designs are feasible and keep every bound, shape (n,)."""
        met: NDArray[np.bool_] = outcomes.status == Status.OK
        for name, bound in self.least.items():
            met = met & (outcomes.metrics[name] >= bound)
        for name, bound in self.most.items():
            met = met & (outcomes.metrics[name] <= bound)
        return met

    def problem(self, environment: Environment, settings: Mapping[str, Any]) -> Problem:
        """Return the problem of meeting it; its cost model may leave out other metrics.

        Raises:
            SettingError: A bound contradicts the direction of its metric, or a setting.
            UnknownNameError: A metric, workload or setting is unknown.
        """
        given = {**settings, **self.settings}
        made = environment.make_problem(
            self.workload, {"targets": {**self.least, **self.most}}, **given
        )
        for term in made.objective.form.terms:
            if term.maximize != (term.metric.name in self.least):
                word = MINIMUM if term.maximize else MAXIMUM
                raise SettingError(
                    f"target {self.id!r}: {term.metric.name} is to be {term.metric.direction}d,"
                    f" so its bound is {word}{term.metric.name}"
                )
        return replace(made, cost_model=made.cost_model.focused(made.objective.metrics))


@dataclass
class Attempt:
    """One agent's search for one target.

    Attributes:
        target: What is to be met.
        seed: Of the agent.
        solved: Whether a design met it.
        evaluations: Different designs evaluated, up to and including the first that met it.
        offline_evaluations: Those that were spent before the search, as for training a policy.
        best: The design that met it, else the one with the largest reward.
    """

    target: Target
    seed: int
    solved: bool = False
    evaluations: int = 0
    offline_evaluations: int = 0
    best: dict[str, Any] = field(default_factory=dict)
    _reward: float = -np.inf

    def record(self, record: Record) -> None:
        """Take note of a batch.

        Raises:
            _Solved: A design meets the target.
        """
        met = np.flatnonzero(self.target.met(record.outcomes))
        seen = int(met[0]) + 1 if len(met) else len(record.batch)
        self.evaluations += int(np.count_nonzero(~record.cached[:seen]))
        row = seen - 1 if len(met) else int(np.argmax(record.outcomes.reward))
        if len(met) or record.outcomes.reward[row] > self._reward:
            self._reward = float(record.outcomes.reward[row])
            self.best = record.batch.select([row]).dicts()[0]
        if len(met):
            self.solved = True
            raise _Solved


class _Solved(Exception):  # noqa: N818, it is no error
    """Ends a search that has met its target."""


def attempt(
    problem: Problem,
    target: Target,
    agent: str,
    seed: int,
    budget: int,
    hyperparameters: Mapping[str, Any] | None = None,
) -> Attempt:
    """Let an agent search until it meets a target or has spent its budget.

    Raises:
        SettingError: The agent cannot search this problem.
    """
    result = Attempt(target, seed)
    searcher = make_agent(agent, problem, seed=seed, **(hyperparameters or {}))
    result.offline_evaluations = int(getattr(searcher, "offline_evaluations", 0))
    evaluator = Evaluator(problem, budget, result.record)
    try:
        searcher.run(evaluator)
    except _Solved:
        pass
    finally:
        evaluator.close()
    return result


def attempts(
    environment: Environment,
    targets: Sequence[Target],
    agent: str,
    seeds: Sequence[int],
    budget: int,
    settings: Mapping[str, Any],
    hyperparameters: Mapping[str, Any] | None = None,
) -> Iterator[Attempt]:
    """Yield an attempt for every target and seed; all problems are checked before the first.

    A design that met its target is evaluated anew, apart from the search, before it counts.

    Args:
        environment: What the targets are of.
        targets: What is to be met.
        agent: Its name.
        seeds: Of the agent.
        budget: Evaluations of each attempt.
        settings: Of the environment, where a target gives none.
        hyperparameters: Of the agent.

    Raises:
        ArchgymError: A target or setting that cannot be, or a design that meets its target no
            more when it is evaluated again.
    """
    problems = [target.problem(environment, settings) for target in targets]
    for target, problem in zip(targets, problems, strict=True):
        for seed in seeds:
            made = attempt(problem, target, agent, seed, budget, hyperparameters)
            if made.solved:
                _confirm(made, target.problem(environment, settings))
            yield made


def _confirm(made: Attempt, problem: Problem) -> None:
    """Evaluate the values that are reported, by a problem that no search has seen."""
    if not made.target.met(problem.outcomes(problem.space.encode([made.best]))).all():
        raise ArchgymError(
            f"target {made.target.id!r}, seed {made.seed}: {made.best} met it in the search, but"
            " not when evaluated again: the cost model is not deterministic"
        )


def read_targets(path: Path, environment: Environment) -> list[Target]:
    """Read a table of targets.

    Raises:
        ArchgymError: The file cannot be read, has no targets, or a cell is no number.
        UnknownNameError: A column is neither a bound nor a setting of the environment.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArchgymError(f"{path}: cannot be read as CSV: {error}") from None
    if not rows or ID not in rows[0]:
        raise ArchgymError(f"{path}: needs a column {ID!r} and at least one row")
    known = {ID, WORKLOAD, *REMARKS, *environment.settings}
    for name in rows[0]:
        if name not in known and not str(name).startswith((MINIMUM, MAXIMUM)):
            bounds = f"; bounds are {MINIMUM}METRIC and {MAXIMUM}METRIC"
            raise UnknownNameError(f"column in {path}:", str(name), known, bounds)
    return [_target(row, f"{path}: row {n}", environment) for n, row in enumerate(rows, start=1)]


def _target(row: Mapping[str, str], where: str, environment: Environment) -> Target:
    least, most = (_bounds(row, word, where) for word in (MINIMUM, MAXIMUM))
    if not least and not most:
        raise ArchgymError(f"{where}: has no bound")
    settings = {name: row[name] for name in environment.settings if row.get(name)}
    return Target(row[ID], row.get(WORKLOAD) or None, settings, least, most)


def _bounds(row: Mapping[str, str], word: str, where: str) -> dict[str, float]:
    bounds = {}
    for name, cell in row.items():
        if name.startswith(word) and cell:
            number = as_number(cell)
            if number is None:
                raise ArchgymError(f"{where}, column {name!r}: {cell!r} is not a number")
            bounds[name.removeprefix(word)] = number
    return bounds
