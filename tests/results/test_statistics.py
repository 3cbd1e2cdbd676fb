"""Statistics against scipy, pymoo and slow, obvious implementations; and what must always hold."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pymoo.indicators.igd import IGD
from scipy import stats

from archgym.results.statistics import Floats
from archgym.results.statistics.aggregates import (
    interquartile_mean,
    mean,
    median,
    optimality_gap,
)
from archgym.results.statistics.bootstrap import bootstrap_interval
from archgym.results.statistics.curves import (
    area_under,
    curve_band,
    curve_on,
    first_reaching,
    improvements,
    mean_best_so_far,
    mean_curve,
)
from archgym.results.statistics.fronts import (
    hypervolume,
    hypervolume_curve,
    inverted_generational_distance,
)
from archgym.results.statistics.improvement import (
    improvement_interval,
    probability_of_improvement,
)
from archgym.results.statistics.normalised import (
    logarithmic_scores,
    normalised_scores,
    regrets,
)
from archgym.results.statistics.profiles import performance_profile, profile_band
from archgym.results.statistics.ranks import rank_ranges, rank_text

FEW = settings(max_examples=40, deadline=None)
numbers = st.integers(-50, 50).map(lambda n: n / 8)  # exact, with many ties


def scores(seeds: int | None = None) -> st.SearchStrategy[Floats]:
    length = st.integers(1, 9) if seeds is None else st.just(seeds)
    return length.flatmap(lambda n: arrays(np.float64, n, elements=numbers))


strata = st.lists(scores(), min_size=1, max_size=5)


# -- aggregates ----------------------------------------------------------------------------------


@FEW
@given(strata)
def test_aggregates_are_those_of_scipy_and_of_their_definition(given_scores: list[Floats]) -> None:
    pooled = np.concatenate(given_scores)
    assert interquartile_mean(given_scores) == pytest.approx(stats.trim_mean(pooled, 0.25))
    means = [sum(values) / len(values) for values in given_scores]
    assert mean(given_scores) == pytest.approx(sum(means) / len(means))
    ordered = sorted(means)
    middle = (ordered[(len(means) - 1) // 2] + ordered[len(means) // 2]) / 2
    assert median(given_scores) == pytest.approx(middle)
    gaps = [sum(max(0.0, 1.0 - v) for v in values) / len(values) for values in given_scores]
    assert optimality_gap(given_scores) == pytest.approx(sum(gaps) / len(gaps))


@FEW
@given(strata)
def test_the_interquartile_mean_lies_between_the_quartiles(given_scores: list[Floats]) -> None:
    low, high = np.percentile(np.concatenate(given_scores), [25, 75])
    assert low - 1e-9 <= interquartile_mean(given_scores) <= high + 1e-9


@pytest.mark.parametrize("aggregate", [mean, median, interquartile_mean])
@FEW
@given(given_scores=strata, scale=st.sampled_from([0.25, 2.0, 8.0]), shift=numbers)
def test_aggregates_and_intervals_move_with_the_scores(
    aggregate: object, given_scores: list[Floats], scale: float, shift: float
) -> None:
    moved = [scale * values + shift for values in given_scores]
    assert aggregate(moved) == pytest.approx(scale * aggregate(given_scores) + shift)  # type: ignore[operator]
    low, high = bootstrap_interval(given_scores, aggregate, resamples=50)  # type: ignore[arg-type]
    moved_low, moved_high = bootstrap_interval(moved, aggregate, resamples=50)  # type: ignore[arg-type]
    assert moved_low == pytest.approx(scale * low + shift, abs=1e-9)
    assert moved_high == pytest.approx(scale * high + shift, abs=1e-9)


# -- bootstrap -----------------------------------------------------------------------------------


@pytest.mark.parametrize("aggregate", [mean, interquartile_mean])
def test_intervals_cover_the_truth_as_often_as_they_say(aggregate: object) -> None:
    """Normal scores of four problems: both aggregates estimate the mean of the levels, 1.5.

    With 16 seeds the percentile interval covers in 90 % to 95 %. 300 experiments have a standard
    error of at most 1.8 %, so these bounds are at least 4 of them away: one false alarm in 10,000.
    """
    rng = np.random.default_rng(7)
    levels, hits = np.array([1.0, 1.25, 1.75, 2.0]), 0
    for _ in range(300):
        drawn = [level + rng.normal(0.0, 0.5, 16) for level in levels]
        low, high = bootstrap_interval(drawn, aggregate, resamples=300)  # type: ignore[arg-type]
        hits += low <= 1.5 <= high
    assert 0.83 <= hits / 300 <= 0.99


def test_the_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=24)
    theirs = stats.bootstrap(
        (values,),
        lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
        method="percentile",
        n_resamples=4_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    ours = bootstrap_interval([values], interquartile_mean)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.1 * (theirs.high - theirs.low))


def test_seeds_are_drawn_within_their_problem() -> None:
    """Two problems of different level, each without spread: a pooled bootstrap would spread."""
    assert bootstrap_interval([np.full(5, 1.0), np.full(3, 9.0)], mean) == (5.0, 5.0)


# -- probability of improvement ------------------------------------------------------------------


@FEW
@given(st.lists(st.tuples(scores(), scores()), min_size=1, max_size=4))
def test_improvement_is_the_mann_whitney_statistic(pairs: list[tuple[Floats, Floats]]) -> None:
    mine, theirs = [x for x, _ in pairs], [y for _, y in pairs]
    expected = [stats.mannwhitneyu(x, y).statistic / (len(x) * len(y)) for x, y in pairs]
    found = probability_of_improvement(mine, theirs)
    assert found == pytest.approx(np.mean(expected))
    assert found + probability_of_improvement(theirs, mine) == pytest.approx(1.0)
    assert probability_of_improvement(mine, mine) == 0.5
    low, high = improvement_interval(mine, theirs, resamples=50)
    assert 0.0 <= low <= high <= 1.0


# -- profiles ------------------------------------------------------------------------------------


@FEW
@given(strata, arrays(np.float64, 6, elements=numbers))
def test_profiles_count_the_runs_above(given_scores: list[Floats], thresholds: Floats) -> None:
    profile = performance_profile(given_scores, thresholds)
    for threshold, share in zip(thresholds, profile, strict=True):
        counted = [sum(v > threshold for v in values) / len(values) for values in given_scores]
        assert share == pytest.approx(sum(counted) / len(counted))
    ordered = performance_profile(given_scores, np.sort(thresholds))
    assert (np.diff(ordered) <= 1e-12).all()


def test_the_band_of_a_profile_is_the_bootstrap_of_each_share() -> None:
    given_scores = [np.random.default_rng(s).normal(size=12) for s in range(3)]
    thresholds = np.array([-0.5, 0.0, 0.7])
    low, high = profile_band(given_scores, thresholds)
    for at, threshold in enumerate(thresholds):
        above = [(values > threshold).astype(np.float64) for values in given_scores]
        expected = bootstrap_interval(above, mean)
        assert (low[at], high[at]) == pytest.approx(expected, abs=0.03)


# -- curves --------------------------------------------------------------------------------------


@FEW
@given(scores(), numbers)
def test_curves_are_the_running_maximum(rewards: Floats, target: float) -> None:
    best = [max(rewards[: n + 1]) for n in range(len(rewards))]
    rows = improvements(rewards)
    at, values = rows + 1.0, rewards[rows]
    start = -99.0
    grid = np.arange(len(rewards) + 1.0)
    assert curve_on(at, values, grid, start).tolist() == [start, *best]
    assert mean_best_so_far(at, values, len(rewards)) == pytest.approx(np.mean(best))
    expected = next((n for n, value in enumerate(best, start=1) if value >= target), np.inf)
    assert first_reaching(at, values, target) == expected


def test_the_area_is_that_of_a_fine_sum() -> None:
    at, values = np.array([0.5, 1.25, 3.0, 9.0]), np.array([0.1, 0.4, 0.7, 5.0])
    grid = (np.arange(40_000) + 0.5) / 10_000  # middles of small intervals up to 4
    assert area_under(at, values, 4.0) == pytest.approx(curve_on(at, values, grid).mean())


def test_nothing_found_is_worth_the_start() -> None:
    nothing = np.empty(0)
    assert area_under(nothing, nothing, 5.0, start=0.25) == 0.25
    assert curve_on(nothing, nothing, np.array([3.0]), start=0.25).tolist() == [0.25]
    assert first_reaching(nothing, nothing, 0.0) == np.inf


def test_the_band_of_a_curve_is_the_bootstrap_of_each_position() -> None:
    curves = [np.sort(np.random.default_rng(s).random((10, 4)), axis=1) for s in range(3)]
    low, high = curve_band(curves)
    middle = mean_curve(curves)
    for column in range(4):
        each = [rows[:, column] for rows in curves]
        assert middle[column] == pytest.approx(float(mean(each)))
        assert (low[column], high[column]) == pytest.approx(
            bootstrap_interval(each, mean), abs=0.01
        )


# -- fronts --------------------------------------------------------------------------------------

fronts = st.integers(2, 4).flatmap(
    lambda k: arrays(np.float64, st.tuples(st.integers(1, 6), st.just(k)), elements=numbers)
)


def volume_by_inclusion_and_exclusion(points: Floats, reference: Floats) -> float:
    """Return the volume of a union of boxes, subset by subset."""
    sides = np.maximum(points - reference, 0.0)
    total = 0.0
    for size in range(1, len(sides) + 1):
        for chosen in itertools.combinations(sides, size):
            total += (-1.0) ** (size + 1) * float(np.prod(np.min(chosen, axis=0)))
    return total


@FEW
@given(fronts)
def test_hypervolume_is_that_of_the_union_of_boxes(points: Floats) -> None:
    reference = np.full(points.shape[1], -1.0)
    expected = volume_by_inclusion_and_exclusion(points, reference)
    assert hypervolume(points, reference) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@FEW
@given(fronts)
def test_the_curve_of_hypervolume_is_that_of_every_beginning(points: Floats) -> None:
    reference = np.full(points.shape[1], -1.0)
    at, values = hypervolume_curve(points, reference)
    assert (np.diff(values) > 0).all()
    grid = np.arange(1.0, len(points) + 1)
    expected = [hypervolume(points[: int(n)], reference) for n in grid]
    assert curve_on(at, values, grid) == pytest.approx(np.array(expected), rel=1e-9, abs=1e-9)


@FEW
@given(fronts)
def test_distance_to_the_front_is_that_of_pymoo(points: Floats) -> None:
    front = np.random.default_rng(0).random((7, points.shape[1]))
    expected = IGD(front)(points)
    assert inverted_generational_distance(points, front) == pytest.approx(expected)
    assert inverted_generational_distance(front, front) == 0.0
    assert inverted_generational_distance(points[:0], front) == np.inf


# -- ranks and scales ----------------------------------------------------------------------------


@FEW
@given(st.lists(st.tuples(numbers, numbers).map(sorted), min_size=1, max_size=8))
def test_ranks_tie_exactly_where_intervals_overlap(intervals: Sequence[list[float]]) -> None:
    bounds = [(low, high) for low, high in intervals]
    ranks = rank_ranges(bounds)
    for (low, high), (best, worst) in zip(bounds, ranks, strict=True):
        assert best == 1 + sum(other > high for other, _ in bounds)
        assert worst == len(bounds) - sum(other < low for _, other in bounds)
        assert 1 <= best <= worst <= len(bounds)
    for one, other in itertools.combinations(range(len(bounds)), 2):
        if bounds[one][0] > bounds[other][1]:
            assert ranks[one] < ranks[other]


def test_ranks_read_as_in_a_table() -> None:
    ranks = rank_ranges([(0.8, 0.9), (0.5, 0.7), (0.6, 0.75), (0.1, 0.2)])
    assert [rank_text(rank) for rank in ranks] == ["1", "2-3", "2-3", "4"]
    assert rank_ranges([]) == []


def test_scores_count_from_the_default_design_to_the_best() -> None:
    found = normalised_scores(np.array([-0.5, 1.0, 1.5, 2.0, 2.5]), best=2.0)
    assert found.tolist() == [0.0, 0.0, 0.5, 1.0, 1.5]
    assert regrets(np.array([1.0, 2.0]), best=2.0).tolist() == [0.5, 0.0]
    with pytest.raises(ValueError, match="does not exceed"):
        normalised_scores(np.array([1.0]), best=1.0)


def test_logarithmic_scores_count_orders_of_magnitude() -> None:
    found = logarithmic_scores(np.array([-1.0, 1.0, 10.0, 100.0, 1e4]), best=1e4)
    assert found == pytest.approx([0.0, 0.0, 0.25, 0.5, 1.0])


# -- speed ---------------------------------------------------------------------------------------


def test_a_study_of_21600_runs_takes_seconds() -> None:
    """120 configurations on 12 problems with 15 seeds: 0.45 s of CPU on one core."""
    rng = np.random.default_rng(0)
    runs = rng.random((120, 12, 15))
    started = time.process_time()
    for agent in runs:
        bootstrap_interval(list(agent), interquartile_mean)
    assert time.process_time() - started < 5.0
