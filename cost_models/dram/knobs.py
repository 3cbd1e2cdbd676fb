"""The knobs of a memory controller: names, legal values and integer codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import InvalidDesignError


@dataclass(frozen=True)
class Knob:
    """One column of a design.

    Attributes:
        name: Column name.
        default: Value of the default design.
        values: Legal values of a categorical knob, in the order of their codes; else empty.
        lowest: Least legal value of a numeric knob.
        highest: Greatest legal value of a numeric knob; None = no limit.
        space: Values in the default design space; empty = all of a categorical knob.
        extended: Whether only the extended design space has this knob.
    """

    name: str
    default: str | int
    values: tuple[str, ...] = ()
    lowest: int = 0
    highest: int | None = None
    space: tuple[Any, ...] = ()
    extended: bool = False

    def code(self, value: str | int) -> int:
        """Return the integer that stands for a legal value."""
        return self.values.index(str(value)) if self.values else int(value)

    def value(self, code: int) -> str | int:
        """Return the value that an integer code stands for."""
        return self.values[code] if self.values else code


POWERS_OF_TWO = (1, 2, 4, 8, 16, 32, 64, 128)
SCHEDULERS = ("fifo", "fr_fcfs", "fr_fcfs_grp", "grp_fr_fcfs", "grp_fr_fcfs_wm")
REFRESH_POLICIES = ("no_refresh", "all_bank", "per_bank", "same_bank", "per_2_bank")
WITH_WATERMARKS = SCHEDULERS.index("grp_fr_fcfs_wm")
MAPPING_NAMES = ("row_bank_col", "row_col_bank", "bank_row_col")

KNOBS = (
    Knob("page_policy", "open", ("open", "open_adaptive", "closed", "closed_adaptive")),
    Knob("scheduler", "fr_fcfs", SCHEDULERS, space=SCHEDULERS[:3]),
    Knob("scheduler_buffer", "bankwise", ("bankwise", "read_write", "shared")),
    Knob("request_buffer_size", 8, lowest=1, space=POWERS_OF_TWO),
    Knob("resp_queue", "fifo", ("fifo", "reorder")),
    Knob("refresh_policy", "all_bank", REFRESH_POLICIES, space=REFRESH_POLICIES[:2]),
    Knob("refresh_max_postponed", 0, highest=8, space=(1, 2, 4, 8)),
    Knob("refresh_max_pulledin", 0, highest=8, space=(1, 2, 4, 8)),
    Knob("arbiter", "simple", ("simple", "fifo", "reorder")),
    Knob("max_active_transactions", 128, lowest=1, space=POWERS_OF_TWO),
    Knob("address_mapping", "row_bank_col", MAPPING_NAMES),
    Knob("cmd_mux", "oldest", ("oldest", "strict")),
    Knob("power_down_policy", "no_power_down", ("no_power_down", "staggered")),
    Knob("high_watermark", 8, lowest=2, space=POWERS_OF_TWO[1:], extended=True),
    Knob("low_watermark", 4, lowest=1, space=POWERS_OF_TWO[:-1], extended=True),
)
KNOB_NAMES = tuple(knob.name for knob in KNOBS)
N_KNOBS = len(KNOBS)


def column(name: str) -> int:
    """Return the position of a knob in a design."""
    return KNOB_NAMES.index(name)


def default_design() -> NDArray[np.int64]:
    """Return the codes of the default design, int64 (15,)."""
    return np.array([knob.code(knob.default) for knob in KNOBS], np.int64)


def encode(design: dict[str, str | int]) -> NDArray[np.int64]:
    """Return the codes of a design; knobs that it does not name keep their default."""
    codes = default_design()
    for name, value in design.items():
        codes[column(name)] = KNOBS[column(name)].code(value)
    return codes


def check(codes: NDArray[np.int64], n_mappings: int = len(MAPPING_NAMES)) -> None:
    """Check designs of shape (n, 15).

    Args:
        codes: Codes and numbers, one design per row.
        n_mappings: Address maps that the memory knows; those beyond the named ones follow them.

    Raises:
        InvalidDesignError: A value is illegal; names the row, the knob and what is allowed.
    """
    if codes.ndim != 2 or codes.shape[1] != N_KNOBS:
        raise InvalidDesignError("knobs", codes.shape, f"an array of shape (n, {N_KNOBS})")
    highest = _HIGHEST.copy()
    highest[column("address_mapping")] = n_mappings - 1
    wrong = (codes < _LOWEST) | (codes > highest)
    if wrong.any():
        position = int(np.argmax(wrong.any(axis=0)))
        row, knob = int(np.argmax(wrong[:, position])), KNOBS[position]
        limit = "" if highest[position] == _NO_LIMIT else f" and <= {highest[position]}"
        allowed = f"a code >= {knob.lowest}{limit}"
        raise InvalidDesignError(knob.name, int(codes[row, position]), allowed, row)
    _check_watermarks(codes)


def _highest_code(knob: Knob) -> int:
    if knob.values:
        return len(knob.values) - 1
    return _NO_LIMIT if knob.highest is None else knob.highest


_NO_LIMIT = np.iinfo(np.int64).max
_LOWEST = np.array([knob.lowest for knob in KNOBS], np.int64)
_HIGHEST = np.array([_highest_code(knob) for knob in KNOBS], np.int64)


def _check_watermarks(codes: NDArray[np.int64]) -> None:
    low, high = codes[:, column("low_watermark")], codes[:, column("high_watermark")]
    wrong = (codes[:, column("scheduler")] == WITH_WATERMARKS) & (low >= high)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidDesignError(
            "low_watermark", int(low[row]), f"below high_watermark = {int(high[row])}", row
        )
