"""What offline search finds beyond a table of mediocre designs, as markdown tables.

Enumerate the spaces (``archgym enumerate dram --workload spmv --set space=archgym``, the same for
``histogram``), then ``python -m benchmarks.offline_search STORE [ENV] [--seeds 5] [--drawn N]``.

Of random designs the better half of the feasible ones is withheld: a table that holds all others
is what agents learn from, another one for each seed. All have 64 evaluations; those of offline
agents judge proposals that were made before, those of the genetic algorithm are its search.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from archgym.experiments.plan import open_spec
from archgym.outcome import Floats
from archgym.problem import Problem
from archgym.registry import environments, make_agent, make_problem
from archgym.results.optima import load_optima
from archgym.results.spec import digest
from archgym.results.store import Store
from archgym.results.table import with_table
from archgym.searching import search

BUDGET = 64
KERNELS, OBJECTIVES = ("spmv", "histogram"), ("latency", "energy_delay")
CIRCUITS = (("ota5t", "figure_of_merit"),)
PLAIN = {"conservatism": 0.0}
# Name -> agent, hyper-parameters, whether it has the table.
ENTRANTS: Mapping[str, tuple[str, Mapping[str, Any], bool]] = {
    "random": ("random", {}, False),
    "genetic, online": ("genetic", {"population": 16}, False),
    "plain model": ("prime", PLAIN, True),
    "coms": ("coms", {}, True),
    "prime": ("prime", {}, True),
}


@dataclass(frozen=True)
class Found:
    """What one search found.

    Attributes:
        known: The best reward in the table.
        rewards: (64,), in the order of evaluation.
        promises: (64,), what the agent believed; NaN where it says nothing.
    """

    known: float
    rewards: Floats
    promises: Floats


def problems(env: str, store: Store) -> Iterator[tuple[str, Problem, float]]:
    """Yield name, problem and best reward there is, NaN where it is not known."""
    if env == "dram":
        pairs = [(kernel, objective) for kernel in KERNELS for objective in OBJECTIVES]
        settings = {"space": "archgym"}
    else:
        pairs, settings = list(CIRCUITS), {"metrics": "without_slew"}
    model, optima = next(iter(environments.get(env).cost_models)), load_optima(store)
    for workload, objective in pairs:
        problem = make_problem(env, workload, objective, **settings)
        spec = open_spec(env, problem, model)
        best = optima.get((spec.table_key, digest(spec.objective)), np.nan)
        yield f"{workload}, {objective}", with_table(problem, spec, store), best


def write_table(problem: Problem, count: int, seed: int, path: Path) -> float:
    """Write a table without the better half of its feasible designs; return its best reward."""
    drawn = problem.evaluate(problem.space.sample(np.random.default_rng([seed, count]), count))
    good = drawn["status"] == "ok"
    kept = drawn[~good | (drawn["reward"] <= drawn["reward"][good].median())]
    kept.to_csv(path, index=False)
    return float(kept["reward"].max())


def searched(problem: Problem, seed: int, rows: Path, known: float) -> dict[str, Found]:
    """Return what every entrant finds."""
    found = {}
    for name, (agent_name, values, offline) in ENTRANTS.items():
        own = {**values, "rows": str(rows)} if offline else values
        agent = make_agent(agent_name, problem, seed, **own)
        rewards = search(problem, agent, BUDGET).history["reward"].to_numpy()
        found[name] = Found(known, rewards, getattr(agent, "promises", np.full(BUDGET, np.nan)))
    return found


def lines(name: str, runs: Sequence[Mapping[str, Found]], optimum: float) -> Iterator[str]:
    """Yield a line per entrant."""
    for entrant in runs[0]:
        of = [run[entrant] for run in runs]
        best = np.array([one.rewards.max() for one in of])
        cells = [
            f"{np.mean([one.known for one in of]):.3f}",
            f"{best.mean():.3f} ({best.min():.3f})",
            f"{100 * (1 - best / optimum).mean():.1f} %" if np.isfinite(optimum) else "",
            *_of_offline(of),
        ]
        yield f"| {name} | `{entrant}` | {' | '.join(cells)} |"


def _of_offline(runs: Sequence[Found]) -> list[str]:
    """Return the first reward, the share of feasible proposals, and promises over rewards."""
    if not np.isfinite(runs[0].promises).all():
        return [""] * 4
    first = [one.rewards[0] for one in runs]
    feasible = np.concatenate([one.rewards > 0 for one in runs])
    said = np.concatenate([np.log(one.promises) for one in runs])[feasible]
    true = np.log(np.concatenate([one.rewards for one in runs])[feasible])
    mean = [one.rewards[one.rewards > 0].mean() for one in runs]
    return [
        f"{np.mean(first):.3f}",
        f"{np.mean(mean):.3f}",
        f"{100 * feasible.mean():.0f} %",
        f"{np.exp((said - true).mean()):.2f}",
    ]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="where the enumerated spaces lie")
    parser.add_argument("env", nargs="?", default="dram", choices=("dram", "analog.sizing"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--drawn", type=int, default=1500, help="designs, before any is withheld")
    given = parser.parse_args()
    print("| problem | agent | table | best (worst seed) | regret | first | mean | feasible |"
          " promised / true |\n|" + "---|" * 9)  # fmt: skip
    for name, problem, optimum in problems(given.env, Store.open(given.store)):
        runs = []
        for seed in range(given.seeds):
            with TemporaryDirectory() as folder:
                rows = Path(folder) / "rows.csv"
                known = write_table(problem, given.drawn, seed, rows)
                runs.append(searched(problem, seed, rows, known))
        print("\n".join(lines(name, runs, optimum)), flush=True)


if __name__ == "__main__":
    main()
