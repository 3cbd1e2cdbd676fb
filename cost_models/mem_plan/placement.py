"""Where in the scratchpad the tensors of a plan lie, in one piece each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.plan import Plan


@dataclass(frozen=True)
class Stay:
    """A tensor on chip from one step to another, both included.

    Attributes:
        tensor: Its number.
        first: The first step.
        last: The last step.
        start: Its address in bytes.
        end: The address behind it.
    """

    tensor: int
    first: int
    last: int
    start: int
    end: int


Span = tuple[int, int, int]  # tensor, first step, last step


def place(graph: Graph, plan: Plan) -> list[Stay]:
    """Return all stays of a plan's tensors with addresses, greedily, the largest first.

    Each gets the lowest gap among those that are there at the same time; a tensor may lie
    elsewhere each time that it comes. Gaps may take the addresses beyond the plan's capacity.
    """
    spans = stays_of(plan)
    spans.sort(key=lambda span: (-graph.sizes[span[0]], span[1], span[0]))
    placed: list[Stay] = []
    for tensor, first, last in spans:
        beside = [stay for stay in placed if stay.first <= last and first <= stay.last]
        start = _lowest_gap(beside, graph.sizes[tensor])
        placed.append(Stay(tensor, first, last, start, start + graph.sizes[tensor]))
    return sorted(placed, key=lambda stay: (stay.first, stay.start))


def stays_of(plan: Plan) -> list[Span]:
    """Return (tensor, first step, last step) of each time that a tensor is resident."""
    return [span for tensor in range(plan.resident.shape[1]) for span in _spans(plan, tensor)]


def _spans(plan: Plan, tensor: int) -> list[Span]:
    """Return (tensor, first step, last step) of each time that a tensor is resident."""
    resident = np.concatenate([[0], plan.resident[:, tensor].astype(np.int64), [0]])
    changes = np.diff(resident)
    firsts, lasts = np.flatnonzero(changes > 0).tolist(), np.flatnonzero(changes < 0).tolist()
    return [(tensor, first, last - 1) for first, last in zip(firsts, lasts, strict=True)]


def _lowest_gap(beside: Sequence[Stay], size: int) -> int:
    start = 0
    for stay in sorted(beside, key=lambda stay: stay.start):
        if stay.start >= start + size:
            break
        start = max(start, stay.end)
    return start
