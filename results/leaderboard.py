"""Which agent found the best designs, problem by problem.

Agents are ranked by the mean, over seeds, of the best reward that each trial found. The interval
is the 95 % bootstrap interval of that mean (percentile method). Only summaries are read.

Where trials ended by evaluating their best designs once more by the true cost model, ``rechecked``
is the mean of the best true reward, with its own interval. Agents are ranked by it where all of a
board have it: the mean then only says what the searched model believed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym import registry
from archgym.errors import UnknownNameError
from archgym.results.catalogue import Run as Run
from archgym.results.catalogue import load_runs as load_runs
from archgym.results.files import plain
from archgym.results.intervals import mean_interval
from archgym.results.spec import TrialSpec, digest
from archgym.results.store import State

RECHECKED = "rechecked"


@dataclass(frozen=True)
class Board:
    """The table of one problem.

    Attributes:
        problem: Environment, workload, objective, settings, cost model, budget; where any run of
            the store was re-checked, also what the board is ranked by.
        changed_settings: Those that differ from the environment's defaults, as text.
        rows: One per agent, hyper-parameters and kind of re-check, the best first.
    """

    problem: Mapping[str, Any]
    changed_settings: str
    rows: Sequence[Mapping[str, Any]]


def leaderboard(
    runs: Iterable[Run], optima: Mapping[tuple[str, str], float] | None = None
) -> list[Board]:
    """Return one board per problem of which at least one run is finished.

    Args:
        runs: Of a store.
        optima: The best rewards that there are, where spaces were enumerated; see `load_optima`.
            The regret of a run is 1 - best reward found / best reward there is: 0 at the optimum.
    """
    every, by_problem = list(runs), dict[str, list[Run]]()
    for run in every:
        by_problem.setdefault(run.spec.problem_key, []).append(run)
    known, with_rechecks = optima or {}, any(run.spec.recheck is not None for run in every)
    boards = [
        _board(
            group,
            known.get((group[0].spec.table_key, digest(group[0].spec.objective))),
            with_rechecks,
        )
        for group in by_problem.values()
        if any(run.scored for run in group)
    ]
    return sorted(boards, key=lambda board: json.dumps(board.problem, default=str))


def _board(runs: Sequence[Run], optimum: float | None, with_rechecks: bool) -> Board:
    by_agent: dict[str, list[Run]] = {}
    for run in runs:
        spec = run.spec
        own = (spec.agent, spec.agent_version, spec.hyperparameters, spec.recheck)
        by_agent.setdefault(json.dumps(own, sort_keys=True), []).append(run)
    shown = differing([group[0].spec for group in by_agent.values()])
    rows = [_row(group, shown, optimum, with_rechecks) for group in by_agent.values()]
    value = _ranked_by(rows)
    rows.sort(key=lambda row: (-_or_worst(row[value]), row["agent"], row["hyperparameters"]))
    ranked = [{"rank": rank, **row} for rank, row in enumerate(rows, start=1)]
    spec, told = runs[0].spec, {"ranked_by": value} if with_rechecks else {}
    return Board({**_problem(spec), **told}, as_text(changed_settings(spec)), ranked)


def _ranked_by(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what all rows with finished runs have: the true value, else the mean."""
    all_rechecked = all(row.get(RECHECKED) is not None for row in rows if row["seeds"])
    return RECHECKED if all_rechecked else "mean"


def _or_worst(mean: float | None) -> float:
    return -np.inf if mean is None else mean


def _problem(spec: TrialSpec) -> dict[str, Any]:
    objective = spec.objective
    return {
        "env": f"{spec.env}-v{spec.env_version}",
        "workload": spec.workload,
        "objective": objective if isinstance(objective, str) else json.dumps(objective),
        "settings": as_text(spec.settings),
        "cost_model": f"{spec.cost_model} {spec.cost_model_version}",
        "budget": spec.budget,
    }


def changed_settings(spec: TrialSpec) -> dict[str, Any]:
    """Return the settings that are not at their default; all where the environment is gone."""
    try:
        declared = registry.environments.get(spec.env).settings
    except UnknownNameError:
        return dict(spec.settings)
    return {
        name: value
        for name, value in spec.settings.items()
        if name not in declared or value != plain(declared[name].default)
    }


def as_text(values: Mapping[str, Any]) -> str:
    """Return values as they stand in a table's cell."""
    return " ".join(f"{name}={value}" for name, value in values.items())


def _row(
    runs: Sequence[Run],
    shown: Mapping[str, set[str]],
    optimum: float | None,
    with_rechecks: bool,
) -> dict[str, Any]:
    spec, done = runs[0].spec, [run for run in runs if run.scored]
    own = {n: spec.hyperparameters[n] for n in spec.hyperparameters if n in shown[spec.agent]}
    return {
        "agent": spec.agent,
        "hyperparameters": as_text(own),
        **_statistics([run.best_reward for run in done]),
        **(_rechecks(spec, done) if with_rechecks else {}),
        **_regrets([run.best_reward for run in done], optimum),
        "seeds": len(done),
        "unfinished": _unfinished(runs),
        **_costs([run.summary for run in done]),
        **_best_design(done),
    }


def _statistics(rewards: Sequence[float]) -> dict[str, float | None]:
    if not rewards:
        return dict.fromkeys(("mean", "median", "min", "max", "low_95", "high_95"))
    values = np.asarray(rewards, dtype=np.float64)
    low, high = mean_interval(values)
    return {
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "min": float(values.min()),
        "max": float(values.max()),
        "low_95": low,
        "high_95": high,
    }


def _rechecks(spec: TrialSpec, done: Sequence[Run]) -> dict[str, Any]:
    """Return what the true cost model said of the best designs, empty where it was not asked."""
    statistics = _statistics([run.true_reward for run in done if run.rechecked is not None])
    own = {"recheck": spec.recheck_label, RECHECKED: statistics["mean"]}
    own |= {f"{RECHECKED}_{end}": statistics[end] for end in ("low_95", "high_95")}
    asked = [run.true_evaluations for run in done if run.rechecked is not None]
    return {**own, "true_evaluations": float(np.mean(asked)) if asked else None}


def _regrets(rewards: Sequence[float], optimum: float | None) -> dict[str, float | None]:
    """Return the mean regret, and the share of seeds that found an optimum; None if unknown."""
    if optimum is None or not rewards:
        return {"regret": None, "solved": None}
    regrets = 1.0 - np.asarray(rewards, dtype=np.float64) / optimum
    return {"regret": float(regrets.mean()), "solved": float(np.mean(regrets <= 0.0))}


def _unfinished(runs: Sequence[Run]) -> str:
    states = [run.state for run in runs if run.state != State.DONE]
    return ", ".join(f"{states.count(s)} {s}" for s in State if s in states)


def _costs(summaries: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    if not summaries:
        names = ("evaluations", "charged", "unique_share", "agent_s", "cost_model_s")
        return dict.fromkeys(names)
    evaluations = _mean(summaries, "evaluations")
    return {
        "evaluations": evaluations,
        "charged": float(np.mean([summary.get("charged", 0.0) for summary in summaries])),
        "unique_share": _mean(summaries, "unique") / evaluations,
        "agent_s": _mean(summaries, "ask_seconds"),
        "cost_model_s": _mean(summaries, "evaluate_seconds"),
    }


def _mean(summaries: Sequence[Mapping[str, Any]], key: str) -> float:
    return float(np.mean([summary[key] for summary in summaries]))


def _best_design(done: Sequence[Run]) -> dict[str, Any]:
    """Return the metrics that the objective looks at, of the agent's best design; true ones."""
    if not done:
        return {"best_run": "", "best_metrics": ""}
    best = max(done, key=lambda run: run.true_reward)
    if best.true_best is None:
        return {"best_run": best.run_id, "best_metrics": ""}
    metrics = best.true_best["metrics"]
    shown = {name: metrics[name] for name in best.summary["objective_metrics"]}
    texts = [f"{n}={'none' if value is None else f'{value:.6g}'}" for n, value in shown.items()]
    return {"best_run": best.run_id, "best_metrics": " ".join(texts)}


def differing(specs: Sequence[TrialSpec]) -> dict[str, set[str]]:
    """Return agent -> the hyper-parameters in which its entries differ."""
    shown: dict[str, set[str]] = {}
    for agent in {spec.agent for spec in specs}:
        own = [spec.hyperparameters for spec in specs if spec.agent == agent]
        names = {name for values in own for name in values}
        shown[agent] = {n for n in names if len({repr(v.get(n)) for v in own}) > 1}
    return shown
