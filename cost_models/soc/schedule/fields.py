"""Reading users' YAML: each wrong value is named with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from archgym.errors import WorkloadError
from archgym.scalar_parameters import as_integer, as_number


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds.

    Raises:
        WorkloadError: It cannot be read.
    """
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        raise WorkloadError(f"{path}: is no YAML ({' '.join(str(error).split())})") from None


def mapping(where: str, value: Any, needed: Sequence[str], allowed: Sequence[str] = ()) -> Any:
    """Return a mapping that has the needed keys and no others than the allowed ones.

    Raises:
        WorkloadError: It is none, lacks a key, or has an unknown one.
    """
    if not isinstance(value, Mapping):
        raise WorkloadError(f"{where}: must be a mapping, is {value!r}")
    for key in needed:
        if key not in value:
            raise WorkloadError(f"{where}: lacks {key!r}")
    known = [*needed, *allowed]
    for key in value:
        if key not in known:
            raise WorkloadError(f"{where}: unknown field {key!r} (known: {', '.join(known)})")
    return value


def listed(where: str, value: Any, size: int | None = None) -> Sequence[Any]:
    """Return a list that is not empty, of the given size.

    Raises:
        WorkloadError: It is none.
    """
    if not isinstance(value, list | tuple) or not value:
        raise WorkloadError(f"{where}: must be a list that is not empty, is {value!r}")
    if size is not None and len(value) != size:
        raise WorkloadError(f"{where}: must have {size} entries, has {len(value)}")
    return value


def number(where: str, value: Any, least: float = 0.0) -> float:
    """Return a finite number not below ``least``.

    Raises:
        WorkloadError: It is none.
    """
    parsed = as_number(value)
    if parsed is None or parsed < least:
        raise WorkloadError(f"{where}: {value!r} is not a number >= {least:g}")
    return parsed


def positive(where: str, value: Any) -> float:
    """Return a finite number above 0.

    Raises:
        WorkloadError: It is none.
    """
    parsed = as_number(value)
    if parsed is None or parsed <= 0:
        raise WorkloadError(f"{where}: {value!r} is not a number > 0")
    return parsed


def integer(where: str, value: Any, least: int = 0) -> int:
    """Return a whole number not below ``least``.

    Raises:
        WorkloadError: It is none.
    """
    parsed = as_integer(value)
    if parsed is None or parsed < least:
        raise WorkloadError(f"{where}: {value!r} is not an integer >= {least}")
    return parsed


def numbers(
    where: str, values: Any, size: int, read: Callable[[str, Any], float] = number
) -> tuple[float, ...]:
    """Return a list of ``size`` numbers.

    Raises:
        WorkloadError: It is none.
    """
    return tuple(read(where, value) for value in listed(where, values, size))
