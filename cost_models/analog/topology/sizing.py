"""A short search for the sizes of a circuit: what a topology is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.columns import AFM1, LENGTHS_UM, SUPPLY_V
from archgym.cost_models.analog.metrics import MERIT, WELL_POSED
from archgym.cost_models.analog.results import measurements
from archgym.cost_models.analog.solver import Solver
from archgym.cost_models.analog.topology.bench import TopologyBench
from archgym.cost_models.analog.topology.metrics import SIZED
from archgym.outcome import Floats, Measurements, concatenate

_FIRST_SHARE = 0.4  # of the simulations, spread over the whole space
_ROUNDS = 4  # in which the others are drawn around the best so far
_ELITES = 8
_LEAST_SPREAD = 0.03  # of the unit cube, so that a round never repeats itself
_DIRECTION = {m.name: m.direction for m in SIZED}


@dataclass(frozen=True)
class Sized:
    """The best sizes that were found.

    Attributes:
        sizes: Parameter -> value.
        measured: Their measurements, one design.
        met: How nearly they meet the targets, 1 where all are met.
    """

    sizes: Mapping[str, float]
    measured: Measurements
    met: float


def size(
    solver: Solver, bench: TopologyBench, simulations: int, rng: np.random.Generator
) -> Sized:
    """Search the sizes of a circuit: a Latin hypercube, then normal draws around the best.

    The search is the cross-entropy method (Rubinstein, 1999) on the unit cube. Better is what
    meets the targets more nearly, and where all are met, what has the larger figure of merit.
    """
    circuit = solver.circuit
    first = max(round(_FIRST_SHARE * simulations), min(simulations, _ELITES))
    counts = [first, *_split(simulations - first, _ROUNDS)]
    points = np.empty((0, len(circuit.sizes)))
    found: list[Measurements] = []
    scores = np.empty(0)
    for count in counts:
        fresh = _draw(points, scores, (count, points.shape[1]), rng)
        measured = measurements(circuit, solver.measure(_values(circuit, fresh)))
        points, found = np.vstack([points, fresh]), [*found, measured]
        scores = np.concatenate([scores, score(measured, bench)])
    best = int(np.argmax(scores))
    chosen = concatenate(found).select([best])
    sizes = {name: float(v[0]) for name, v in _values(circuit, points[[best]]).items()}
    return Sized(sizes, chosen, 1.0 - float(_shortfalls(chosen, bench).mean()))


def score(measured: Measurements, bench: TopologyBench) -> Floats:
    """Return what the search maximises, shape (n,).

    Below 0 the sum of the targets' normalised misses; above, the decades of the figure of merit.
    A design that is no circuit lies below all others, by how much it is none.
    """
    misses = -_shortfalls(measured, bench).sum(axis=1)
    merit = np.log10(np.nan_to_num(measured.metrics[MERIT], nan=1.0))
    posed = np.where(misses < 0, misses, merit)
    broken = -len(bench.targets) - measured.violation
    return np.where(measured.metrics[WELL_POSED] == 1.0, posed, broken)


def _shortfalls(measured: Measurements, bench: TopologyBench) -> Floats:
    """Return by how much each target is missed, in [0, 1], shape (n, targets)."""
    columns = []
    for name, target in bench.targets.items():
        value = measured.metrics[name]
        value = np.where(np.isfinite(value), value, np.nan)
        sign = 1.0 if _DIRECTION[name] == "maximize" else -1.0
        missed = sign * (target - value) / (np.abs(value) + abs(target))
        columns.append(np.where(np.isnan(value), 1.0, np.clip(missed, 0.0, 1.0)))
    return np.stack(columns, axis=1)


def _split(total: int, parts: int) -> list[int]:
    return [count for at in range(parts) if (count := (total + at) // parts) > 0]


def _draw(
    points: Floats, scores: Floats, shape: tuple[int, int], rng: np.random.Generator
) -> Floats:
    """Return points of the unit cube."""
    if not len(points):
        return _latin_hypercube(shape, rng)
    elites = points[np.argsort(-scores, kind="stable")[:_ELITES]]
    spread = np.maximum(elites.std(axis=0), _LEAST_SPREAD)
    drawn = elites.mean(axis=0) + spread * rng.standard_normal(shape)
    return np.asarray(np.abs(np.where(drawn > 1, 2 - drawn, drawn)).clip(0.0, 1.0))


def _latin_hypercube(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    rows = rng.permuted(np.tile(np.arange(shape[0]), (shape[1], 1)), axis=1).T
    return np.asarray((rows + rng.random(shape)) / shape[0])


def _values(circuit: Circuit, points: Floats) -> dict[str, Floats]:
    """Return sizes by name of points of the unit cube, one column a parameter."""
    grid = np.array(LENGTHS_UM[AFM1])
    values = {}
    for column, entry in zip(points.T, circuit.sizes, strict=True):
        unit = SUPPLY_V[AFM1] if entry.of_supply else 1.0
        low, high = entry.low * unit, entry.high * unit
        if entry.scale == "grid":
            values[entry.name] = grid[np.minimum((column * len(grid)).astype(int), len(grid) - 1)]
        elif entry.scale == "log":
            values[entry.name] = low * (high / low) ** column
        else:
            values[entry.name] = low + (high - low) * column
    return values
