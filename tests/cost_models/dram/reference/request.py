"""One burst on its way through the controller."""

from __future__ import annotations

from dataclasses import dataclass

from .memory import Location


@dataclass(eq=False)
class Request:
    """Times are cycles of the memory clock; None until they are known."""

    index: int
    is_write: bool
    address: int
    location: Location
    offered: int | None = None
    sequence: int | None = None
    ready: int | None = None
    delivered: int | None = None
