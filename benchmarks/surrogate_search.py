"""How many calls of the true cost model a search on a surrogate saves, as a markdown table.

Do what ``benchmarks/surrogate_search.yaml`` says, then ``python -m benchmarks.surrogate_search
STORE``. Counted are calls of the true model until a reward within 1 % of the best there is: those
of a search with that model, and those of the re-check that ends a search on the surrogate, the
most promising design first. What the surrogate learnt from is told beside: it serves all
objectives, agents and seeds of its workload.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from archgym.cost_models.learned.card import card_of, read_content
from archgym.cost_models.learned.folders import find
from archgym.results.catalogue import Run, load_runs
from archgym.results.optima import load_optima
from archgym.results.spec import digest
from archgym.results.store import Store

BAND = 0.01
SURROGATE = "surrogate:"
COLUMNS = ("problem", "agent", "by search", "by re-check", "times fewer", "with all 20", "learnt")
Optima = Mapping[tuple[str, str], float]
Key = tuple[str, str, str, str]


def calls_of_search(run: Run, enough: float) -> float:
    """Return after how many evaluations a trial's reward is enough; infinite if it never is."""
    reached = [step for step, reward in run.summary["improvements"] if reward >= enough]
    return float(min(reached, default=np.inf))


def calls_of_recheck(run: Run, enough: float) -> float:
    """Return after how many re-checked designs one is good enough; infinite if none is."""
    inside = np.flatnonzero(np.array((run.rechecked or {}).get("rewards", [])) >= enough)
    return float(inside[0]) + 1.0 if len(inside) else np.inf


def table(runs: Sequence[Run], optima: Optima) -> Iterator[str]:
    """Yield a line per problem and agent that has both kinds of trials."""
    groups: dict[Key, tuple[list[Run], list[Run]]] = defaultdict(lambda: ([], []))
    for run in runs:
        spec = run.spec
        if run.scored:
            key = spec.env, spec.workload, str(spec.objective), spec.agent
            groups[key][spec.cost_model.startswith(SURROGATE)].append(run)
    yield f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    for key, (searched, rechecked) in sorted(groups.items()):
        if searched and rechecked:
            yield line(key, searched, rechecked, optima)


def line(key: Key, searched: Sequence[Run], rechecked: Sequence[Run], optima: Optima) -> str:
    *problem, agent = key
    spec = searched[0].spec
    best = optima[spec.table_key, digest(spec.objective)]
    enough = best - BAND * abs(best)
    direct = [calls_of_search(run, enough) for run in searched]
    checked = [calls_of_recheck(run, enough) for run in rechecked]
    asked = float(np.median([run.true_evaluations for run in rechecked]))
    name = rechecked[0].spec.cost_model.removeprefix(SURROGATE)
    cells = (
        " ".join(problem),
        f"`{agent}`",
        told(direct),
        told(checked),
        times(np.median(direct), np.median(checked)),
        times(np.median(direct), asked if np.isfinite(np.median(checked)) else np.inf),
        f"{card_of(read_content(find(name))).evaluations:,}",
    )
    return f"| {' | '.join(cells)} |"


def told(calls: Sequence[float]) -> str:
    """Return the median number of calls, and of how many trials it is where some never end."""
    reached = int(np.isfinite(calls).sum())
    share = "" if reached == len(calls) else f" ({reached} of {len(calls)} reach it)"
    median = np.median(calls)
    return (f"{median:,.0f}" if np.isfinite(median) else "never") + share


def times(direct: float, other: float) -> str:
    if not np.isfinite(other):
        return "none"
    return f"{direct / other:.1f}" if np.isfinite(direct) else "all"


def main() -> None:
    store = Store.open(sys.argv[1] if len(sys.argv) > 1 else "runs")
    print("\n".join(table(load_runs(store), load_optima(store))))


if __name__ == "__main__":
    main()
