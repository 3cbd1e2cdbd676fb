"""The set of designs that a problem searches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.constraint import Constraint
from archgym.errors import InvalidDesignError, SettingError, UnknownNameError
from archgym.parameter import Axis, Codes, Parameter

_SAMPLING_ROUNDS = 1000


class DesignSpace:
    """Ordered parameters and the constraints over them.

    Args:
        parameters: The parameters; one that is conditional on another comes after it.
        constraints: Rules over several parameters.
        default: The default design where it differs from the parameters' own defaults, which
            are what a design takes that leaves parameters out.
        blank_is_default: Whether an empty cell, None or NaN means that nothing is given.

    Raises:
        SettingError: Names repeat, or a condition or constraint names an unknown parameter.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        constraints: Sequence[Constraint] = (),
        *,
        default: Mapping[str, Any] | None = None,
        blank_is_default: bool = False,
    ):
        self.parameters = tuple(parameters)
        self.constraints = tuple(constraints)
        self.names = tuple(parameter.name for parameter in self.parameters)
        self.aliases = {alias: p.name for p in self.parameters for alias in p.aliases}
        self._default, self._blank_is_default = dict(default or {}), blank_is_default
        self._by_name = dict(zip(self.names, self.parameters, strict=True))
        _check_names(self)
        per_parameter = [parameter.axes for parameter in self.parameters]
        self.axes: tuple[Axis, ...] = tuple(axis for axes in per_parameter for axis in axes)
        ends = np.cumsum([len(axes) for axes in per_parameter]).tolist()
        starts = [0, *ends[:-1]]
        self.columns = {
            name: slice(start, end)
            for name, start, end in zip(self.names, starts, ends, strict=True)
        }

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownNameError("parameter", name, self.names) from None

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def width(self) -> int:
        """Number of axes, i.e. columns of codes."""
        return len(self.axes)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Of codes: int64, or float64 where an axis is continuous."""
        return np.dtype(np.float64 if any(a.size is None for a in self.axes) else np.int64)

    @cached_property
    def size(self) -> float:
        """Number of combinations of grid values (inf with a continuous axis)."""
        sizes = [axis.size for axis in self.axes]
        return math.inf if None in sizes else math.prod(s for s in sizes if s is not None)

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """Role -> the parameters that it owns, in order of first appearance."""
        owned: dict[str, tuple[str, ...]] = {}
        for parameter in self.parameters:
            owned[parameter.role] = (*owned.get(parameter.role, ()), parameter.name)
        return owned

    @cached_property
    def default(self) -> Batch:
        """The documented default design, a batch of one."""
        return self.encode([self._default])

    # -- designs in, codes out ------------------------------------------------------------------

    def encode(self, designs: Any) -> Batch:
        """Return the batch of designs given as a DataFrame, a mapping or a list of mappings.

        Missing parameters take their default.

        Raises:
            InvalidDesignError: The first wrong value, with its row; or an unknown parameter.
        """
        batch, errors = self.encode_each(designs)
        if errors:
            raise errors[min(errors)]
        return batch

    def encode_each(self, designs: Any) -> tuple[Batch, dict[int, InvalidDesignError]]:
        """Like `encode`, but return row -> error; a bad row holds the default design.

        Raises:
            InvalidDesignError: A parameter is unknown.
        """
        if isinstance(designs, Batch):
            return designs, {}
        columns, count = _as_columns(designs, self)
        codes = np.empty((count, self.width), dtype=self.dtype)
        errors: dict[int, InvalidDesignError] = {}
        for parameter in self.parameters:
            values = columns.get(parameter.name)
            given = [_ABSENT] * count if values is None else values
            codes[:, self.columns[parameter.name]] = _encode_column(
                parameter, given, errors, self._blank_is_default
            )
        if errors:
            codes[list(errors)] = self.default.codes
        return Batch(self, codes), errors

    def canonical(self, codes: Codes) -> Codes:
        """Return codes in which parameters without effect hold one fixed value of the grid."""
        if not self._reducible:
            return codes
        result = codes.copy()
        for parameter in self._reducible:
            columns = self.columns[parameter.name]
            result[:, columns] = parameter.canonical(result[:, columns])
            if parameter.active_when:
                result[~self._active(parameter, result), columns] = self.resting[columns]
        return result

    @cached_property
    def _reducible(self) -> tuple[Parameter, ...]:
        plain = Parameter.canonical
        return tuple(p for p in self.parameters if p.active_when or type(p).canonical is not plain)

    @cached_property
    def resting(self) -> Codes:
        """Return the defaults; 0 where a default lies off the grid, which is all we enumerate."""
        rows = [code for p in self.parameters for code in p.parse(p.default_value)]
        on_grid = [
            code if axis.size is None or code < axis.size else 0
            for code, axis in zip(rows, self.axes, strict=True)
        ]
        return np.array(on_grid, dtype=self.dtype)

    def active(self, batch: Batch) -> dict[str, NDArray[np.bool_]]:
        """Return, per parameter, whether it has an effect in each design, shape (n,)."""
        codes = self.canonical(batch.codes)
        return {p.name: self._active(p, codes) for p in self.parameters}

    def _active(self, parameter: Parameter, codes: Codes) -> NDArray[np.bool_]:
        active = np.ones(len(codes), dtype=bool)
        for column, allowed in self.conditions.get(parameter.name, ()):
            active &= _is_one_of(codes[:, column], allowed)
        return active

    @cached_property
    def conditions(self) -> dict[str, list[tuple[int, list[float]]]]:
        """Parameter -> (column of a parent, the parent's codes under which it is active)."""
        return {
            p.name: [
                (self.columns[name].start, [self[name].parse(value)[0] for value in values])
                for name, values in p.active_when.items()
            ]
            for p in self.parameters
            if p.active_when
        }

    # -- constraints ----------------------------------------------------------------------------

    def violations(self, batch: Batch) -> dict[int, str]:
        """Return row -> what it violates, for the rows that break a constraint."""
        broken: dict[int, str] = {}
        for constraint in self.constraints:
            columns = {name: batch[name] for name in constraint.parameters}
            for row in np.flatnonzero(~constraint.holds(columns)).tolist():
                broken.setdefault(row, f"constraint {constraint.name!r}: {constraint.message}")
        return broken

    def valid(self, batch: Batch) -> NDArray[np.bool_]:
        """Return whether each design obeys all constraints, shape (n,)."""
        valid = np.ones(len(batch), dtype=bool)
        for constraint in self.constraints:
            valid &= constraint.holds({name: batch[name] for name in constraint.parameters})
        return valid

    # -- sampling and enumeration ---------------------------------------------------------------

    def sample(self, rng: np.random.Generator, count: int) -> Batch:
        """Draw designs uniformly over the grid among those that obey the constraints.

        Raises:
            SettingError: No valid design was found in a very large number of draws.
        """
        drawn = self._draw(rng, count)
        bad = np.flatnonzero(~self.valid(drawn))
        for _ in range(_SAMPLING_ROUNDS):
            if not len(bad):
                return drawn
            drawn.codes[bad] = self._draw(rng, len(bad)).codes
            bad = bad[~self.valid(drawn.select(bad))]
        raise SettingError(f"sampling found no design that obeys {self.constraints[0].name!r}")

    def _draw(self, rng: np.random.Generator, count: int) -> Batch:
        from archgym.encodings import from_unit

        return Batch(self, from_unit(self, rng.random((count, self.width))))

    def enumerate(self, chunk: int = 65_536) -> Iterator[Batch]:
        """Yield every valid design once, designs that provably behave alike only once.

        Raises:
            SettingError: The space has a continuous axis.
        """
        if math.isinf(self.size):
            raise SettingError("a space with a real parameter cannot be enumerated")
        for start in range(0, int(self.size), chunk):
            _, batch = self.between(start, start + chunk)
            if len(batch):
                yield batch

    def between(self, start: int, stop: int) -> tuple[NDArray[np.int64], Batch]:
        """Return the part of `enumerate` between two flat indices, and the designs' indices."""
        from archgym.encodings import from_index

        index = np.arange(start, min(stop, int(self.size)))
        codes = from_index(self, index)
        batch = Batch(self, codes)
        keep = (self.canonical(codes) == codes).all(axis=1) & self.valid(batch)
        return index[keep], batch.select(keep)


def _check_names(space: DesignSpace) -> None:
    if not space.parameters or len(set(space.names)) != len(space.names):
        raise SettingError(f"a design space needs distinct parameters, has {space.names}")
    seen: set[str] = set()
    for parameter in space.parameters:
        late = set(parameter.active_when) - seen
        if late:
            raise SettingError(f"{parameter.name!r} depends on {late}, which must come before it")
        seen.add(parameter.name)
    for constraint in space.constraints:
        for name in constraint.parameters:
            space[name]


def _as_columns(designs: Any, space: DesignSpace) -> tuple[dict[str, list[Any]], int]:
    """Return parameter -> list of values (only those given) and the number of designs."""
    if isinstance(designs, Mapping):
        designs = [designs]
    if isinstance(designs, Sequence):
        rows = [_with_own_names(design, space.aliases) for design in designs]
        _check_known({name for row in rows for name in row}, space.names)
        return _columns_of_rows(rows, space.names), len(rows)
    columns = _with_own_names({name: designs[name] for name in designs.columns}, space.aliases)
    _check_known(columns, space.names)
    return {name: values.tolist() for name, values in columns.items()}, len(designs)


def _with_own_names(given: Mapping[str, Any], aliases: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the mapping with aliases replaced.

    Raises:
        InvalidDesignError: A parameter is given under two names.
    """
    if not aliases or aliases.keys().isdisjoint(given):
        return given
    named: dict[str, Any] = {}
    for key, value in given.items():
        name = aliases.get(key, key)
        if name in named:
            raise InvalidDesignError(name, value, "it is given twice, once under an alias")
        named[name] = value
    return named


def is_blank(value: Any) -> bool:
    """Return whether a table's cell holds nothing: an empty text, None or NaN."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


_ABSENT = object()


def _columns_of_rows(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> dict[str, list[Any]]:
    columns = {name: [row.get(name, _ABSENT) for row in rows] for name in names}
    return {name: values for name, values in columns.items() if set(map(id, values)) != _NONE}


_NONE = {id(_ABSENT)}


def _check_known(given: Any, names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            raise InvalidDesignError(str(name), "", f"known parameters: {', '.join(names)}")


def _encode_column(
    parameter: Parameter,
    values: list[Any],
    errors: dict[int, InvalidDesignError],
    blank_is_default: bool,
) -> Codes:
    """Return codes of shape (n, axes); rows that fail are put into ``errors``."""
    if values and all(value is _ABSENT for value in values):
        return np.tile(np.array(parameter.parse(parameter.default_value)), (len(values), 1))
    codes = parameter.parse_column(values)
    if codes is not None:
        return codes
    rows: list[Sequence[float]] = []
    for row, value in enumerate(values):
        absent = value is _ABSENT or (blank_is_default and is_blank(value))
        try:
            rows.append(parameter.parse(parameter.default_value if absent else value))
        except InvalidDesignError as error:
            located = InvalidDesignError(error.parameter, error.value, error.allowed, row)
            errors.setdefault(row, located)
            rows.append(parameter.parse(parameter.default_value))
    return np.array(rows).reshape(len(rows), len(parameter.axes))


def _is_one_of(codes: Codes, allowed: list[float]) -> NDArray[np.bool_]:
    """Like `numpy.isin`, which takes ten times as long for a few designs."""
    found: NDArray[np.bool_] = codes == allowed[0]
    for code in allowed[1:]:
        found |= codes == code
    return found
