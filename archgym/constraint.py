"""Rules over several parameters that every design must obey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Constraint:
    """A vectorised predicate over native values.

    Attributes:
        name: Shown in messages and listings.
        parameters: The parameters it looks at.
        holds: Takes name -> array (n,) of those parameters, returns a bool array (n,).
        message: What is required, in words.
    """

    name: str
    parameters: tuple[str, ...]
    holds: Callable[[Mapping[str, NDArray[Any]]], NDArray[np.bool_]]
    message: str
