"""Whether an entry holds: designs are evaluated again, scores derived anew, to the last bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from archgym import registry
from archgym.errors import ArchgymError, StoreError, UnknownNameError
from archgym.outcome import Outcomes
from archgym.problem import Problem
from archgym.results.benchmark import Benchmark, BenchmarkProblem, load_benchmark
from archgym.results.benchmark_scores import Entrant
from archgym.results.entry import Entry, EntryTrial, entry_files, read_entry, sampled_steps
from archgym.results.entry_making import improving_steps, score_of
from archgym.results.files import plain
from archgym.searching import search


@dataclass(frozen=True)
class Verdict:
    """What checking an entry showed.

    Attributes:
        benchmark: The benchmark's name.
        agent: The agent.
        score: As claimed.
        trials: Trials whose designs were evaluated again.
        evaluations: Designs evaluated again.
        rerun: Trials that were searched again.
        refusals: Why it does not hold, empty where it does.
    """

    benchmark: str
    agent: str
    score: float
    trials: int = 0
    evaluations: int = 0
    rerun: int = 0
    refusals: Sequence[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the entry holds."""
        return not self.refusals


def verify_entry(
    entry: Entry,
    benchmark: str | None = None,
    share: float = 1.0,
    seed: int = 0,
    rerun: bool = False,
) -> Verdict:
    """Check an entry.

    Args:
        entry: What is claimed.
        benchmark: Name or file, where it is not the installed one of that name.
        share: Share of the trials whose designs are evaluated; all else is always checked.
        seed: Draws that share.
        rerun: Whether the agent searches these trials again, and must find the same in the same
            steps.
    """
    told = Verdict(entry.benchmark, entry.agent, entry.score)
    try:
        loaded = _benchmark_of(entry, benchmark)
        refusals = _misfits(entry, loaded)
        if refusals:
            return _refused(told, refusals)
        return _evaluated(told, entry, loaded, _drawn(entry, share, seed), rerun)
    except ArchgymError as error:
        return _refused(told, [str(error)])


def entrants_of_files(paths: Iterable[Path], benchmark: Benchmark) -> list[Entrant]:
    """Return the entrants of entries of a benchmark; nothing is evaluated.

    Raises:
        StoreError: An entry cannot be read or is not of the benchmark's form, or none is of it.
    """
    entries = [(path, read_entry(path)) for path in entry_files(paths)]
    own = [(path, entry) for path, entry in entries if entry.benchmark == benchmark.name]
    if not own:
        raise StoreError(f"none of {len(entries)} entries is of {benchmark.name}")
    for path, entry in own:
        for refusal in _misfits(entry, benchmark):
            raise StoreError(f"{path}: {refusal}")
    return [entry.entrant(benchmark, str(path)) for path, entry in own]


def _refused(told: Verdict, refusals: Sequence[str]) -> Verdict:
    return Verdict(told.benchmark, told.agent, told.score, refusals=refusals)


def _benchmark_of(entry: Entry, name: str | None) -> Benchmark:
    """Return the benchmark that an entry is of, if it is the same."""
    try:
        loaded = load_benchmark(name or entry.benchmark)
    except UnknownNameError as error:
        raise UnknownNameError("benchmark of the entry", entry.benchmark, error.known) from None
    if entry.benchmark != loaded.name:
        raise UnknownNameError("benchmark of the entry", entry.benchmark, [loaded.name])
    return loaded


def _misfits(entry: Entry, benchmark: Benchmark) -> list[str]:
    """Return what is wrong with an entry before anything is evaluated."""
    if entry.benchmark_digest != benchmark.digest:
        return [
            f"the entry was made with another content of {benchmark.name}"
            f" (digest {entry.benchmark_digest}, here {benchmark.digest})"
        ]
    wanted = {(p.label, seed) for p in benchmark.problems for seed in range(benchmark.seeds)}
    given = [(trial.problem, trial.seed) for trial in entry.trials]
    wrong = [f"{p} seed {s} is missing" for p, s in sorted(wanted - set(given))]
    wrong += [f"{p} seed {s} is not of the benchmark" for p, s in sorted(set(given) - wanted)]
    wrong += ["a trial stands twice"] if len(set(given)) < len(given) else []
    if wrong:
        return wrong
    problems = {problem.label: problem for problem in benchmark.problems}
    for trial in entry.trials:
        misfit = _misfit(entry, benchmark, problems[trial.problem], trial)
        wrong += [f"{_name(trial)}: {misfit}"] if misfit else []
    return wrong or _wrong_score(entry, benchmark)


def _misfit(
    entry: Entry, benchmark: Benchmark, problem: BenchmarkProblem, trial: EntryTrial
) -> str:
    """Return what is wrong with the form of a trial, empty where nothing is."""
    rows = len(trial.steps)
    columns: list[Sequence[Any]] = [trial.seconds, trial.status, trial.rewards]
    columns += trial.metrics.values()
    columns += [*trial.designs.values(), *([trial.objectives] if problem.reference else [])]
    if not rows or any(len(column) != rows for column in columns):
        return "its lists are of different lengths, or empty"
    if not 0 < trial.evaluations <= benchmark.budget:
        return f"{trial.evaluations} evaluations, the budget is {benchmark.budget}"
    ascending = all(a < b for a, b in zip(trial.steps, trial.steps[1:], strict=False))
    if not ascending or trial.steps[0] < 0 or trial.steps[-1] >= trial.evaluations:
        return f"its steps are not ascending within its {trial.evaluations} evaluations"
    chosen = sampled_steps(benchmark, entry.agent, trial.problem, trial.seed, trial.evaluations)
    absent = sorted(set(chosen) - set(trial.steps))
    if absent:
        return f"the sampled step {absent[0]} is missing"
    extra = set(trial.steps) - set(chosen) - set(improving_steps(problem, trial.trial))
    return f"step {min(extra)} neither improves nor is sampled" if extra else ""


def _wrong_score(entry: Entry, benchmark: Benchmark) -> list[str]:
    ordered = sorted(entry.trials, key=lambda trial: (_place(benchmark, trial), trial.seed))
    score = score_of(benchmark, ordered)
    if score == entry.score:
        return []
    return [f"score: {_values(entry.score, score)}"]


def _place(benchmark: Benchmark, trial: EntryTrial) -> int:
    return [problem.label for problem in benchmark.problems].index(trial.problem)


def _drawn(entry: Entry, share: float, seed: int) -> list[EntryTrial]:
    count = len(entry.trials)
    size = min(count, int(np.ceil(share * count)))
    chosen = np.random.default_rng(seed).choice(count, size=size, replace=False)
    return [entry.trials[at] for at in sorted(chosen.tolist())]


def _evaluated(
    told: Verdict, entry: Entry, benchmark: Benchmark, trials: Sequence[EntryTrial], rerun: bool
) -> Verdict:
    """Evaluate the designs of trials again, problem by problem."""
    refusals: list[str] = []
    evaluations = 0
    for own in benchmark.problems:
        problem = own.make()
        for trial in (trial for trial in trials if trial.problem == own.label):
            refusals += _differences(problem, own, trial)
            evaluations += len(trial.steps)
            if rerun:
                refusals += _rerun(entry, benchmark, own, problem, trial)
    again = len(trials) if rerun else 0
    return Verdict(
        told.benchmark, told.agent, told.score, len(trials), evaluations, again, refusals
    )


def _differences(problem: Problem, own: BenchmarkProblem, trial: EntryTrial) -> list[str]:
    """Return the first difference of each column between what is claimed and what comes out."""
    wanted = set(problem.objective.metrics)
    if set(trial.metrics) != wanted:
        return [f"{_name(trial)}: its metrics are not {', '.join(sorted(wanted))}"]
    try:
        batch = problem.space.encode([_design(trial, row) for row in range(len(trial.steps))])
    except ArchgymError as error:
        return [f"{_name(trial)}: {error}"]
    outcomes = problem.outcomes(batch)
    found = []
    for name, claimed, comes_out in _columns(trial, outcomes, bool(own.reference)):
        pairs = zip(trial.steps, claimed, comes_out, strict=True)
        first = next((each for each in pairs if each[1] != each[2]), None)
        if first is not None:
            found.append(f"{_name(trial)}, step {first[0]}, {name}: {_values(*first[1:])}")
    return found


def _design(trial: EntryTrial, row: int) -> dict[str, Any]:
    return {name: values[row] for name, values in trial.designs.items()}


def _columns(
    trial: EntryTrial, outcomes: Outcomes, several: bool
) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Yield each column as claimed and as it comes out; floats are equal if their bits are."""
    yield "status", trial.status, outcomes.labels()
    for name, values in trial.metrics.items():
        yield name, values, plain(outcomes.metrics[name])
    yield "reward", trial.rewards, plain(outcomes.reward)
    if several:
        yield "objectives", trial.objectives, plain(outcomes.objectives)


def _rerun(
    entry: Entry,
    benchmark: Benchmark,
    own: BenchmarkProblem,
    problem: Problem,
    trial: EntryTrial,
) -> list[str]:
    """Let the agent search again; it must improve in the same steps to the same values."""
    agent = registry.make_agent(entry.agent, problem, trial.seed, **entry.hyperparameters)
    result = search(problem, agent, benchmark.budget)
    values = np.concatenate([_objectives(own, record.outcomes) for record in result.records])
    claimed = [trial.evaluations, trial.unique]
    if claimed != [len(values), result.unique]:
        return [f"{_name(trial)}: {claimed} evaluations and unique ones are claimed,"
                f" {[len(values), result.unique]} come out"]  # fmt: skip
    told = np.asarray(trial.objectives if own.reference else trial.rewards)
    differs = [s for s, value in zip(trial.steps, told, strict=True) if np.any(values[s] != value)]
    if differs:
        return [f"{_name(trial)}, step {differs[0]}: the agent finds another value there"]
    return []


def _objectives(own: BenchmarkProblem, outcomes: Outcomes) -> Any:
    return outcomes.objectives if own.reference else outcomes.reward


def _name(trial: EntryTrial) -> str:
    return f"{trial.problem} seed {trial.seed}"


def _values(claimed: Any, comes_out: Any) -> str:
    """Return both values, and by how much they differ."""
    text = f"{claimed!r} is claimed, {comes_out!r} comes out"
    if isinstance(claimed, float) and isinstance(comes_out, float):
        apart = claimed - comes_out
        relative = f", {100 * apart / abs(comes_out):+.3g} %" if comes_out else ""
        text += f" ({apart:+.3g}{relative})"
    return text
