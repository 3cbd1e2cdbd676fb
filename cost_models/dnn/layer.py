"""One layer of a network as the numbers that a cost model needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archgym.errors import WorkloadError

DIMENSIONS = "NKCPQRS"
FORMS = "conv:K=64,C=64,R=3,S=3,P=56,Q=56[,N=1,stride=1,groups=1] or gemm:M=128,N=64,K=256"
MOST_MACS = 2**50  # counts of words must stay below 2^53 to be exact in float64
_CONV_REQUIRED = ("K", "C", "R", "S", "P", "Q")
_CONV_KEYS = ("N", *_CONV_REQUIRED, "stride", "groups")
_GEMM_KEYS = ("M", "N", "K")


@dataclass(frozen=True)
class Layer:
    """A convolution; a matrix product is one with a 1 x 1 filter (`gemm`).

    Attributes:
        N: Batch.
        K: Output channels over all groups.
        C: Input channels over all groups.
        P: Output height.
        Q: Output width.
        R: Filter height.
        S: Filter width.
        stride: Of both directions; the input is (P-1)*stride+R by (Q-1)*stride+S.
        groups: Divides K and C; equal to both in a depthwise layer.

    Raises:
        WorkloadError: A number is below 1, groups do not divide, or the layer is too large.
    """

    K: int
    C: int
    R: int
    S: int
    P: int
    Q: int
    N: int = 1
    stride: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        for name in _CONV_KEYS:
            value = getattr(self, name)
            if value < 1:
                raise WorkloadError(f"layer: {name}={value} is not an integer >= 1")
        for name in ("K", "C"):
            value = getattr(self, name)
            if value % self.groups:
                raise WorkloadError(f"layer: groups={self.groups} does not divide {name}={value}")
        if self.macs * self.stride**2 > MOST_MACS:
            raise WorkloadError(
                f"layer: {self.macs:.3g} MACs at stride {self.stride} are too many"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """The seven dimensions in the order of `DIMENSIONS`."""
        return tuple(getattr(self, dimension) for dimension in DIMENSIONS)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations."""
        return math.prod(self.sizes) // self.groups

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is filtered by itself."""
        return 1 < self.groups == self.C == self.K


def gemm(m: int, n: int, k: int, batch: int = 1) -> Layer:
    """Return the matrix product M x K times K x N; a batch of them is a group convolution."""
    return Layer(K=n * batch, C=k * batch, R=1, S=1, P=m, Q=1, groups=batch)


def parse_layer(text: str) -> Layer:
    """Return the layer of a text such as ``conv:K=64,C=64,R=3,S=3,P=56,Q=56``.

    Raises:
        WorkloadError: The text is not well formed. Says what is wrong and what is expected.
    """
    kind, _, rest = text.partition(":")
    keys = {"conv": _CONV_KEYS, "gemm": _GEMM_KEYS}.get(kind.strip())
    if keys is None:
        raise _malformed(text, f"it starts with neither conv: nor gemm: but {kind!r}")
    values = _read_pairs(text, rest, keys)
    required = _GEMM_KEYS if keys is _GEMM_KEYS else _CONV_REQUIRED
    missing = [key for key in required if key not in values]
    if missing:
        raise _malformed(text, f"{', '.join(missing)} missing")
    try:
        if keys is _GEMM_KEYS:
            return gemm(values["M"], values["N"], values["K"])
        return Layer(**values)
    except WorkloadError as error:
        raise _malformed(text, str(error)) from None


def _read_pairs(text: str, pairs: str, keys: tuple[str, ...]) -> dict[str, int]:
    values: dict[str, int] = {}
    for pair in pairs.split(","):
        key, _, number = (part.strip() for part in pair.partition("="))
        if key not in keys:
            raise _malformed(text, f"{key!r} is not one of {', '.join(keys)}")
        if key in values:
            raise _malformed(text, f"{key} is given twice")
        values[key] = _positive(text, key, number)
    return values


def _positive(text: str, key: str, number: str) -> int:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not value >= 1 or not value.is_integer():
        raise _malformed(text, f"{key}={number} is not an integer >= 1")
    return int(value)


def _malformed(text: str, reason: str) -> WorkloadError:
    return WorkloadError(f"layer {text!r}: {reason} (expected {FORMS})")
