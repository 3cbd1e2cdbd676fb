"""How far from the true optimum agents end, as markdown tables.

Enumerate the spaces, run ``dram_regret.yaml`` and ``marl_against_single.yaml`` with ``--tables``,
then ``python -m benchmarks.regret STORE [AGENT ...]``; names of agents add a second table that
compares these workload by workload.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archgym.results.comparison import compare
from archgym.results.leaderboard import Run, load_runs
from archgym.results.optima import load_optima
from archgym.results.spec import digest
from archgym.results.store import Store

Optima = Mapping[tuple[str, str], float]


def by_agent(runs: Sequence[Run], optima: Optima) -> str:
    """Return one row per agent: regret with its interval and share solved, budget by budget."""
    rows = compare(runs, optima)
    budgets = sorted({row["budget"] for row in rows})
    table: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    order: dict[tuple[str, str], tuple[float, ...]] = {}
    for row in reversed(rows):  # the largest budgets first
        name = row["agent"], row["hyperparameters"]
        table[name][row["budget"]] = cell(row)
        order[name] = (*order.get(name, ()), row["missed"])
    lines = header(["agent", *(f"{budget:,}" for budget in budgets), "us"])
    spent = {(row["agent"], row["hyperparameters"]): row["agent_us"] for row in rows}
    for name in sorted(table, key=lambda name: order[name][-1]):
        cells = [table[name].get(budget, "") for budget in budgets]
        lines.append(
            line([" ".join(("`" + name[0] + "`", name[1])).strip(), *cells, f"{spent[name]:,.0f}"])
        )
    return "\n".join(lines)


def cell(row: Mapping[str, Any]) -> str:
    low, high = 100 * row["regret_low_95"], 100 * row["regret_high_95"]
    return f"{100 * row['regret']:.2f} [{low:.2f}, {high:.2f}], {100 * row['solved']:.0f} %"


def by_workload(runs: Sequence[Run], optima: Optima, names: Sequence[str]) -> str:
    """Return one row per agent and budget: regret, and evaluations until the optimum."""
    groups: dict[tuple[int, str, str], dict[str, list[Run]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for run in runs:
        if run.scored and run.spec.agent in names:
            roles = str(run.spec.hyperparameters.get("roles", ""))
            key = run.spec.budget, run.spec.agent, roles
            groups[key][run.spec.workload].append(run)
    workloads = sorted({run.spec.workload for run in runs})
    lines = header(["budget", "agent", *workloads])
    for (budget, agent, roles), of_workload in sorted(groups.items()):
        cells = [both(of_workload[workload], optima) for workload in workloads]
        lines.append(line([f"{budget:,}", f"`{agent}` {roles}".strip(), *cells]))
    return "\n".join(lines)


def both(runs: Sequence[Run], optima: Optima) -> str:
    if not runs:
        return ""
    regrets, needed = zip(*(found(run, optima) for run in runs), strict=True)
    median = float(np.median(needed))
    return (
        f"{100 * np.mean(regrets):.3f} / {median:,.0f}"
        if np.isfinite(median)
        else (f"{100 * np.mean(regrets):.3f} / not reached")
    )


def found(run: Run, optima: Optima) -> tuple[float, float]:
    """Return a run's regret and how many evaluations it needed to the optimum, or infinity."""
    best = optima[run.spec.table_key, digest(run.spec.objective)]
    regret = 1.0 - run.best_reward / best
    return regret, run.summary["best"]["step"] + 1 if regret <= 0 else np.inf


def header(names: Sequence[str]) -> list[str]:
    return [line(names), "|" + "---|" * len(names)]


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main(store: str, *names: str) -> None:
    opened = Store.open(store)
    runs, optima = list(load_runs(opened)), load_optima(opened)
    print(by_agent(runs, optima))
    if names:
        print("\n" + by_workload(runs, optima, names))


if __name__ == "__main__":
    main(*sys.argv[1:])
