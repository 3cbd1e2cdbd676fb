"""Everything that a report shows, as plain data: the page and the figures only draw it.

Problems are kept apart. Rewards of different objectives have different meanings, so no number here
is a mean over problems; agents are compared across problems by how often they win.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archgym.errors import ArchgymError, StoreError
from archgym.results.catalogue import Complain, Run, load_runs
from archgym.results.files import plain, read_json
from archgym.results.leaderboard import changed_settings
from archgym.results.provenance import now, versions
from archgym.results.report.configurations import (
    agent_rows,
    by_configuration,
    configuration_rows,
    median_reward,
)
from archgym.results.report.curves import Curve, describe_curves, load_curves
from archgym.results.report.designs import load_designs
from archgym.results.report.fronts import front
from archgym.results.report.importance import importance
from archgym.results.report.parallel import parallel_axes
from archgym.results.report.selection import folder_of, select
from archgym.results.spec import TrialSpec
from archgym.results.status import failures
from archgym.results.store import State, Store

_DIGITS = 5


def report_document(
    store: Store, where: Sequence[str] = (), complain: Complain | None = None
) -> dict[str, Any]:
    """Return what a report of a store shows; every value is one of JSON's.

    Args:
        store: Where the runs lie.
        where: Conditions ``key=value`` on the runs; see `archgym.results.report.selection.select`.
        complain: Is told of each run that cannot be read, which is then left out.

    Raises:
        SettingError: A condition is malformed or names an unknown key.
        StoreError: A file is damaged, or no run meets the conditions.
    """
    every = load_runs(store, complain)
    runs = select(every, where)
    if every and not runs:
        raise StoreError(f"{store.path}: none of {len(every)} runs has {', '.join(where)}")
    scored = [run for run in runs if run.scored]
    curves = load_curves([folder_of(store, run) for run in scored])
    groups = _by_problem(runs)
    told: dict[str, Any] = short(
        {
            "store": store.path.name,
            "where": list(where),
            "made": now(),
            "version": versions()["archgym"],
            "states": Counter(run.state.value for run in runs),
            "at_work": [_at_work(store, run) for run in runs if run.state is State.RUNNING],
            "failures": _failures(store, runs),
            "agents": sorted({run.spec.agent for run in runs}),
            "problems": [_problem(store, own, curves) for own in groups],
        }
    )
    return told


def _by_problem(runs: Sequence[Run]) -> list[list[Run]]:
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.spec.problem_key].append(run)
    return sorted(groups.values(), key=lambda own: (own[0].spec.problem_label, own[0].spec.budget))


def _at_work(store: Store, run: Run) -> dict[str, Any]:
    told = read_json(folder_of(store, run).progress_file) or {}
    rechecking = f", {told['rechecked']} designs re-checked" if "rechecked" in told else ""
    return {
        "trial": run.spec.label + rechecking,
        "evaluations": run.spec.budget if rechecking else told.get("new_evaluations", 0),
        "budget": run.spec.budget,
        "best": told.get("best_reward"),
    }


def _failures(store: Store, runs: Sequence[Run]) -> list[dict[str, Any]]:
    labels = {run.run_id: run.spec.label for run in runs if run.state is State.FAILED}
    if not labels:
        return []
    return [
        {"trial": labels[row["run"]], **{key: row[key] for key in ("kind", "reason", "attempts")}}
        | {"retry": row["retry"], "run": row["run"]}
        for row in failures(store)
        if row["run"] in labels
    ]


def _problem(store: Store, runs: Sequence[Run], curves: Mapping[str, Curve]) -> dict[str, Any]:
    spec, scored = runs[0].spec, [run for run in runs if run.scored]
    about = {**_name(spec), "states": Counter(run.state.value for run in runs)}
    if not scored:
        return {**about, "note": "no run has finished yet"}
    return {
        **about,
        "configurations": configuration_rows(scored),
        "agents": agent_rows(scored),
        "curves": _curves(scored, curves),
        **_of_designs(store, scored),
    }


def _name(spec: TrialSpec) -> dict[str, Any]:
    objective = spec.objective
    return {
        "key": spec.problem_key[:12],
        "env": f"{spec.env}-v{spec.env_version}",
        "workload": spec.workload.rpartition("/")[2],
        "objective": objective if isinstance(objective, str) else str(objective),
        "settings": ", ".join(f"{n} {v}" for n, v in changed_settings(spec).items()),
        "cost_model": f"{spec.cost_model} {spec.cost_model_version}",
        "budget": spec.budget,
    }


def _curves(runs: Sequence[Run], curves: Mapping[str, Curve]) -> dict[str, Any]:
    """Return bands per agent, of its best configuration and of all of them."""
    best: dict[str, list[Run]] = {}
    every: dict[str, list[Run]] = defaultdict(list)
    for (agent, _), own in by_configuration(runs).items():
        every[agent] += own
        if agent not in best or median_reward(own) > median_reward(best[agent]):
            best[agent] = own
    last = {
        "evaluations": max(run.summary["evaluations"] for run in runs),
        "seconds": max(_seconds(run) for run in runs),
    }
    return {
        along: {
            which: describe_curves(_of_runs(groups, curves), along, end)
            for which, groups in {"best": best, "all": every}.items()
        }
        for along, end in last.items()
    }


def _seconds(run: Run) -> float:
    return float(run.summary["ask_seconds"] + run.summary["evaluate_seconds"])


def _of_runs(
    groups: Mapping[str, Sequence[Run]], curves: Mapping[str, Curve]
) -> dict[str, list[Curve]]:
    return {agent: [curves[run.run_id] for run in own] for agent, own in groups.items()}


def _of_designs(store: Store, runs: Sequence[Run]) -> dict[str, Any]:
    """Return what needs the environment; where it cannot be had, why."""
    try:
        problem = runs[0].spec.make_problem()
    except ArchgymError as error:
        return {"designs_note": f"designs cannot be explained: {error}"}
    designs = load_designs(store, runs, problem)
    different = designs.select(designs.first)
    weights = importance(different.codes, different.reward)
    names = [axis.name for axis in problem.space.axes]
    ranked = sorted(zip(weights.tolist(), names, strict=True), key=lambda pair: -pair[0])
    return {
        "parallel": parallel_axes(designs, weights, problem),
        "importance": [{"parameter": name, "share": weight} for weight, name in ranked],
        "front": front(designs, problem),
        "designs": len(different.reward),
        "designs_runs": [designs.runs, len(runs)],
    }


def short(value: Any) -> Any:
    """Return plain data with numbers of five digits, which is what a drawing can show."""
    if isinstance(value, Mapping):
        return {str(key): short(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return short(value.tolist())
    if isinstance(value, list | tuple):
        return [short(item) for item in value]
    if isinstance(value, float | np.floating):
        return plain(float(f"{value:.{_DIGITS}g}"))
    return plain(value)
