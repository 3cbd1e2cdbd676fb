"""What a cost model reports about a design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError

Direction = Literal["minimize", "maximize", "neutral"]


@dataclass(frozen=True)
class Metric:
    """A declared quantity.

    Attributes:
        name: Lower snake case; ends with its unit unless that is "1" (a count or a ratio). Bytes
            keep their capital, ``traffic_B``: a small b would mean bits.
        unit: As printed, for example "ns", "pJ", "mW", "1".
        direction: Which way is better; "neutral" where neither is.
        description: One line for people, with the formula where there is one.
        signed: True where values may be zero or negative, so that ratios make no sense.
        words: What the values 0, 1, ... mean where they are no quantities; tables then show these.
    """

    name: str
    unit: str = "1"
    direction: Direction = "neutral"
    description: str = ""
    signed: bool = False
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unit = self.unit if self.unit == "B" else self.unit.lower()
        suffix = "_" + unit.replace("/", "_per_").replace("^", "")
        if self.unit != "1" and not self.name.endswith(suffix):
            raise SettingError(f"metric {self.name!r} in {self.unit} must end with {suffix!r}")

    def shown(self, values: NDArray[np.float64]) -> list[Any]:
        """Return the values as tables show them: words where there are any, None for none."""
        if not self.words:
            return list(values.tolist())
        return [None if value != value else self.words[int(value)] for value in values.tolist()]
