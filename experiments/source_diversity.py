"""Surrogates learnt from the evaluations of one agent against those of several (ArchGym).

Usage: archgym run experiments/launches/source_diversity.yaml --store STORE
       python -m archgym.experiments.source_diversity STORE

Claim (ArchGym, ISCA 2023): a data set of several agents lowers the error of a surrogate up to 42
times against one of a single agent. Every source gives equally many different designs; scored are
designs that no source has seen, random ones and those of an agent that is no source. Prints
relative RMSE with 95 % bootstrap intervals over seeds and designs, and how many times that of the
mixture it is.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archgym.batch import Batch
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import Rows
from archgym.errors import ArchgymError, StoreError
from archgym.outcome import Measurements, concatenate
from archgym.problem import Problem
from archgym.results.reader import history_of, read_rows
from archgym.results.spec import TrialSpec
from archgym.results.statistics import Floats
from archgym.results.statistics.bootstrap import percentile_interval
from archgym.results.store import Store
from archgym.torch_session import torch_session

ENV = "dram"
SOURCES = ("random", "genetic", "ant_colony", "hill_climbing", "ppo")
OUTSIDER, MIXTURE, UNIFORM = "simulated_annealing", "mixture", "random designs"
METRICS = ("total_time_ns", "average_power_mw", "energy_pj")
SEEDS, TESTED, RESAMPLES = 5, 2000, 1000
PICTURE, KIND, ROWS = Path("docs/images/source_diversity.png"), "random_forest", 2000


@dataclass(frozen=True)
class Errors:
    """Squared errors of a metric's surrogates on the same designs.

    Attributes:
        workload: What the designs run.
        scored_on: Which designs.
        metric: Its name.
        source: What was learnt.
        true: Values (n,).
        squared: Squared errors (seeds, n).
    """

    workload: str
    scored_on: str
    metric: str
    source: str
    true: Floats
    squared: Floats

    @property
    def relative(self) -> float:
        """Root of the mean squared error over the mean magnitude."""
        return float(np.sqrt(self.squared.mean()) / np.abs(self.true).mean())

    def resampled(self) -> Floats:
        """Return `relative` of seeds and designs drawn anew; the same draws for all sources."""
        rng = np.random.default_rng(0)
        seeds, designs = (_shares(rng, size) for size in self.squared.shape)
        mean = np.einsum("rs,sr->r", seeds, self.squared @ designs.T)
        return np.asarray(np.sqrt(mean) / (designs @ np.abs(self.true)))


def pools(store: Store) -> dict[str, tuple[Problem, dict[str, Rows]]]:
    """Return, by workload, the problem and the different designs that each agent evaluated."""
    problems: dict[str, Problem] = {}
    parts: dict[str, dict[str, list[tuple[Batch, Measurements]]]] = {}
    for folder in store.runs():
        spec = TrialSpec.of(folder.read_run()["spec"])
        table = read_rows(folder)
        if spec.env == ENV and table is not None:
            problem = spec.make_problem()
            history = history_of(table, problem)
            name = problem.workload_name
            problems.setdefault(name, problem)
            own = parts.setdefault(name, defaultdict(list))
            own[spec.agent].append((history.batch, history.measurements))
    return {
        name: (problem, {agent: _joined(found) for agent, found in parts[name].items()})
        for name, problem in problems.items()
    }


def mixture(rows: Mapping[str, Rows], count: int, rng: np.random.Generator) -> Rows:
    """Return as many designs of each pool, all different, ``count`` together.

    Raises:
        ValueError: A pool has too few that are in none before it.
    """
    taken: set[bytes] = set()
    parts, share = [], count // len(rows)
    for pool in rows.values():
        fresh = [at for at, key in enumerate(pool.batch.keys()) if key not in taken]
        part = pool.select(rng.choice(fresh, share, replace=False))
        taken.update(part.batch.keys())
        parts.append(part)
    codes = np.concatenate([part.batch.codes for part in parts])
    metrics = {n: np.concatenate([p.metrics[n] for p in parts]) for n in parts[0].metrics}
    feasible = np.concatenate([part.feasible for part in parts])
    return Rows(Batch(parts[0].batch.space, codes), metrics, feasible)


def unseen(
    problem: Problem, rows: Mapping[str, Rows], rng: np.random.Generator
) -> dict[str, Rows]:
    """Return feasible designs that are in no source's pool: random ones, and an outsider's."""
    seen = {key for agent in SOURCES for key in rows[agent].batch.keys()}  # noqa: SIM118
    drawn = problem.space.sample(rng, 4 * TESTED)
    random = Rows.of(drawn, problem.measure(drawn))
    found = {}
    for name, given in ((UNIFORM, random), (OUTSIDER, rows[OUTSIDER])):
        keys = given.batch.keys()
        new = [at for at, key in enumerate(keys) if key not in seen and given.feasible[at]]
        found[name] = given.select(np.array(new[:TESTED], dtype=np.int64))
    return found


def errors(store: Store, kind: str = KIND, count: int = ROWS) -> Iterator[Errors]:
    """Yield the errors of every workload, set of tested designs, metric and source.

    Args:
        store: Of the launch's runs.
        kind: Of the surrogates.
        count: How many designs are learnt, a tenth of which calibrates.

    Raises:
        StoreError: An agent's runs are not there or have too few different designs.
        UnknownNameError: There is no such kind.
    """
    for workload, (problem, rows) in pools(store).items():
        _check(store, workload, rows, count)
        sources = {name: {name: rows[name]} for name in SOURCES}
        sources[MIXTURE] = {name: rows[name] for name in SOURCES}
        scored = unseen(problem, rows, np.random.default_rng(0))
        for source, own in sources.items():
            guessed = [_guesses(problem, own, scored, kind, count, seed) for seed in range(SEEDS)]
            for name, test in scored.items():
                for metric in METRICS:
                    true = test.metrics[metric]
                    squared = np.stack([(one[name][metric] - true) ** 2 for one in guessed])
                    yield Errors(workload, name, metric, source, true, squared)


def _guesses(
    problem: Problem,
    own: Mapping[str, Rows],
    scored: Mapping[str, Rows],
    kind: str,
    count: int,
    seed: int,
) -> dict[str, dict[str, Floats]]:
    """Return what a surrogate of some pools says of each set of designs."""
    taught = mixture(own, count, np.random.default_rng(seed))
    with torch_session():
        model = learn(problem, taught, kind, METRICS, seed=seed, test=scored[UNIFORM])
        return {
            name: model.scales.restore(model.beliefs_of(test).mean)
            for name, test in scored.items()
        }


def _check(store: Store, workload: str, rows: Mapping[str, Rows], count: int) -> None:
    for agent in (*SOURCES, OUTSIDER):
        found = len(rows[agent]) if agent in rows else 0
        needed = 1 if agent == OUTSIDER else count
        if found < needed:
            raise StoreError(
                f"{store.address}: {found} designs of {agent} on {workload}, {needed} are needed:"
                " run experiments/launches/source_diversity.yaml"
            )


def _joined(parts: Sequence[tuple[Batch, Measurements]]) -> Rows:
    codes = np.concatenate([batch.codes for batch, _ in parts])
    batch = Batch(parts[0][0].space, codes)
    return Rows.of(batch, concatenate([measured for _, measured in parts]))


def _shares(rng: np.random.Generator, size: int) -> Floats:
    """Return which share of each resample each of some things is, (resamples, size)."""
    return rng.multinomial(size, np.full(size, 1.0 / size), RESAMPLES) / size


def main() -> None:
    """Print the table and draw the picture; errors of the user's input end with code 2."""
    from archgym.experiments.source_diversity_plot import draw

    given = _parser().parse_args()
    try:
        found = list(errors(Store.open(given.store), given.kind, given.rows))
    except ArchgymError as error:
        print(f"archgym: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{given.kind}, {given.rows} designs of each source, {SEEDS} seeds; relative RMSE, %")
    print("| workload | scored on | metric | source | error | 95 % | times mixture | 95 % |")
    print("|---|---|---|---|---|---|---|---|")
    mixed = {(e.workload, e.scored_on, e.metric): e for e in found if e.source == MIXTURE}
    for one in found:
        print(_line(one, mixed[one.workload, one.scored_on, one.metric]))
    draw(found, given.picture)


def _line(one: Errors, mixed: Errors) -> str:
    low, high = (100.0 * end for end in percentile_interval(one.resampled()))
    least, most = percentile_interval(one.resampled() / mixed.resampled())
    return (
        f"| {one.workload} | {one.scored_on} | {one.metric} | {one.source}"
        f" | {100.0 * one.relative:.2f} | {low:.2f} - {high:.2f}"
        f" | {one.relative / mixed.relative:.2f} | {least:.2f} - {most:.2f} |"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("store", help="of the runs of source_diversity.yaml")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--kind", default=KIND, help="of the surrogates")
    parser.add_argument("--rows", type=int, default=ROWS, help="designs that each source gives")
    return parser


if __name__ == "__main__":
    main()
