"""What each configuration of each agent reached on one problem, and how agents compare there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym import registry
from archgym.errors import ArchgymError
from archgym.results.catalogue import Run
from archgym.results.leaderboard import as_text, differing
from archgym.results.statistics.improvement import probability_of_improvement

Floats = NDArray[np.float64]
_QUARTILES = 25, 75
_COUNTED = ("evaluations", "unique", "infeasible", "timeout", "crashed")


def by_configuration(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    """Return (agent, what else tells it apart) -> its finished runs, agents in order of name.

    That is hyper-parameters, and how runs were re-checked.
    """
    groups: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        own = json.dumps(run.spec.hyperparameters, sort_keys=True) + run.spec.recheck_label
        groups[run.spec.agent, own].append(run)
    return dict(sorted(groups.items()))


def rewards(runs: Sequence[Run]) -> Floats:
    """Return the best reward of each run."""
    return np.array([run.best_reward for run in runs])


def median_reward(runs: Sequence[Run]) -> float:
    """Return the median over runs of the best reward."""
    return float(np.median(rewards(runs)))


def configuration_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return one row per configuration, the best median reward first, equal ones by their values.

    Args:
        runs: The finished runs of one problem.
    """
    groups = by_configuration(runs)
    shown = differing([own[0].spec for own in groups.values()])
    rows = [_row(own, shown) for own in groups.values()]
    return sorted(rows, key=lambda row: -row["median"])


def _row(runs: Sequence[Run], shown: Mapping[str, set[str]]) -> dict[str, Any]:
    spec, found = runs[0].spec, rewards(runs)
    own = {n: v for n, v in spec.hyperparameters.items() if n in shown[spec.agent]}
    low, high = np.percentile(found, _QUARTILES)
    best = max(runs, key=lambda run: run.best_reward)
    return {
        "agent": spec.agent,
        "hyperparameters": as_text(own),
        "default": dict(spec.hyperparameters) == _default(spec.agent),
        "median": median_reward(runs),
        "quartile_1": low,
        "quartile_3": high,
        "best": found.max(),
        "seeds": len(runs),
        "recheck": spec.recheck_label,
        **_rechecks(runs),
        **_costs(runs),
        "best_run": best.run_id,
    }


def _rechecks(runs: Sequence[Run]) -> dict[str, float | None]:
    """Return the median of the best true rewards and what they took; None without a re-check."""
    own = [run for run in runs if run.rechecked is not None]
    if not own:
        return {"rechecked": None, "true_evaluations": None}
    return {
        "rechecked": float(np.median([run.true_reward for run in own])),
        "true_evaluations": float(np.mean([run.true_evaluations for run in own])),
    }


def _costs(runs: Sequence[Run]) -> dict[str, float]:
    total = {name: sum(run.summary.get(name, 0) for run in runs) for name in _COUNTED}
    spent = max(total["evaluations"], 1)
    return {
        "unique_share": total["unique"] / spent,
        "infeasible_share": total["infeasible"] / spent,
        "failed_share": (total["timeout"] + total["crashed"]) / spent,
        "agent_us": 1e6 * sum(run.summary["ask_seconds"] for run in runs) / spent,
        "cost_model_us": 1e6 * sum(run.summary["evaluate_seconds"] for run in runs) / spent,
    }


def _default(agent: str) -> dict[str, Any] | None:
    """Return an agent's default hyper-parameters, None where it is not installed."""
    try:
        return dict(registry.agents.get(agent).check({}))
    except ArchgymError:
        return None


def agent_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return one row per agent over all its configurations: luck and hyper-parameters together.

    ``wins`` is the probability that one of its runs ends better than a run of another agent (ties
    count half): 0.5 is no better and no worse, None where it is alone. Any rewards will do, since
    only their order enters.
    """
    found = rewards(runs)
    agents = np.array([run.spec.agent for run in runs])
    rows = []
    for agent in np.unique(agents).tolist():
        own = [run for run in runs if run.spec.agent == agent]
        mine, others = found[agents == agent], found[agents != agent]
        medians = [median_reward(group) for group in by_configuration(own).values()]
        rows.append({"agent": agent, "wins": _wins(mine, others), **_spread(medians)})
        rows[-1] |= {"runs": len(own), **_rechecks(own), **_costs(own)}
    return rows


def _wins(mine: Floats, others: Floats) -> float | None:
    return float(probability_of_improvement([mine], [others])) if len(others) else None


def _spread(medians: Sequence[float]) -> dict[str, Any]:
    low, high = np.percentile(medians, _QUARTILES)
    return {
        "configurations": len(medians),
        "worst": min(medians),
        "quartile_1": low,
        "median": float(np.median(medians)),
        "quartile_3": high,
        "best": max(medians),
    }
