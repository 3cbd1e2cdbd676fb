"""One attention layer, and how it is written as text or as a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from archgym.errors import WorkloadError

FORM = "attention:H=12,E=64,seq=4096[,B=1,F=E,D=H*E,S=4*D]"
KIND = "attention"
FIELDS = ("B", "H", "E", "F", "D", "S", "seq")
LARGEST = 2**31 - 1
_REQUIRED = ("H", "E", "seq")
_FEED_FORWARD = 4


@dataclass(frozen=True)
class Attention:
    """Self-attention of a transformer's layer, without a mask, and the linear layers around it.

    Attributes:
        B: Batch.
        H: Heads.
        E: Size of a query and of a key in one head.
        F: Size of a value in one head.
        D: Width of the model.
        S: Width of the feed-forward layers.
        seq: Queries, and as many keys (P and M in the FuseMax paper).

    Raises:
        WorkloadError: A number is not an integer from 1 to `LARGEST`.
    """

    B: int
    H: int
    E: int
    F: int
    D: int
    S: int
    seq: int

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise WorkloadError(f"attention: {field.name}={value!r} is not an integer")
            if not 1 <= value <= LARGEST:
                raise WorkloadError(f"attention: {field.name}={value} is not in 1 .. {LARGEST}")

    @property
    def heads(self) -> int:
        """Heads of the whole batch."""
        return self.B * self.H

    @property
    def tokens(self) -> int:
        """Tokens of the whole batch."""
        return self.B * self.seq

    @property
    def linear_layers(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of the projections of Q, K, V and the result, and the two behind."""
        return ((self.D, self.D),) * 4 + ((self.D, self.S), (self.S, self.D))


def attention_features(attention: Attention) -> dict[str, float]:
    """Return the numbers that decide what attention costs on any machine: all of its sizes."""
    return {name: float(getattr(attention, name)) for name in FIELDS}


def attention_of(given: Mapping[str, Any], where: str) -> Attention:
    """Return the attention of a mapping of `FIELDS`; what is left out follows from the others.

    Raises:
        WorkloadError: A field is unknown, missing or not a positive integer; says ``where``.
    """
    unknown = [key for key in given if key not in FIELDS]
    if unknown:
        raise _malformed(where, f"{unknown[0]!r} is not one of {', '.join(FIELDS)}")
    missing = [key for key in _REQUIRED if key not in given]
    if missing:
        raise _malformed(where, f"{', '.join(missing)} missing")
    values = {key: _whole(where, key, value) for key, value in given.items()}
    values.setdefault("B", 1)
    values.setdefault("F", values["E"])
    values.setdefault("D", values["H"] * values["E"])
    values.setdefault("S", _FEED_FORWARD * values["D"])
    try:
        return Attention(**values)
    except WorkloadError as error:
        raise _malformed(where, str(error)) from None


def parse_attention(text: str) -> Attention:
    """Return the attention of a text such as ``attention:H=12,E=64,seq=4096``.

    Raises:
        WorkloadError: The text is not well formed. Says what is wrong and what is expected.
    """
    kind, _, rest = text.partition(":")
    if kind.strip() != KIND:
        raise _malformed(repr(text), f"it starts not with {KIND}: but with {kind!r}")
    given: dict[str, str] = {}
    for pair in rest.split(","):
        key, _, number = (part.strip() for part in pair.partition("="))
        if key in given:
            raise _malformed(repr(text), f"{key} is given twice")
        given[key] = number
    return attention_of(given, repr(text))


def _whole(where: str, key: str, value: Any) -> int:
    try:
        number = 0.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 1 <= number <= LARGEST or not number.is_integer():
        raise _malformed(where, f"{key}={value} is not an integer from 1 to {LARGEST}")
    return int(number)


def _malformed(where: str, reason: str) -> WorkloadError:
    return WorkloadError(f"attention {where}: {reason} (expected {FORM})")
