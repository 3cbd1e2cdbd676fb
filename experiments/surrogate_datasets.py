"""Datasets as what surrogates are trained and scored on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from archgym import registry
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.table_rows import rows_of_frame
from archgym.cost_models.learned.workloads import name_of
from archgym.errors import SettingError, StoreError
from archgym.problem import Problem
from archgym.results.dataset import Dataset, DatasetCard

ALL = "all"
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Lesson:
    """Rows to learn from and rows to be scored on; no row stands in both.

    Attributes:
        left_out: The agent or workload whose rows are scored on; empty if they are a random
            share of the designs.
        taught: What is learnt.
        test: What is scored on.
    """

    left_out: str
    taught: Rows
    test: Rows


def problems_of_dataset(card: DatasetCard, workloads: Sequence[str] = ()) -> list[Problem]:
    """Return the problems whose evaluations a dataset holds, one for each workload.

    Args:
        card: Of the dataset.
        workloads: Names or files; `ALL` stands for all that the dataset has. May be left out
            where it has one only.

    Raises:
        SettingError: It has several workloads and none is chosen, or not one of these.
        StoreError: What measured it was another version.
    """
    if not workloads:
        return [problem_of_dataset(card, None)]
    names = card.workloads if list(workloads) == [ALL] else workloads
    return [problem_of_dataset(card, name) for name in names]


def problem_of_dataset(card: DatasetCard, workload: str | None) -> Problem:
    """Return the problem of one workload, see `problems_of_dataset`."""
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
    dataset: Dataset,
    problems: Problem | Sequence[Problem],
    agents: Collection[str] | None = None,
) -> Rows:
    """Return a dataset's rows of one workload or several, those of some agents if given.

    Raises:
        StoreError: The file is damaged.
        SettingError: Spaces of the workloads differ.
        NothingToLearnError: There are too few rows of one.
    """
    table = dataset.table().to_pandas()
    if agents is not None:
        table = table[table["agent"].isin(agents)]
    source = f"dataset {dataset.card.reference}"
    if isinstance(problems, Problem):
        return rows_of_frame(table[table["workload"] == name_of(problems)], problems, source)
    parts = [(problem, table[table["workload"] == name_of(problem)]) for problem in problems]
    if len(parts) == 1:
        return rows_of_frame(parts[0][1], problems[0], source)
    rows = [rows_of_frame(part, one, source) if len(part) else None for one, part in parts]
    return Rows.mixed(problems, rows)


def lessons(
    dataset: Dataset, problems: Problem | Sequence[Problem], split: str, seed: int
) -> Iterator[Lesson]:
    """Yield what is learnt and what is scored on.

    Args:
        dataset: Holds every design of a workload once.
        problems: Of the dataset; several differ in their workload.
        split: ``design``: a random fifth of the designs is scored on, with all rows of each;
            ``agent``: of each agent in turn all rows are, and only those of the others are
            learnt; ``workload``: the same of each workload.
        seed: Of the random fifth.

    Raises:
        NothingToLearnError: There are too few rows, or one agent or workload only.
        SettingError: Spaces of the workloads differ, or nothing is known of one that is left out.
    """
    if split == "design":
        rows = rows_of_dataset(dataset, problems)
        yield Lesson("", *rows.split(np.random.default_rng(seed), TEST_SHARE))
    elif split == "workload":
        yield from _leaving_out_workloads(rows_of_dataset(dataset, problems), dataset)
    else:
        yield from _leaving_out_agents(dataset, problems)


def _leaving_out_agents(
    dataset: Dataset, problems: Problem | Sequence[Problem]
) -> Iterator[Lesson]:
    agents = list(dataset.card.agents)
    if len(agents) < 2:
        raise NothingToLearnError(
            f"dataset {dataset.card.reference}: has rows of {', '.join(agents)} only, so that no"
            " agent can be left out"
        )
    for agent in agents:
        others = [name for name in agents if name != agent]
        taught = rows_of_dataset(dataset, problems, others)
        yield Lesson(agent, taught, rows_of_dataset(dataset, problems, [agent]))


def _leaving_out_workloads(rows: Rows, dataset: Dataset) -> Iterator[Lesson]:
    told = rows.workloads
    if told is None or len(told.present) < 2:
        raise NothingToLearnError(
            f"dataset {dataset.card.reference}: to leave one out takes several workloads"
        )
    if not told.have_features:
        raise SettingError(
            f"environment {dataset.card.env!r} declares no features of workloads, so that nothing"
            " is known of one that is left out"
        )
    for place in told.present:
        out = told.of_row == place
        taught, test = (rows.select(np.flatnonzero(which)) for which in (~out, out))
        yield Lesson(told.names[place], taught, test)


def _workload(card: DatasetCard, given: str | None) -> str:
    if given is None and len(card.workloads) > 1:
        raise SettingError(
            f"dataset {card.reference}: has several workloads; choose by --workload one of"
            f" {', '.join(card.workloads)}, several with commas between, or {ALL}"
        )
    name = next(iter(card.workloads)) if given is None else given
    if not {name, PurePath(name).name} & card.workloads.keys():
        raise SettingError(
            f"dataset {card.reference}: has no rows of workload {name!r}, but of"
            f" {', '.join(card.workloads)}"
        )
    return name
