"""Ranks that do not pretend: who cannot be told apart shares them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def rank_ranges(intervals: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Return the best and the worst rank of each; larger is better, overlapping intervals tie.

    The best rank is 1 + how many lie wholly above it, the worst the number of all less how many
    lie wholly below it. So the ranges of two whose intervals do not overlap may still touch, but
    are never in the wrong order.
    """
    low, high = np.asarray(intervals, dtype=np.float64).reshape(-1, 2).T
    above = (low[None, :] > high[:, None]).sum(axis=1)
    below = (high[None, :] < low[:, None]).sum(axis=1)
    worst = len(low) - below
    return [(int(best) + 1, int(last)) for best, last in zip(above, worst, strict=True)]


def rank_text(ranks: tuple[int, int]) -> str:
    """Return a rank as it stands in tables: ``1``, or ``2-4`` for a tie."""
    best, worst = ranks
    return str(best) if best == worst else f"{best}-{worst}"
