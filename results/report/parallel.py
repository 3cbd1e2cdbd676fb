"""Good designs as lines over parallel axes, one per parameter that matters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.parameter import Axis
from archgym.problem import Problem
from archgym.results.files import plain
from archgym.results.report.designs import Designs

Floats = NDArray[np.float64]
MOST_LINES = 120
MOST_AXES = 10
_MOST_TICKS = 8


def parallel_axes(designs: Designs, weights: Floats, problem: Problem) -> dict[str, Any]:
    """Return the best feasible designs as positions between 0 and 1 along their main parameters.

    Args:
        designs: Of one problem.
        weights: Importance of each axis; those of 0 are shown only where there is room.
        problem: Where the codes are explained.
    """
    feasible = np.flatnonzero(designs.feasible)
    order = np.argsort(-designs.reward[feasible], kind="stable")
    good = designs.select(feasible[order[:MOST_LINES]])
    varied = np.flatnonzero(np.ptp(designs.codes, axis=0) > 0)
    chosen = varied[np.argsort(-weights[varied], kind="stable")][:MOST_AXES]
    axes = [problem.space.axes[at] for at in chosen.tolist()]
    columns = [good.codes[:, at] for at in chosen.tolist()]
    return {
        "axes": [{"name": axis.name, "ticks": _ticks(axis, problem)} for axis in axes],
        "left_out": len(varied) - len(axes),
        "lines": np.transpose(
            [_position(*own, problem) for own in zip(axes, columns, strict=True)]
        ),
        "values": [_labels(*own, problem) for own in zip(axes, columns, strict=True)],
        "reward": good.reward,
        "agent": good.agent,
    }


def _position(axis: Axis, codes: Floats, problem: Problem) -> Floats:
    if axis.size is not None:
        on_grid = codes if (codes < axis.size).all() else _between(axis, codes, problem)
        return on_grid / max(axis.size - 1, 1)
    places: Floats = (codes - axis.low) / (axis.high - axis.low)
    if axis.log:
        places = np.log(codes / axis.low) / np.log(axis.high / axis.low)
    return places


def _between(axis: Axis, codes: Floats, problem: Problem) -> Floats:
    """Return codes with values off the grid put between the grid's, or at its nearer end."""
    grid = np.arange(axis.size or 0, dtype=np.float64)
    values, known = _labels(axis, codes, problem), _labels(axis, grid, problem)
    return np.interp(np.array(values, dtype=np.float64), known, grid)


def _ticks(axis: Axis, problem: Problem) -> list[list[Any]]:
    """Return [position, label] of some values of an axis."""
    if axis.size is None:
        codes = np.array([axis.low, axis.high])
    else:
        codes = np.unique(np.linspace(0, axis.size - 1, min(axis.size, _MOST_TICKS)).round())
    places = _position(axis, codes, problem).tolist()
    return [list(tick) for tick in zip(places, _labels(axis, codes, problem), strict=True)]


def _labels(axis: Axis, codes: Floats, problem: Problem) -> list[Any]:
    """Return the native values of codes; the codes themselves on one axis among a parameter's."""
    if axis.name not in problem.space.names or len(problem.space[axis.name].axes) > 1:
        return list(plain(codes.astype(int).tolist()))
    kind = np.int64 if axis.size is not None else np.float64
    values = problem.space[axis.name].decode(codes.astype(kind)[:, None])
    return list(plain(values.tolist()))
