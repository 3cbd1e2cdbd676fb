"""How much a team tries that it has not learned."""

from __future__ import annotations

_WANTED_NEW = 0.5
_PACE = 1.1
_LARGEST = 0.9


class Exploration:
    """The share of every choice that stays uniform: the floor of `TeamPolicy`.

    Around the designs that a policy has learned to draw, most are known after a while. The floor
    rises as long as less than half of the draws are new, so that the team looks further, and sinks
    back to its least value otherwise.

    Args:
        least: Where it begins; if 0, it stays there.
    """

    def __init__(self, least: float):
        self._least = self.floor = least

    def adapt(self, spent: int, drawn: int) -> float:
        """Return the floor after ``drawn`` draws of which ``spent`` were evaluated."""
        rare = spent < _WANTED_NEW * drawn
        moved = self.floor * (_PACE if rare else 1.0 / _PACE)
        self.floor = min(max(moved, self._least), max(_LARGEST, self._least))
        return self.floor
