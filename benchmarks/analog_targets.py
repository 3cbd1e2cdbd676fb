"""Who meets targets of circuits with how many evaluations: ``archgym targets``, agent by agent.

Run ``python -m benchmarks.analog_targets TARGETS.csv --output DIR [--agents "A;B"] [--seeds 5]
[--budget 300] [--ngspice]``. Each agent's table is written to DIR; one that is there is
not made again. Prints a markdown table; quantiles count an attempt that failed as the budget and
one. With --ngspice the last column says how many designs that met a target do so by ngspice too,
bounds loosened by a thousandth.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from archgym.cli import app
from archgym.environment import Environment
from archgym.experiments.targets import Target, read_targets
from archgym.registry import environments

ENV = "analog.sizing"
AGENTS = (
    "random",
    "genetic",
    "cma_es",
    "differential_evolution",
    "tpe",
    "gp",
    "turbo",
    "goal_ppo",
    "insight",
)
BUDGETS = (20, 50, 100, 300)
LOOSENED = 1e-3
# Of INSIGHT-M without a pretrained simulator.
UNTRAINED = "insight, own designs only"

Row = dict[str, str]


def attempts_of(agent: str, given: argparse.Namespace) -> list[Row]:
    """Return the table of an agent, made where there is none."""
    path = given.output / f"{agent.replace(', ', '_').replace(' ', '_')}.csv"
    if not path.exists():
        began = time.process_time()
        seeds = ",".join(map(str, range(given.seeds)))
        words = ["targets", ENV, "--targets", str(given.targets), "--seeds", seeds]
        words += ["--agent", agent.partition(",")[0], "--budget", str(given.budget)]
        words += ["--output", str(path)]
        words += ["--hyperparameter", "simulator=none"] if agent == UNTRAINED else []
        app(words, standalone_mode=False)
        print(f"{agent}: {time.process_time() - began:.0f} s of CPU time", flush=True)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def summary(agent: str, rows: Sequence[Row], budget: int, confirmed: str) -> str:
    """Return a line of the table."""
    solved = np.array([row["solved"] == "1" for row in rows])
    spent = np.where(solved, [int(row["n_evals"]) for row in rows], budget + 1)
    shares = [f"{np.mean(spent <= limit):.0%}" for limit in BUDGETS if limit <= budget]
    ends = [f"{np.quantile(spent, q, method='inverted_cdf'):.0f}" for q in (0.5, 0.9)]
    offline = max(int(row["offline_evals"]) for row in rows)
    counts = f"{solved.sum()} of {len(rows)}"
    cells = [f"`{agent}`", *shares, *ends, counts, f"{offline:,}", confirmed]
    return "| " + " | ".join(cells) + " |"


def confirmed_by_ngspice(
    rows: Sequence[Row], targets: Sequence[Target], environment: Environment
) -> str:
    """Return how many designs that met their target do so by ngspice."""
    known, held, tried = {target.id: target for target in targets}, 0, 0
    for row in rows:
        if row["solved"] == "1":
            target = known[row["target_id"]]
            problem = environment.make_problem(
                target.workload, None, "ngspice", metrics="without_slew", **target.settings
            )
            names = [name for name in problem.space.names if row.get(name)]
            outcomes = problem.outcomes(problem.space.encode([{n: row[n] for n in names}]))
            held, tried = held + int(loosened(target).met(outcomes)[0]), tried + 1
    return f"{held} of {tried}"


def loosened(target: Target) -> Target:
    """Return a target that a design meets if it meets the given one but for small differences."""
    least = {n: bound - LOOSENED * abs(bound) for n, bound in target.least.items()}
    most = {n: bound + LOOSENED * abs(bound) for n, bound in target.most.items()}
    return Target(target.id, target.workload, target.settings, least, most)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--agents", default=";".join((*AGENTS, UNTRAINED)), help="A;B;...")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--ngspice", action="store_true", help="confirm designs by ngspice")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    environment = environments.get(ENV)
    targets: Any = read_targets(given.targets, environment)
    limits = " | ".join(f"at {limit}" for limit in BUDGETS if limit <= given.budget)
    lines = [f"| agent | {limits} | median | 90 % | met | offline | by ngspice |"]
    lines.append("|" + "---|" * (lines[0].count("|") - 1))
    for agent in given.agents.split(";"):
        rows = attempts_of(agent, given)
        found = confirmed_by_ngspice(rows, targets, environment) if given.ngspice else "-"
        lines.append(summary(agent, rows, given.budget, found))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
