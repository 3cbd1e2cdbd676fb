"""Datasets as what surrogates are trained and scored on, and kinds compared on equal rows."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from archgym import registry
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.table_rows import rows_of_frame
from archgym.errors import SettingError, StoreError
from archgym.problem import Problem
from archgym.results.dataset import Dataset, DatasetCard

TEST_SHARE = 0.2
_MICROSECONDS = 1e6


@dataclass(frozen=True)
class Lesson:
    """Rows to learn from and rows to be scored on; no design stands in both.

    Attributes:
        left_out: The agent whose rows are scored on; empty if they are a random share.
        taught: What is learnt.
        test: What is scored on.
    """

    left_out: str
    taught: Rows
    test: Rows


def problem_of_dataset(card: DatasetCard, workload: str | None) -> Problem:
    """Return the problem whose evaluations a dataset holds.

    Args:
        card: Of the dataset.
        workload: A name or a file; may be left out where the dataset has one only.

    Raises:
        SettingError: It has several workloads, or not this one.
        StoreError: What measured it was another version.
    """
    name = _workload(card, workload)
    environment = registry.environments.get(card.env)
    problem = environment.make_problem(name, None, card.cost_model, **card.settings)
    now, then = (
        (environment.version, problem.cost_model.version),
        (card.env_version, card.cost_model_version),
    )
    if now != then:
        raise StoreError(
            f"dataset {card.reference}: is of {card.env}-v{then[0]}, cost model {then[1]}; these"
            f" are now {now[0]} and {now[1]}: run the experiments again"
        )
    return problem


def rows_of_dataset(
    dataset: Dataset, problem: Problem, agents: Collection[str] | None = None
) -> Rows:
    """Return a workload's rows of a dataset, those of some agents if these are given.

    Raises:
        StoreError: The file is damaged.
        NothingToLearnError: There are too few.
    """
    table = dataset.table().to_pandas()
    wanted = table["workload"] == PurePath(problem.workload_name).name
    if agents is not None:
        wanted &= table["agent"].isin(agents)
    return rows_of_frame(table[wanted], problem, f"dataset {dataset.card.reference}")


def lessons(dataset: Dataset, problem: Problem, split: str, seed: int) -> Iterator[Lesson]:
    """Yield what is learnt and what is scored on.

    Args:
        dataset: Holds every design once.
        problem: Of the dataset.
        split: ``design``: a random fifth of the designs is scored on; ``agent``: of each agent in
            turn all rows are, and only those of the others are learnt.
        seed: Of the random fifth.

    Raises:
        NothingToLearnError: There are too few rows, or one agent only.
    """
    if split == "design":
        rows = rows_of_dataset(dataset, problem)
        yield Lesson("", *rows.split(np.random.default_rng(seed), TEST_SHARE))
        return
    agents = list(dataset.card.agents)
    if len(agents) < 2:
        raise NothingToLearnError(
            f"dataset {dataset.card.reference}: has rows of {', '.join(agents)} only, so that no"
            " agent can be left out"
        )
    for agent in agents:
        others = [name for name in agents if name != agent]
        taught = rows_of_dataset(dataset, problem, others)
        yield Lesson(agent, taught, rows_of_dataset(dataset, problem, [agent]))


def compared(
    problem: Problem,
    lesson: Lesson,
    kind: str,
    metrics: Sequence[str] | None,
    settings: Mapping[str, Any] | None,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield a row per metric: scores of a kind, CPU seconds of training, and of a prediction."""
    from archgym.cost_models.learned.learning import learn

    began = time.process_time()
    model = learn(problem, lesson.taught, kind, metrics, settings, seed, test=lesson.test)
    trained = time.process_time()
    model.evaluate(lesson.test.batch, None)
    predicting = (time.process_time() - trained) / len(lesson.test)
    for metric, found in model.card.scores.items():
        yield {
            "left_out": lesson.left_out,
            "kind": kind,
            "metric": metric,
            **found,
            "train_s": round(trained - began, 2),
            "predict_us": round(predicting * _MICROSECONDS, 1),
        }


def _workload(card: DatasetCard, given: str | None) -> str:
    if given is None and len(card.workloads) > 1:
        raise SettingError(
            f"dataset {card.reference}: a surrogate is of one workload; choose one of"
            f" {', '.join(card.workloads)} by --workload"
        )
    name = next(iter(card.workloads)) if given is None else given
    if PurePath(name).name not in card.workloads:
        raise SettingError(
            f"dataset {card.reference}: has no rows of workload {name!r}, but of"
            f" {', '.join(card.workloads)}"
        )
    return name
