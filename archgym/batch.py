"""Many designs at once, held as columns of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.parameter import Codes

if TYPE_CHECKING:
    import pandas as pd

    from archgym.space import DesignSpace


@dataclass(frozen=True)
class Batch:
    """Designs of one space.

    Attributes:
        space: The design space they belong to.
        codes: Shape (n, space.width), one row per design, one column per axis; int64, or float64
            where the space has a real parameter.
    """

    space: DesignSpace
    codes: Codes

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the native values of one parameter, shape (n,)."""
        return self.space[name].decode(self.codes[:, self.space.columns[name]])

    def code(self, name: str) -> NDArray[np.int64]:
        """Return the index codes of a parameter with one discrete axis, shape (n,)."""
        return self.codes[:, self.space.columns[name].start].astype(np.int64)

    def select(self, rows: Any) -> Batch:
        """Return the designs that a numpy index or mask picks."""
        return Batch(self.space, self.codes[rows])

    def keys(self) -> list[bytes]:
        """Return one hashable key per design; designs that provably behave alike share it."""
        codes = np.ascontiguousarray(self.space.canonical(self.codes))
        size, raw = codes.itemsize * codes.shape[1], codes.tobytes()
        return [raw[start : start + size] for start in range(0, len(raw), size)]

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return native values, parameter name -> array of shape (n,)."""
        return {name: self[name] for name in self.space.names}

    def dicts(self) -> list[dict[str, Any]]:
        """Return each design as a mapping name -> native value."""
        columns = [values.tolist() for values in self.columns().values()]
        return [
            dict(zip(self.space.names, row, strict=True)) for row in zip(*columns, strict=True)
        ]

    def frame(self) -> pd.DataFrame:
        """Return the designs as a DataFrame; permutations and sequences as text."""
        import pandas as pd

        return pd.DataFrame({name: as_cells(values) for name, values in self.columns().items()})


def as_cells(values: NDArray[Any]) -> NDArray[Any]:
    """Return values as they stand in a table's cells: words are joined by blanks."""
    if values.dtype != object or not any(isinstance(value, tuple) for value in values):
        return values
    return np.array([" ".join(map(str, value)) for value in values], dtype=object)
