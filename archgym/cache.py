"""What was measured before, by design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.outcome import Measurements

_FIRST_CAPACITY = 256


class MeasurementCache:
    """Measurements of distinct designs, found by the designs' keys.

    Args:
        names: The metrics' names.
    """

    def __init__(self, names: Sequence[str]):
        self._names = tuple(names)
        self._rows: dict[bytes, int] = {}
        self._errors: dict[int, str] = {}
        self._table = np.empty((_FIRST_CAPACITY, len(self._names) + 2))

    def __len__(self) -> int:
        return len(self._rows)

    def first_unknown(self, keys: Sequence[bytes]) -> list[int]:
        """Return the positions of keys that are not stored, each distinct key once."""
        known = self._rows
        seen: set[bytes] = set()
        unknown = []
        for position, key in enumerate(keys):
            if key not in known and key not in seen:
                seen.add(key)
                unknown.append(position)
        return unknown

    def add(self, keys: Sequence[bytes], measured: Measurements) -> None:
        """Store the measurements of designs that are not stored yet."""
        start, end = len(self._rows), len(self._rows) + len(keys)
        self._reserve(end)
        columns = [measured.metrics[name] for name in self._names]
        self._table[start:end] = np.array([*columns, measured.violation, measured.status]).T
        for row, text in measured.error.items():
            self._errors[start + row] = text
        self._rows.update(zip(keys, range(start, end), strict=True))

    def take(self, keys: Sequence[bytes]) -> Measurements:
        """Return the measurements of stored designs, in the order of ``keys``.

        Raises:
            KeyError: A key is not stored.
        """
        rows = [self._rows[key] for key in keys]
        block = self._table[rows]
        errors = self._errors
        return Measurements(
            {name: block[:, column] for column, name in enumerate(self._names)},
            block[:, -2],
            block[:, -1].astype(np.uint8),
            {at: errors[row] for at, row in enumerate(rows) if row in errors} if errors else {},
        )

    def _reserve(self, rows: int) -> None:
        if rows > len(self._table):
            table = np.empty((max(rows, 2 * len(self._table)), self._table.shape[1]))
            table[: len(self._rows)] = self._table[: len(self._rows)]
            self._table = table
