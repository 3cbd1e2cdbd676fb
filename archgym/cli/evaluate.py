"""The verb that evaluates designs out of a CSV file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from archgym import registry
from archgym.cli.design_file import DesignFile, read_designs
from archgym.cli.options import (
    CostModelOption,
    ObjectiveOption,
    Settings,
    Workload,
    parse_objective_option,
    parse_settings,
)
from archgym.cost_model import BETWEEN_REMARKS
from archgym.errors import ArchgymError, StoreError
from archgym.outcome import Outcomes
from archgym.problem import Problem
from archgym.whole_file import write_csv

INVALID = "invalid"
_MOST_LISTED = 20


def evaluate(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    designs: Annotated[Path, typer.Option(help="CSV with one column per parameter.")],
    output: Annotated[Path, typer.Option(help="CSV to write; appears whole or not at all.")],
    workload: Workload = None,
    objective: ObjectiveOption = None,
    settings: Settings = None,
    cost_model: CostModelOption = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="A bad cell costs only its row.")
    ] = False,
    detail: Annotated[
        Path | None, typer.Option(help="Folder for one table per row, where the model has one.")
    ] = None,
) -> None:
    """Evaluate the designs of a CSV file, one output row per input row.

    Example: archgym evaluate dram --workload stream --designs in.csv --output out.csv
    """
    problem = registry.environments.get(env).make_problem(
        workload, parse_objective_option(objective), cost_model, **parse_settings(settings)
    )
    if not output.resolve().parent.is_dir():
        raise StoreError(f"{output}: the folder {output.parent} does not exist")
    file = read_designs(designs, problem.space)
    if file.errors and not keep_going:
        raise ArchgymError(f"{designs}: {file.errors[min(file.errors)]}")
    outcomes = problem.outcomes(file.batch)
    remarks = _remarks(file, problem)
    header = [*_header(problem), *remarks, *problem.cost_model.provenance]
    write_csv(output, header, _rows(file, problem, outcomes, remarks))
    for texts in remarks.values():
        _tell(texts)
    if detail is not None:
        _write_details(detail, file, problem)


def _header(problem: Problem) -> list[str]:
    return [*problem.space.names, *problem.metric_names, "reward", "status", "error"]


def _remarks(file: DesignFile, problem: Problem) -> dict[str, list[str]]:
    """Return what the cost model remarks, column -> a text per row; nothing of bad rows."""
    remarks = problem.cost_model.remarks(file.batch)
    return {
        name: ["" if row in file.errors else text for row, text in enumerate(texts)]
        for name, texts in remarks.items()
    }


def _tell(texts: Sequence[str]) -> None:
    """Print each remark once, with the rows that it is about."""
    told: dict[str, list[str]] = {}
    for row, text in enumerate(texts, start=1):
        for part in filter(None, text.split(BETWEEN_REMARKS)):
            told.setdefault(part, []).append(str(row))
    for part, rows in told.items():
        listed = ", ".join(rows[:_MOST_LISTED]) + (", ..." if len(rows) > _MOST_LISTED else "")
        which = "row" if len(rows) == 1 else "rows"
        typer.echo(
            f"archgym: {len(rows)} of {len(texts)} designs, {which} {listed}: {part}", err=True
        )


def _rows(
    file: DesignFile, problem: Problem, outcomes: Outcomes, remarks: Mapping[str, Sequence[str]]
) -> list[list[Any]]:
    designs = file.batch.frame()
    names = problem.metric_names
    columns: list[list[Any]] = [
        _as_given(file, p.name) if p.text_is_kept else designs[p.name].tolist()
        for p in problem.space.parameters
    ]
    columns += [m.shown(outcomes.metrics[m.name]) for m in problem.cost_model.metrics]
    reasons = [_last_line(error) for error in outcomes.errors()]
    columns += [outcomes.reward.tolist(), outcomes.labels(), reasons, *map(list, remarks.values())]
    provenance = list(problem.cost_model.provenance.values())
    rows = [[*row, *provenance] for row in zip(*columns, strict=True)]
    for row, reason in file.errors.items():
        given = [file.cells[row].get(name, "") for name in problem.space.names]
        none = [None] * (len(names) + 1)
        rows[row] = [*given, *none, INVALID, reason, *[""] * len(remarks), *provenance]
    return rows


def _as_given(file: DesignFile, name: str) -> list[Any]:
    """Return the cells of a column as they stand, the default where there is no such column."""
    default = file.batch.space[name].default_value
    return [cells.get(name, default) for cells in file.cells]


def _last_line(error: str) -> str:
    """Return the line of a traceback that says what happened."""
    return error.strip().splitlines()[-1] if error.strip() else ""


def _write_details(folder: Path, file: DesignFile, problem: Problem) -> None:
    """Write the tables of every evaluated row, named as the cost model wants."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in range(len(file.batch)):
        if row in file.errors:
            continue
        tables = problem.cost_model.detail(file.batch.select([row]), problem.workload)
        for name, table in tables.items():
            columns = [values.tolist() for values in table.values()]
            path = folder / problem.cost_model.detail_file.format(row=row, table=name)
            write_csv(path, list(table), [list(line) for line in zip(*columns, strict=True)])
