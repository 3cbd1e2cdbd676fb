"""Draws goal specifications that a given share of random designs meets, for ``archgym targets``.

Usage: python -m archgym.experiments.draw_targets ENV --bounds METRIC,METRIC... [--workload W]
    [--set KEY=VALUE] [--count 10] [--hit-rate 1e-3] [--designs 100000] [--least METRIC=NUMBER]
    [--seed 0] --output T.csv

A target begins as the metrics of a random feasible design that fewer than the share equal in all
of them. They are relaxed evenly, in the ranks that designs have in each metric, until the share
meets them. So every target can be met. --least is a bound that is not relaxed further.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archgym import registry
from archgym.errors import ArchgymError, SettingError
from archgym.experiments.targets import ID, MAXIMUM, MINIMUM, WORKLOAD
from archgym.metric import Metric
from archgym.objective import find_metric
from archgym.outcome import Floats, Status
from archgym.problem import Problem
from archgym.scalar_parameters import as_number
from archgym.whole_file import write_csv

BAD_INPUT = 2
_BISECTIONS = 20
_CHUNK = 4096


@dataclass(frozen=True)
class Pool:
    """What random designs reach.

    Attributes:
        metrics: The k metrics that targets bound.
        values: float64 (n, k), of feasible designs that have all of them.
        drawn: Designs that were drawn, the others included.
    """

    metrics: tuple[Metric, ...]
    values: Floats
    drawn: int

    @staticmethod
    def of(
        problem: Problem, metrics: Sequence[Metric], rng: np.random.Generator, designs: int
    ) -> Pool:
        """Return what ``designs`` random designs of a problem reach."""
        names = [metric.name for metric in metrics]
        model = problem.cost_model.focused(tuple(names))
        parts = []
        for start in range(0, designs, _CHUNK):
            batch = problem.space.sample(rng, min(_CHUNK, designs - start))
            measured = problem.measure(batch, lambda b: model.evaluate(b, problem.workload))
            values = np.stack([measured.metrics[name] for name in names], axis=1)
            sound = (measured.violation == 0) & (measured.status == Status.OK)
            parts.append(values[sound & np.isfinite(values).all(axis=1)])
        return Pool(tuple(metrics), np.concatenate(parts), designs)

    @property
    def signs(self) -> Floats:
        """1 where larger is better, else -1, shape (k,)."""
        return np.array([1.0 if m.direction == "maximize" else -1.0 for m in self.metrics])

    def hit_rate(self, targets: Floats) -> float:
        """Return the share of random designs that meet targets (k,)."""
        gained = self.signs * (self.values - targets)
        return float(np.count_nonzero((gained >= 0).all(axis=1)) / self.drawn)


def draw_targets(
    pool: Pool,
    rng: np.random.Generator,
    count: int,
    hit_rate: float,
    least: Mapping[str, float] | None = None,
) -> Floats:
    """Return targets (count, k), each met by about ``hit_rate`` of random designs.

    Args:
        pool: What random designs reach.
        rng: Random numbers.
        count: How many.
        hit_rate: Share of random designs that is to meet each.
        least: Metric -> bound that is not relaxed beyond.

    Raises:
        SettingError: No design is good enough to begin with.
    """
    floor = np.array([(least or {}).get(metric.name, -np.inf) for metric in pool.metrics])
    if (pool.signs[np.isfinite(floor)] < 0).any():
        raise SettingError("least: only metrics to be maximized have such a bound")
    ladder = np.sort(pool.signs * pool.values, axis=0)
    drawn: list[Floats] = []
    for row in rng.permutation(len(pool.values)).tolist():
        if len(drawn) == count:
            break
        begin = pool.values[row]
        if (begin >= floor).all() and pool.hit_rate(begin) < hit_rate:
            drawn.append(_relaxed(pool, ladder, begin, floor, hit_rate))
    if len(drawn) < count:
        raise SettingError(f"only {len(drawn)} designs are better than the hit rate; draw more")
    return np.array(drawn).reshape(count, len(pool.metrics))


def _relaxed(pool: Pool, ladder: Floats, begin: Floats, floor: Floats, hit_rate: float) -> Floats:
    """Return the metrics of a design, relaxed until the share meets them."""
    columns = range(len(begin))
    scores = pool.signs * begin
    ranks = np.array([np.searchsorted(ladder[:, k], scores[k]) for k in columns])
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        targets = _at(pool, ladder, ranks * (1.0 - middle), floor)
        low, high = (middle, high) if pool.hit_rate(targets) < hit_rate else (low, middle)
    return _at(pool, ladder, ranks * (1.0 - high), floor)


def _at(pool: Pool, ladder: Floats, ranks: Floats, floor: Floats) -> Floats:
    """Return the values at ranks, where 0 is the worst design in a metric."""
    rows = np.floor(ranks).astype(np.int64)
    values = pool.signs * ladder[rows, np.arange(len(rows))]
    return np.where(np.isfinite(floor), np.maximum(values, floor), values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw targets and write their table."""
    given = _parser().parse_args(arguments)
    try:
        _draw(given)
    except ArchgymError as error:
        print(f"Error: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


def _draw(given: argparse.Namespace) -> None:
    settings = _pairs("--set", given.set)
    problem = registry.environments.get(given.env).make_problem(given.workload, **settings)
    metrics = [find_metric(name, problem.cost_model.metrics) for name in given.bounds.split(",")]
    least = {n: _number(n, text) for n, text in _pairs("--least", given.least).items()}
    rng = np.random.default_rng(given.seed)
    pool = Pool.of(problem, metrics, rng, given.designs)
    targets = draw_targets(pool, rng, given.count, given.hit_rate, least)
    bounds = [
        (MINIMUM if metric.direction == "maximize" else MAXIMUM) + metric.name
        for metric in metrics
    ]
    header = [ID, WORKLOAD, *settings, *bounds, "hit_rate"]
    rows = [
        [f"t{number:03d}", problem.workload_name, *settings.values(), *row, pool.hit_rate(row)]
        for number, row in enumerate(targets, start=1)
    ]
    write_csv(given.output, header, rows)
    print(f"wrote {given.output}: {len(rows)} targets")


def _pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    for name, sign, value in pairs:
        if not (name and sign and value):
            raise SettingError(f"{option} {name}: write it as NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _number(name: str, text: str) -> float:
    number = as_number(text)
    if number is None:
        raise SettingError(f"--least {name}={text}: not a number")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("env")
    parser.add_argument("--bounds", required=True, help="metrics, separated by commas")
    parser.add_argument("--workload")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--hit-rate", type=float, default=1e-3)
    parser.add_argument("--designs", type=int, default=100_000)
    parser.add_argument("--least", action="append", metavar="METRIC=NUMBER")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
