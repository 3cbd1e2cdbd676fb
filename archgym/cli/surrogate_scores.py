"""Tables of scores of surrogates: shown, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archgym.cli.tables import Format, show
from archgym.errors import StoreError
from archgym.whole_file import write_csv

_SPREAD = "_sd"
_LEAST = ("mae", "median_relative_error", "interval", "predict_us")


def check_output(output: Path | None) -> None:
    """Refuse a file that could not be written.

    Raises:
        StoreError: Its folder does not exist.
    """
    if output is not None and not output.resolve().parent.is_dir():
        raise StoreError(f"{output}: the folder {output.parent} does not exist")


def write_scores(output: Path | None, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV where a file is asked for.

    Raises:
        StoreError: It cannot be written.
    """
    if output is not None:
        write_csv(output, list(rows[0]), (list(row.values()) for row in rows))


def show_scores(rows: Sequence[Mapping[str, Any]], form: Format) -> None:
    """Print the rows; as a table with fewer digits, a mean and its deviation in one cell.

    A table of several seeds leaves out `_LEAST`, for which it has no room.
    """
    show([_for_people(row, rows) for row in rows] if form is Format.TABLE else rows, form)


def tuning_line(tuning: Mapping[str, Any]) -> str:
    """Return what a card says of its tuning in one line."""
    values = ", ".join(f"{name}={value:.4g}" for name, value in tuning["values"].items())
    return (
        f"tuned by {tuning['trials']} trials: {values or 'the defaults'}; error of"
        f" cross-validation {tuning['error']:.4g}, of the defaults {tuning['default_error']:.4g}"
    )


def _for_people(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    hidden = {name for name in row if all(one[name] == "" for one in rows)}
    hidden |= {*_LEAST} if "seeds" in row else set()
    shown = [name for name in row if name not in hidden and not name.endswith(_SPREAD)]
    return {name: _cell(row[name], row.get(f"{name}{_SPREAD}")) for name in shown}


def _cell(value: Any, spread: float | None) -> Any:
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if spread is None else f"{value:.3g}±{spread:.1g}"
