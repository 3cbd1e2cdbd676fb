"""Numba's compiler with our settings, typed so that the decorated function keeps its signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile to machine code at first call; later processes load it from Numba's cache."""
    return cast(Function, numba.njit(cache=True)(function))
