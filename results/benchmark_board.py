"""The board of a benchmark: complete entrants ranked, incomplete ones shown and not averaged.

The score of an entrant is the interquartile mean over all its trials, with its 95 % stratified
bootstrap interval; entrants whose intervals overlap share ranks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from archgym.results.benchmark import Benchmark
from archgym.results.benchmark_scores import Entrant, Scored
from archgym.results.statistics import Floats
from archgym.results.statistics.aggregates import interquartile_mean, mean, median
from archgym.results.statistics.bootstrap import bootstrap_interval
from archgym.results.statistics.improvement import probability_of_improvement
from archgym.results.statistics.ranks import rank_ranges, rank_text

_SOLVED = 1.0 - 1e-12
_COSTS = ("evaluations", "unique_share", "agent_s", "cost_model_s")


def board_rows(benchmark: Benchmark, entrants: Sequence[Entrant]) -> list[dict[str, Any]]:
    """Return one row per entrant, the best first, incomplete ones last without scores."""
    complete = [entrant for entrant in entrants if not entrant.missing(benchmark)]
    pairs = [(_scored_row(benchmark, entrant), entrant) for entrant in complete]
    pairs.sort(key=lambda pair: (-pair[0]["score"], pair[0]["agent"]))
    rows = [row for row, _ in pairs]
    _compare_with_next(benchmark, rows, [entrant for _, entrant in pairs])
    ranks = rank_ranges([(row["low_95"], row["high_95"]) for row in rows])
    for row, rank in zip(rows, ranks, strict=True):
        row["rank"] = rank_text(rank)
    rows += [_row(benchmark, e) for e in entrants if e.missing(benchmark)]
    return [_shown(row, _differing(entrants)) for row in rows]


def score_strata(benchmark: Benchmark, entrant: Entrant) -> list[Floats]:
    """Return the final scores of a complete entrant, one array of seeds per problem."""
    return _strata(entrant.scored(benchmark), "score")


def _strata(scored: Sequence[Sequence[Scored]], name: str) -> list[Floats]:
    return [np.array([getattr(trial, name) for trial in seeds]) for seeds in scored]


def _row(benchmark: Benchmark, entrant: Entrant) -> dict[str, Any]:
    """Return what can be said of any entrant."""
    done = benchmark.trials - len(entrant.missing(benchmark))
    open_columns = (
        "score", "low_95", "high_95", "mean", "median", "solved", "regret", "mean_best",
        "evaluations_to_target", "seconds_to_target", "over_next", *_COSTS,
    )  # fmt: skip
    return {
        "rank": "" if done == benchmark.trials else "incomplete",
        "agent": entrant.agent,
        "hyperparameters": dict(entrant.hyperparameters),
        "trials": f"{done}/{benchmark.trials}",
        **dict.fromkeys(open_columns),
        "agent_version": entrant.agent_version,
        "versions": {name: "/".join(all_) for name, all_ in entrant.versions.items()},
        "source": entrant.source,
        "runs": [entrant.trials[cell].run for cell in sorted(entrant.trials)],
    }


def _scored_row(benchmark: Benchmark, entrant: Entrant) -> dict[str, Any]:
    scored = entrant.scored(benchmark)
    scores = _strata(scored, "score")
    low, high = bootstrap_interval(scores, interquartile_mean)
    costs = [entrant.trials[cell].cost for cell in sorted(entrant.trials)]
    return {
        **_row(benchmark, entrant),
        "score": float(interquartile_mean(scores)),
        "low_95": low,
        "high_95": high,
        "mean": float(mean(scores)),
        "median": float(median(scores)),
        "solved": float(mean([(s >= _SOLVED).astype(np.float64) for s in scores])),
        "regret": float(mean(_strata(scored, "regret"))),
        "mean_best": float(mean(_strata(scored, "mean_best"))),
        "evaluations_to_target": _middle(_strata(scored, "evaluations_to_target")),
        "seconds_to_target": _middle(_strata(scored, "seconds_to_target")),
        **{name: float(np.mean([cost[name] for cost in costs])) for name in _COSTS},
    }


def _middle(strata: Sequence[Floats]) -> float | None:
    """Return the median over all trials, None where half of them never got there."""
    middle = float(np.median(np.concatenate(strata)))
    return middle if np.isfinite(middle) else None


def _compare_with_next(
    benchmark: Benchmark, rows: Sequence[dict[str, Any]], entrants: Sequence[Entrant]
) -> None:
    strata = [score_strata(benchmark, entrant) for entrant in entrants]
    for row, own, following in zip(rows, strata, strata[1:], strict=False):
        row["over_next"] = float(probability_of_improvement(own, following))


def _differing(entrants: Sequence[Entrant]) -> dict[str, set[str]]:
    """Return agent -> the hyper-parameters in which its entrants differ."""
    values: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for entrant in entrants:
        for name, value in entrant.hyperparameters.items():
            values[entrant.agent][name].add(repr(value))
    return {
        agent: {name for name, seen in own.items() if len(seen) > 1}
        for agent, own in values.items()
    }


def _shown(row: dict[str, Any], differing: dict[str, set[str]]) -> dict[str, Any]:
    """Put in front the hyper-parameters that tell entrants of an agent apart."""
    own = {n: v for n, v in row["hyperparameters"].items() if n in differing[row["agent"]]}
    return {
        **row,
        "label": " ".join([row["agent"], *(f"{n}={_short(v)}" for n, v in own.items())]),
    }


def _short(value: Any) -> Any:
    return f"{value:.3g}" if isinstance(value, float) else value
