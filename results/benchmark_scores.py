"""What one trial of a benchmark is worth: its scores, evaluation by evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.results.benchmark import Benchmark, BenchmarkProblem
from archgym.results.statistics import Floats
from archgym.results.statistics.curves import first_reaching, improvements, mean_best_so_far
from archgym.results.statistics.fronts import hypervolume_curve
from archgym.results.statistics.normalised import logarithmic_scores, normalised_scores


@dataclass(frozen=True)
class Trial:
    """A finished trial, as far as scores need it.

    Attributes:
        run: Its id in the store where it was made.
        evaluations: Evaluations spent.
        unique: Different designs among them.
        agent_s: Seconds spent in the agent.
        cost_model_s: Seconds spent in the cost model.
        count: How many evaluations were spent at each row given, ascending, from 1.
        seconds: Seconds of agent and cost model by then.
        values: The reward of each row, shape (rows,), or with several objectives all of them,
            shape (rows, objectives).
    """

    run: str
    evaluations: int
    unique: int
    agent_s: float
    cost_model_s: float
    count: Floats
    seconds: Floats
    values: Floats

    @property
    def cost(self) -> dict[str, float]:
        """What the trial spent."""
        return {
            "evaluations": float(self.evaluations),
            "unique_share": self.unique / max(self.evaluations, 1),
            "agent_s": self.agent_s,
            "cost_model_s": self.cost_model_s,
        }


@dataclass(frozen=True)
class Scored:
    """The scores of one trial.

    Attributes:
        score: In the end, see `scores_of`.
        regret: 1 - found / best, in rewards or hypervolumes.
        mean_best: Mean over the evaluations of the budget of the best score by then.
        evaluations_to_target: Until the benchmark's target score, infinity if never.
        seconds_to_target: The same in seconds of agent and cost model.
    """

    score: float
    regret: float
    mean_best: float
    evaluations_to_target: float
    seconds_to_target: float


def curve_of(problem: BenchmarkProblem, trial: Trial) -> tuple[Floats, Floats, Floats]:
    """Return the steps of the best so far: evaluations, seconds, rewards or hypervolumes."""
    if problem.reference:
        count, values = hypervolume_curve(trial.values, np.asarray(problem.reference))
        rows = count.astype(np.int64) - 1
        return trial.count[rows], trial.seconds[rows], values
    rows = improvements(trial.values)
    return trial.count[rows], trial.seconds[rows], trial.values[rows]


def scores_of(benchmark: Benchmark, problem: BenchmarkProblem, values: Floats) -> Floats:
    """Return the scores of rewards or hypervolumes.

    0 is no better than the default design, 1 the problem's best; beyond a target nothing is
    gained, while a best that is only known may be beaten.
    """
    default = 0.0 if problem.reference else 1.0
    scale = logarithmic_scores if benchmark.scale == "logarithmic" else normalised_scores
    scores = scale(values, problem.best, default)
    return np.minimum(scores, 1.0) if problem.best_is == "target" else scores


def score_trial(benchmark: Benchmark, problem: BenchmarkProblem, trial: Trial) -> Scored:
    """Return the scores of a trial."""
    count, seconds, values = curve_of(problem, trial)
    scores = scores_of(benchmark, problem, values)
    found = float(values[-1]) if len(values) else 0.0
    return Scored(
        score=float(scores[-1]) if len(scores) else 0.0,
        regret=1.0 - found / problem.best,
        mean_best=mean_best_so_far(count, scores, benchmark.budget),
        evaluations_to_target=first_reaching(count, scores, benchmark.target),
        seconds_to_target=first_reaching(seconds, scores, benchmark.target),
    )


@dataclass(frozen=True)
class Entrant:
    """An agent with one set of hyper-parameters, and its trials of a benchmark.

    Attributes:
        agent: Name in the registry.
        agent_version: Its version.
        hyperparameters: All of them.
        trials: (place of the problem, seed) -> the trial, for those that are finished.
        versions: Library -> the versions of it that the trials were made with.
        source: Where it comes from: a store or an entry.
    """

    agent: str
    agent_version: str
    hyperparameters: Mapping[str, Any]
    trials: Mapping[tuple[int, int], Trial]
    versions: Mapping[str, Sequence[str]]
    source: str = ""

    def missing(self, benchmark: Benchmark) -> list[tuple[int, int]]:
        """Return the trials that are not there."""
        wanted = [(p, s) for p in range(len(benchmark.problems)) for s in range(benchmark.seeds)]
        return [cell for cell in wanted if cell not in self.trials]

    def scored(self, benchmark: Benchmark) -> list[list[Scored]]:
        """Return the scores of a complete entrant: one list per problem, one entry per seed."""
        return [
            [
                score_trial(benchmark, problem, self.trials[at, seed])
                for seed in range(benchmark.seeds)
            ]
            for at, problem in enumerate(benchmark.problems)
        ]
