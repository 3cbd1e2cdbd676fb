"""The verb that writes designs in the format of their own tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archgym import registry
from archgym.batch import Batch
from archgym.cli.design_file import read_designs
from archgym.cli.options import Settings, Workload, parse_settings
from archgym.errors import ArchgymError, SettingError, StoreError
from archgym.space import DesignSpace
from archgym.whole_file import write_whole


def export(
    env: Annotated[str, typer.Argument(help="An environment's id, see `archgym envs`.")],
    output: Annotated[Path, typer.Option(help="Folder to write; one folder per row inside.")],
    designs: Annotated[
        Path | None,
        typer.Option(help="CSV with one column per parameter; a design of defaults otherwise."),
    ] = None,
    workload: Workload = None,
    settings: Settings = None,
) -> None:
    """Write each design of a CSV as its own tool reads it, in OUTPUT/row-<n>/.

    Example: archgym export dram --workload stream --designs best.csv --output dramsys
    """
    problem = registry.environments.get(env).make_problem(workload, **parse_settings(settings))
    batch = _read(designs, problem.space)
    rows = [batch.select([row]) for row in range(len(batch))]
    exported = [problem.cost_model.export(row, problem.workload) for row in rows]
    if not all(exported):
        raise SettingError(f"environment {env!r} has no format to export to")
    for row, files in enumerate(exported):
        for name, content in files.items():
            _write(output / f"row-{row}" / name, content)


def _read(designs: Path | None, space: DesignSpace) -> Batch:
    if designs is None:
        return space.encode([{}])
    file = read_designs(designs, space)
    if file.errors:
        raise ArchgymError(f"{designs}: {file.errors[min(file.errors)]}")
    return file.batch


def _write(path: Path, content: str | bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror or error}") from None
    write_whole(path, content if isinstance(content, bytes) else content.encode())
