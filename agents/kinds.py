"""The kinds of parameters that an agent may or may not be able to search."""

from __future__ import annotations

from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Integer, Ordinal, Real
from archgym.word_parameters import Permutation, Sequence

_CLASSES: dict[str, type[Parameter]] = {
    "categorical": Categorical,
    "ordinal": Ordinal,
    "integer": Integer,
    "real": Real,
    "permutation": Permutation,
    "sequence": Sequence,
}

ALL_KINDS = tuple(_CLASSES)
DISCRETE_KINDS = tuple(kind for kind in ALL_KINDS if kind != "real")


def kind_of(parameter: Parameter) -> str:
    """Return the kind of a parameter; one of a foreign class is judged by its axes."""
    for kind, known in _CLASSES.items():
        if isinstance(parameter, known):
            return kind
    return "real" if any(axis.size is None for axis in parameter.axes) else "categorical"
