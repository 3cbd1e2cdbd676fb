"""Agents side by side over many problems: how far from the best there is, budget by budget.

Two numbers say how good the best design found is. **Regret** is 1 - found / best, in rewards: 0.01
means 1 % worse than the best design. **Missed** is the share of the possible improvement over the
default design that was not found, (best - found) / (best - 1), between 0 and 1: it does not fade
where even the best design is only a little better than the default. Best is the true optimum where
the store holds a table of the space, else the best design that any run of the store found.

A trial that ended by evaluating its best designs once more by the true cost model is compared on
that one's problem, by the best of the true rewards: so a search on a surrogate stands beside one
with the simulator, and ``true_evaluations`` says what each asked of the simulator.

Means are over problems, each the mean over its seeds. Intervals are 95 % stratified bootstrap
intervals: seeds are drawn anew within each problem (Agarwal et al., Deep reinforcement learning at
the edge of the statistical precipice, NeurIPS 2021).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.results.intervals import stratified_interval
from archgym.results.leaderboard import Run, as_text, differing
from archgym.results.spec import TrialSpec, digest
from archgym.results.statistics.normalised import DEFAULT_REWARD

Floats = NDArray[np.float64]
Model = tuple[str, str]  # name and version


@dataclass(frozen=True)
class Group:
    """The runs of one agent with one set of hyper-parameters at one budget.

    Attributes:
        spec: Of one of them.
        regrets: Problem -> the regret of each seed.
        missed: Problem -> the share of the improvement missed by each seed.
        seconds: Mean time per evaluation spent in the agent.
        true_evaluations: Mean over runs of how often the true cost model was asked.
    """

    spec: TrialSpec
    regrets: Mapping[str, Floats]
    missed: Mapping[str, Floats]
    seconds: float
    true_evaluations: float


def compare(runs: Iterable[Run], optima: Mapping[tuple[str, str], float]) -> list[dict[str, Any]]:
    """Return one row per agent, hyper-parameters and budget, by budget and then by missed.

    Args:
        runs: Of a store; unfinished ones do not count.
        optima: The best rewards that there are; see `load_optima`.
    """
    done = [run for run in runs if run.scored]
    best = _best_rewards(done, optima)
    groups = defaultdict(list)
    searched_on = _searched_on(done)
    for run in done:
        groups[_group_key(run.spec, searched_on)].append(run)
    shown = differing([members[0].spec for members in groups.values()])
    rows = [_row(_group(members, best), shown, searched_on) for members in groups.values()]
    return sorted(rows, key=lambda row: (row["budget"], row["missed"], row["agent"]))


def problem_of(spec: TrialSpec) -> str:
    """Return what makes runs comparable at any budget: the problem without it."""
    return spec.table_key + digest(spec.objective)


def _group_key(spec: TrialSpec, searched_on: Mapping[Model, str]) -> str:
    own = (spec.agent, spec.agent_version, spec.hyperparameters, spec.budget)
    return json.dumps([own, _told(spec, searched_on)], sort_keys=True)


def _told(spec: TrialSpec, searched_on: Mapping[Model, str]) -> str:
    """Return on what a re-checked trial searched and what re-checked it; empty for others."""
    if spec.recheck is None:
        return ""
    return f"{searched_on[_model(spec)]}, {spec.recheck_label}"


def _searched_on(runs: Iterable[Run]) -> dict[Model, str]:
    """Return what cost models that were re-checked are called: the kind, as in surrogate:NAME.

    So surrogates of different problems stand in one row. Several of one problem are told apart.
    """
    of_problem: dict[tuple[str, str], set[Model]] = defaultdict(set)
    for spec in (run.spec for run in runs if run.spec.recheck is not None):
        of_problem[problem_of(spec.true_spec), _kind(_model(spec))].add(_model(spec))
    apart = {model for models in of_problem.values() if len(models) > 1 for model in models}
    every: set[Model] = set().union(*of_problem.values())
    return {model: " ".join(model) if model in apart else _kind(model) for model in every}


def _model(spec: TrialSpec) -> Model:
    return spec.cost_model, spec.cost_model_version


def _kind(model: Model) -> str:
    return model[0].partition(":")[0]


def _best_rewards(
    runs: Sequence[Run], optima: Mapping[tuple[str, str], float]
) -> dict[str, float]:
    best: dict[str, float] = {}
    for run in runs:
        spec = run.spec.true_spec
        problem = problem_of(spec)
        best[problem] = max(best.get(problem, -np.inf), run.true_reward)
        known = optima.get((spec.table_key, digest(spec.objective)))
        if known is not None:
            best[problem] = known
    return best


def _group(runs: Sequence[Run], best: Mapping[str, float]) -> Group:
    rewards = defaultdict(list)
    for run in runs:
        rewards[problem_of(run.spec.true_spec)].append(run.true_reward)
    found = {problem: np.array(values) for problem, values in sorted(rewards.items())}
    spent = sum(run.summary["evaluations"] for run in runs)
    return Group(
        runs[0].spec,
        {problem: 1.0 - values / best[problem] for problem, values in found.items()},
        {problem: _missed(values, best[problem]) for problem, values in found.items()},
        sum(run.summary["ask_seconds"] for run in runs) / max(spent, 1),
        float(np.mean([run.true_evaluations for run in runs])),
    )


def _missed(found: Floats, best: float) -> Floats:
    possible = best - DEFAULT_REWARD
    if possible <= 0.0:
        return np.where(found >= best, 0.0, 1.0)
    return np.clip((best - found) / possible, 0.0, 1.0)


def _row(
    group: Group, shown: Mapping[str, set[str]], searched_on: Mapping[Model, str]
) -> dict[str, Any]:
    spec = group.spec
    told = {"searched_on": _told(spec, searched_on)} if searched_on else {}
    spent = {"true_evaluations": group.true_evaluations} if searched_on else {}
    own = {n: v for n, v in spec.hyperparameters.items() if n in shown[spec.agent]}
    seeds = [len(values) for values in group.regrets.values()]
    return {
        "budget": spec.budget,
        "agent": spec.agent,
        "hyperparameters": as_text(own),
        **told,
        **_with_interval("regret", group.regrets),
        **_with_interval("missed", group.missed),
        "solved": float(np.mean([np.mean(values <= 0.0) for values in group.regrets.values()])),
        "problems": len(seeds),
        "seeds": min(seeds),
        **spent,
        "agent_us": 1e6 * group.seconds,
    }


def _with_interval(name: str, values: Mapping[str, Floats]) -> dict[str, float]:
    mean = float(np.mean([per_seed.mean() for per_seed in values.values()]))
    low, high = stratified_interval(list(values.values()))
    return {name: mean, f"{name}_low_95": low, f"{name}_high_95": high}
