"""What a parameter is: one named choice of a design.

Every parameter is seen by the machinery as one or more *axes*: columns of codes. A discrete axis
holds an index ``0 .. size - 1``, a continuous one the value itself. All encodings (unit cube,
one-hot, Gymnasium, Optuna) work on axes, so a new kind of parameter is reachable from all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.errors import InvalidDesignError

Codes = NDArray[Any]


@dataclass(frozen=True)
class Axis:
    """One column of codes. ``size`` is None for a continuous axis over [low, high]."""

    name: str
    size: int | None
    ordered: bool = True
    low: float = 0.0
    high: float = 1.0
    log: bool = False


@dataclass(frozen=True)
class Parameter(ABC):
    """One axis of a design (or several, for permutations and sequences).

    Attributes:
        name: Lower snake case, with the unit at its end where there is one.
        role: The sub-system that owns it; the unit of multi-agent search.
        active_when: Other parameters' names and the values under which this one has an effect.
        description: One line for people.
        aliases: Further names under which designs may give it.
        text_is_kept: Whether tables of results repeat what a user wrote, letter by letter, where
            one value may be written in several ways.
    """

    text_is_kept: ClassVar[bool] = False

    name: str
    _: KW_ONLY
    role: str = "design"
    active_when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    description: str = ""
    aliases: tuple[str, ...] = ()

    @property
    @abstractmethod
    def axes(self) -> tuple[Axis, ...]:
        """The columns of codes that hold this parameter."""

    @property
    @abstractmethod
    def default_value(self) -> Any:
        """The documented default, a native value."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The domain in words, for messages and listings."""

    @abstractmethod
    def parse(self, value: Any) -> Sequence[float]:
        """Return the codes (one per axis) of a native value or of its text form.

        Raises:
            InvalidDesignError: The value lies outside the domain.
        """

    @abstractmethod
    def decode(self, codes: Codes) -> NDArray[Any]:
        """Return the native values, shape (n,), of codes of shape (n, axes)."""

    def parse_column(self, values: Sequence[Any]) -> Codes | None:
        """Return the codes of many values at once, shape (n, axes).

        None where `parse` must look at each value by itself.
        """
        return None

    def canonical(self, codes: Codes) -> Codes:
        """Return codes with those parts that have no effect set to zero."""
        return codes

    def canonical_axis(self, codes: Codes, at: int) -> Codes:
        """Return one column of `canonical`, which may cost much less than all of them."""
        return np.asarray(self.canonical(codes)[:, at])

    def refuse(self, value: Any) -> InvalidDesignError:
        """Return the error that says why ``value`` is outside the domain."""
        return InvalidDesignError(self.name, value, self.allowed)
