"""From the runs of a store to an entry of a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym import registry
from archgym.errors import SettingError, StoreError, UnknownNameError
from archgym.outcome import Status
from archgym.problem import Problem
from archgym.results.benchmark import Benchmark, BenchmarkProblem
from archgym.results.benchmark_runs import Runs, rows_of, runs_by_entrant, trial_of, versions_of
from archgym.results.benchmark_scores import Trial, curve_of, score_trial
from archgym.results.entry import FORMAT, Entry, EntryTrial, sampled_steps
from archgym.results.files import plain
from archgym.results.leaderboard import Run
from archgym.results.reader import batch_of, measurements_of
from archgym.results.statistics.aggregates import interquartile_mean
from archgym.results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

_NAMED = 3


def make_entry(
    store: Store, benchmark: Benchmark, agent: str, hyperparameters: Mapping[str, Any]
) -> Entry:
    """Return the entry of an agent whose trials of a benchmark are all finished.

    Args:
        store: Where they are.
        benchmark: What they are of.
        agent: Its name.
        hyperparameters: Values that tell which configuration, where the store has several.

    Raises:
        StoreError: Trials are missing, or several configurations fit. Says which.
    """
    runs = _runs_of(store, benchmark, agent, hyperparameters)
    _check_complete(benchmark, runs)
    spec = next(iter(runs.values())).spec
    problems = [problem.make() for problem in benchmark.problems]
    trials = [
        _entry_trial(benchmark, at, runs[at, seed], rows_of(store, runs[at, seed]), problems[at])
        for at in range(len(problems))
        for seed in range(benchmark.seeds)
    ]
    return Entry(
        format=FORMAT,
        benchmark=benchmark.name,
        benchmark_digest=benchmark.digest,
        agent=spec.agent,
        agent_version=spec.agent_version,
        hyperparameters=plain(spec.hyperparameters),
        versions=versions_of(store, runs.values()),
        score=score_of(benchmark, trials),
        trials=trials,
    )


def score_of(benchmark: Benchmark, trials: list[EntryTrial]) -> float:
    """Return the interquartile mean of the scores of all trials, in the benchmark's order."""
    of_label = {problem.label: problem for problem in benchmark.problems}
    scores = [
        score_trial(benchmark, of_label[trial.problem], trial.trial).score for trial in trials
    ]
    return float(interquartile_mean([np.array(scores)]))


def _runs_of(
    store: Store, benchmark: Benchmark, agent: str, hyperparameters: Mapping[str, Any]
) -> Runs:
    groups = runs_by_entrant(store, benchmark)
    specs = [next(iter(runs.values())).spec for runs in groups]
    if agent not in {spec.agent for spec in specs}:
        known = {spec.agent for spec in specs}
        owner = f"agent with runs of {benchmark.name} in {store.path}"
        hint = f"; make some: archgym leaderboard launch {benchmark.name} --agent {agent}"
        raise UnknownNameError(owner, agent, known, hint)
    wanted = _typed(agent, hyperparameters)
    fitting = [
        runs
        for runs, spec in zip(groups, specs, strict=True)
        if spec.agent == agent and wanted.items() <= spec.hyperparameters.items()
    ]
    if len(fitting) != 1:
        what = "several configurations" if fitting else "no configuration"
        listed = [spec.hyperparameters for spec in specs if spec.agent == agent]
        raise StoreError(
            f"{store.path}: {what} of {agent} fit; say which with --set key=value"
            f" (there are {'; '.join(map(str, listed))})"
        )
    return fitting[0]


def _typed(agent: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return hyper-parameters given as text in the types that runs store."""
    declared = registry.agents.get(agent)
    for name in given:
        if name not in declared.hyperparameters:
            owner = f"hyper-parameter of agent {agent!r}"
            raise UnknownNameError(owner, name, declared.hyperparameters)
    checked = declared.check(given)
    return {name: plain(checked[name]) for name in given}


def _check_complete(benchmark: Benchmark, runs: Runs) -> None:
    missing = [
        f"{problem.label} seed {seed}"
        for at, problem in enumerate(benchmark.problems)
        for seed in range(benchmark.seeds)
        if (at, seed) not in runs
    ]
    if missing:
        agent = next(iter(runs.values())).spec.agent
        more = f", and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise StoreError(
            f"{len(missing)} of the {benchmark.trials} trials of {benchmark.name} are missing:"
            f" {', '.join(missing[:_NAMED])}{more}; run them with `archgym leaderboard launch"
            f" {benchmark.name} --agent {agent}`"
        )


def _entry_trial(
    benchmark: Benchmark, at: int, run: Run, rows: pa.Table, problem: Problem
) -> EntryTrial:
    own, seed = benchmark.problems[at], run.spec.seed
    trial = trial_of(run, rows, problem if own.reference else None)
    chosen = set(sampled_steps(benchmark, run.spec.agent, own.label, seed, trial.evaluations))
    steps = sorted(chosen | set(improving_steps(own, trial)))
    kept = rows.take(steps)
    measured = measurements_of(kept, problem)
    return EntryTrial(
        problem=own.label,
        seed=seed,
        run=trial.run,
        evaluations=trial.evaluations,
        unique=trial.unique,
        agent_s=_short(trial.agent_s),
        cost_model_s=_short(trial.cost_model_s),
        steps=steps,
        seconds=[_short(float(trial.seconds[step])) for step in steps],
        status=[Status(code).label for code in kept["status"].to_pylist()],
        rewards=kept["reward"].to_pylist(),
        objectives=trial.values[steps].tolist() if own.reference else [],
        metrics={name: plain(measured.metrics[name]) for name in problem.objective.metrics},
        designs=_columns(plain(batch_of(kept, problem).dicts())),
    )


def improving_steps(problem: BenchmarkProblem, trial: Trial) -> list[int]:
    """Return the evaluations, from 0, at which the best so far improved."""
    count, _, _ = curve_of(problem, trial)
    return [int(number) - 1 for number in count]


def _short(seconds: float) -> float:
    """Return seconds with four digits: they are claims, and take room in an entry."""
    return float(f"{seconds:.4g}")


def _columns(designs: list[dict[str, Any]]) -> dict[str, list[Any]]:
    if any(design.keys() != designs[0].keys() for design in designs):
        raise SettingError("designs of a problem have different parameters")
    return {name: [design[name] for design in designs] for name in designs[0]}
