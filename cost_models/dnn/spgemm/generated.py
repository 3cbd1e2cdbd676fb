"""Random index sets, drawn by seed and written as text such as ``er:n=4096,density=1e-3,seed=0``.

``er`` (Erdos and Renyi): distinct places, all alike. ``rmat`` (Chakrabarti et al., SDM 2004):
every bit of an entry's row and column is 0 with the probability ``skew``, so the quadrants get
skew^2, skew (1 - skew) twice and (1 - skew)^2; the default 0.76 is close to Graph500's 0.57, 0.19,
0.19, 0.05, and 0.5 is ``er``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from archgym.cost_models.dnn.spgemm.product import Ints, Pattern, pattern_of
from archgym.errors import WorkloadError

FORMS = "er:n=4096,density=1e-3,seed=0 or rmat:n=4096,density=1e-3,skew=0.76,seed=0"
MOST_ENTRIES = 2**22
_ROUNDS = 200
_DEFAULTS: dict[str, dict[str, float]] = {
    "er": {"n": math.nan, "density": math.nan, "seed": 0},
    "rmat": {"n": math.nan, "density": math.nan, "skew": 0.76, "seed": 0},
}


def is_generated(text: str) -> bool:
    """Return whether a text names a family of matrices."""
    kind, colon, _ = text.partition(":")
    return bool(colon) and kind.strip() in _DEFAULTS


def generate(text: str) -> Pattern:
    """Return the square matrix of a text.

    Raises:
        WorkloadError: A field is missing, unknown or has a value it cannot take; or so many
            distinct entries are not found at that skew.
    """
    kind, _, rest = text.partition(":")
    fields = _read_fields(text, rest, _DEFAULTS[kind.strip()])
    n, rng = int(fields["n"]), np.random.default_rng(int(fields["seed"]))
    entries = round(fields["density"] * n * n)
    if not 1 <= entries <= MOST_ENTRIES:
        raise WorkloadError(
            f"matrix {text!r}: {entries} entries; n and density must give 1 .. {MOST_ENTRIES}"
        )
    if kind.strip() == "er":
        flat = rng.choice(n * n, entries, replace=False, shuffle=False)
    else:
        flat = _rmat(text, rng, n, entries, fields["skew"])
    return pattern_of(flat // n, flat % n, (n, n))


def _rmat(text: str, rng: np.random.Generator, n: int, entries: int, skew: float) -> Ints:
    """Return distinct places, int64 (entries,), the first that are drawn."""
    flat = np.zeros(0, dtype=np.int64)
    for _ in range(_ROUNDS):
        rows, columns = (_skewed(rng, n, entries, skew) for _ in range(2))
        inside = (rows < n) & (columns < n)
        flat = np.concatenate([flat, (rows * n + columns)[inside]])
        _, first = np.unique(flat, return_index=True)
        flat = flat[np.sort(first)]
        if len(flat) >= entries:
            return flat[:entries]
    raise WorkloadError(
        f"matrix {text!r}: {entries} distinct entries are not found at that skew; lower density"
    )


def _skewed(rng: np.random.Generator, n: int, count: int, skew: float) -> Ints:
    """Return numbers, int64 (count,), whose bits are 0 with the probability ``skew``."""
    numbers = np.zeros(count, dtype=np.int64)
    for _ in range((n - 1).bit_length()):
        numbers = 2 * numbers + (rng.random(count) >= skew)
    return numbers


def _read_fields(text: str, rest: str, defaults: Mapping[str, float]) -> dict[str, float]:
    given: dict[str, float] = {}
    for pair in rest.split(","):
        name, _, value = (part.strip() for part in pair.partition("="))
        if name not in defaults or name in given:
            raise WorkloadError(f"matrix {text!r}: {pair!r} is unknown or repeated ({FORMS})")
        given[name] = _number(text, name, value)
    fields = {**defaults, **given}
    missing = [name for name, value in fields.items() if math.isnan(value)]
    if missing:
        raise WorkloadError(f"matrix {text!r}: {', '.join(missing)} missing ({FORMS})")
    return fields


def _number(text: str, name: str, value: str) -> float:
    words, holds = _DOMAINS[name]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not holds(number):
        raise WorkloadError(f"matrix {text!r}: {name}={value} is not {words}")
    return number


_Domain = tuple[str, Callable[[float], bool]]
_DOMAINS: dict[str, _Domain] = {
    "n": (f"an integer 1 .. {2**24}", lambda x: 1 <= x <= 2**24 and x.is_integer()),
    "density": ("above 0 and at most 1", lambda x: 0 < x <= 1),
    "skew": ("at least 0.5 and below 1", lambda x: 0.5 <= x < 1),
    "seed": ("an integer 0 .. 2147483647", lambda x: 0 <= x < 2**31 and x.is_integer()),
}
