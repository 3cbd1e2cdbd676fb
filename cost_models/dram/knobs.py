"""The knobs of a memory controller: names, legal values and integer codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Knob:
    """One column of a design.

    Attributes:
        name: Column name.
        default: Value of the default design.
        values: Legal values of a categorical knob, in the order of their codes; else empty.
        lowest: Least legal value of a numeric knob.
        highest: Greatest legal value of a numeric knob; None = no limit.
        space: Values of a numeric knob in the default design space.
    """

    name: str
    default: str | int
    values: tuple[str, ...] = ()
    lowest: int = 0
    highest: int | None = None
    space: tuple[int, ...] = ()

    def code(self, value: str | int) -> int:
        """Return the integer that stands for a legal value."""
        return self.values.index(str(value)) if self.values else int(value)

    def value(self, code: int) -> str | int:
        """Return the value that an integer code stands for."""
        return self.values[code] if self.values else code


POWERS_OF_TWO = (1, 2, 4, 8, 16, 32, 64, 128)
MAPPING_NAMES = ("row_bank_col", "row_col_bank", "bank_row_col")

KNOBS = (
    Knob("page_policy", "open", ("open", "open_adaptive", "closed", "closed_adaptive")),
    Knob("scheduler", "fr_fcfs", ("fifo", "fr_fcfs", "fr_fcfs_grp")),
    Knob("scheduler_buffer", "bankwise", ("bankwise", "read_write", "shared")),
    Knob("request_buffer_size", 8, lowest=1, space=POWERS_OF_TWO),
    Knob("resp_queue", "fifo", ("fifo", "reorder")),
    Knob("refresh_policy", "all_bank", ("no_refresh", "all_bank")),
    Knob("refresh_max_postponed", 0, highest=8, space=(1, 2, 4, 8)),
    Knob("refresh_max_pulledin", 0, highest=8, space=(1, 2, 4, 8)),
    Knob("arbiter", "simple", ("simple", "fifo", "reorder")),
    Knob("max_active_transactions", 128, lowest=1, space=POWERS_OF_TWO),
    Knob("address_mapping", "row_bank_col", MAPPING_NAMES),
    Knob("cmd_mux", "oldest", ("oldest", "strict")),
    Knob("power_down_policy", "no_power_down", ("no_power_down", "staggered")),
)
KNOB_NAMES = tuple(knob.name for knob in KNOBS)
N_KNOBS = len(KNOBS)


def default_design() -> NDArray[np.int64]:
    """Return the codes of the default design, int64 (13,)."""
    return np.array([knob.code(knob.default) for knob in KNOBS], np.int64)


def encode(design: dict[str, str | int]) -> NDArray[np.int64]:
    """Return the codes of a design; knobs that it does not name keep their default."""
    codes = default_design()
    for name, value in design.items():
        position = KNOB_NAMES.index(name)
        codes[position] = KNOBS[position].code(value)
    return codes
