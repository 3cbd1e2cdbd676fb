"""Designs in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archgym.batch import Batch
from archgym.errors import ArchgymError, InvalidDesignError, UnknownNameError
from archgym.space import DesignSpace
from archgym.text_parameters import OpenChoice


@dataclass(frozen=True)
class DesignFile:
    """What a CSV of designs holds.

    Attributes:
        batch: One design per data row; a bad row holds the default design.
        cells: The cells of each row as they stand.
        errors: Data row (from 0) -> what is wrong with it.
    """

    batch: Batch
    cells: Sequence[dict[str, str]]
    errors: dict[int, str]


def read_designs(path: Path, space: DesignSpace) -> DesignFile:
    """Read a CSV with one column per parameter, in any order.

    Raises:
        ArchgymError: The file cannot be read, has no header, or repeats a column.
        UnknownNameError: A column is no parameter of the space.
    """
    header, lines = _read_cells(path)
    header = [space.aliases.get(name, name) for name in header]
    for name in header:
        if name not in space.names:
            raise UnknownNameError(f"column in {path}:", name, space.names)
        if header.count(name) > 1:
            raise ArchgymError(f"{path}: column {name!r} is given twice, once under an alias")
    cells = [dict(zip(header, line, strict=False)) for line in lines]
    for parameter in space.parameters:
        if isinstance(parameter, OpenChoice):
            parameter.relative_to(path.parent)
    batch, wrong = space.encode_each(cells)
    errors = {row: _message(row, error) for row, error in wrong.items()}
    for row, line in enumerate(lines):
        if len(line) != len(header):
            errors[row] = f"row {row + 1}: {len(line)} cells, {len(header)} columns"
    return DesignFile(batch, cells, errors)


def _message(row: int, error: InvalidDesignError) -> str:
    return (
        f"row {row + 1}, column {error.parameter!r}: {error.value!r} is not allowed"
        f" ({error.allowed})"
    )


def _read_cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the header and the data rows; blank lines are skipped."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArchgymError(f"{path}: cannot be read as CSV: {error}") from None
    if not lines:
        raise ArchgymError(f"{path}: is empty; a header with parameter names is needed")
    header = lines[0]
    if len(set(header)) != len(header):
        raise ArchgymError(f"{path}: a column is given twice: {', '.join(header)}")
    return header, lines[1:]
