"""The string kernel against brute force, its process against plain algebra, and the search."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from archgym import Categorical, Real, Sequence
from archgym.agents.boils import BoilsAgent
from archgym.agents.subsequences import (
    PADDING,
    own_subsequences,
    shared_subsequences,
    words_of,
)
from archgym.agents.word_kernel import Shape, WordKernel
from archgym.agents.word_process import WordProcess
from archgym.space import DesignSpace
from tests.agents.searches import codes_of, problem_of, records_of, rewards_of

WORD = Sequence("word", ("a", "b", "c"), 7, min_length=0)
SHAPE = Shape(length=3, match=0.6, gap=0.7, ordered=0.3, unordered=0.5, noise=0.01)


def brute_force(left: str, right: str, gap: float, length: int) -> float:
    """Pick positions out of both words in every way."""
    total = 0.0
    for mine in itertools.combinations(range(len(left)), length):
        for other in itertools.combinations(range(len(right)), length):
            if [left[i] for i in mine] == [right[i] for i in other]:
                skipped = sum(picked[-1] - picked[0] + 1 - length for picked in (mine, other))
                total += gap**skipped
    return total


def padded(*words: str) -> Any:
    codes = DesignSpace([WORD]).encode([{"word": " ".join(word)} for word in words]).codes
    return words_of(DesignSpace([WORD]), WORD, codes)


@pytest.mark.parametrize("gap", [0.0, 0.4, 1.0])
def test_shared_subsequences_are_those_that_brute_force_finds(gap: float) -> None:
    left, right = ("abcabca", "", "a", "bcb"), ("cabbage"[:4], "abcabca", "", "ccc", "ba")
    found = shared_subsequences(padded(*left), padded(*right), gap, 4)
    for (i, mine), (j, other) in itertools.product(enumerate(left), enumerate(right)):
        wanted = [brute_force(mine, other, gap, length) for length in range(1, 5)]
        assert found[i, j] == pytest.approx(wanted)
    alone = own_subsequences(padded(*left), gap, 4)
    assert alone == pytest.approx(
        np.diagonal(shared_subsequences(padded(*left), padded(*left), gap, 4), axis1=0, axis2=1).T
    )


def test_words_are_padded_behind_their_end() -> None:
    assert padded("ba").tolist() == [[1, 0, *[PADDING] * 5]]


def test_the_kernel_is_the_product_of_its_parts() -> None:
    space = DesignSpace([WORD, Real("x", 0.0, 2.0), Categorical("c", (1, 2, 3))])
    designs = [{"word": "a b c", "x": 0.5, "c": 1}, {"word": "a c", "x": 1.0, "c": 2}]
    kernel = WordKernel(space, 3)
    seen = kernel.features(space.encode(designs).codes)
    found = kernel.compare(seen, seen, SHAPE.gap, kernel.own(seen, SHAPE.gap)).kernel(SHAPE)

    def words(left: str, right: str) -> float:
        return sum(0.6 ** (2 * m) * brute_force(left, right, 0.7, m) for m in (1, 2, 3))

    apart = math.sqrt(5.0) * 0.25 / 0.3
    wanted = words("abc", "ac") / math.sqrt(words("abc", "abc") * words("ac", "ac"))
    wanted *= (1 + apart + apart**2 / 3) * math.exp(-apart) * math.exp(-1.0 / 0.5)
    assert found == pytest.approx(np.array([[1.0, wanted], [wanted, 1.0]]))


def test_kernels_are_positive_and_the_empty_word_is_like_itself_alone() -> None:
    space = DesignSpace([WORD])
    codes = space.canonical(space.sample(np.random.default_rng(1), 40).codes)
    codes[:2] = 0
    kernel = WordKernel(space, 4)
    seen = kernel.features(codes)
    gram = kernel.compare(seen, seen, 0.9, kernel.own(seen, 0.9)).kernel(SHAPE)
    assert np.diag(gram) == pytest.approx(np.ones(40))
    assert np.linalg.eigvalsh(gram).min() > -1e-9
    empty = codes[:, 0] == 0
    assert (gram[0] == empty).all()


def trained(count: int) -> tuple[WordProcess, Any, Any]:
    space = DesignSpace([Sequence("word", tuple("abcd"), 8, min_length=8)])
    codes = space.sample(np.random.default_rng(0), count).codes
    values = (codes == 1).sum(axis=1) + 2.0 * ((codes[:, :-1] == 2) & (codes[:, 1:] == 3)).sum(1)
    process = WordProcess(space, 4)
    for end in (count // 2, count):
        process.train(codes[:end], values[:end])
    return process, codes, values


def test_the_process_predicts_what_plain_algebra_predicts() -> None:
    process, codes, values = trained(30)
    kernel, shape = process.kernel, process.shape
    seen = kernel.features(codes)
    gram = kernel.compare(seen, seen, shape.gap, kernel.own(seen, shape.gap)).kernel(shape)
    known, new = gram[:20, :20] + shape.noise * np.eye(20), gram[20:, :20]
    process.train(codes[:20], values[:20])
    process.shape = shape
    scaled = (values[:20] - values[:20].mean()) / values[:20].std()
    likelihood, factor, variance = process._fit(shape)
    process._factor, process._variance = factor, variance
    process._inverse = np.linalg.inv(known)
    mean, deviation = process.predict(codes[20:])
    assert mean == pytest.approx(new @ np.linalg.solve(known, scaled))
    explained = np.diag(new @ np.linalg.solve(known, new.T))
    assert deviation**2 == pytest.approx(variance * (1.0 - explained))
    density = multivariate_normal(np.zeros(20), variance * known).logpdf(scaled)
    assert likelihood == pytest.approx(density + 10 * math.log(2 * math.pi) + 10)
    best = 0.5
    drawn = np.random.default_rng(3).normal(mean[0], deviation[0], 400_000)
    gain = process.expected_improvement(codes[20:21], best)[0]
    # Six standard deviations of the sample's mean.
    assert gain == pytest.approx(np.maximum(drawn - best, 0).mean(), abs=6 * deviation[0] / 632)
    assert gain == pytest.approx(
        (mean[0] - best) * norm.cdf((mean[0] - best) / deviation[0])
        + deviation[0] * norm.pdf((mean[0] - best) / deviation[0])
    )


def test_no_step_along_a_ladder_makes_the_designs_more_likely() -> None:
    process, _, _ = trained(40)
    best = process._fit(process.shape)[0]
    beside = [shape for name in process.ladders for shape in process._beside(name)]
    assert all(process._fit(shape)[0] <= best for shape in beside)


def test_designs_that_come_later_are_compared_as_if_they_had_been_known() -> None:
    process, codes, values = trained(24)
    anew = WordProcess(process.kernel.space, 4)
    anew.shape = process.shape
    anew.train(codes, values)
    gap = process.shape.gap
    (mine, left, right), (other, *_) = (p._comparison(gap).shared[0] for p in (process, anew))
    assert mine == pytest.approx(other)
    assert left == pytest.approx(right)


def test_designs_of_a_region_differ_from_its_centre_in_few_axes() -> None:
    problem = problem_of(
        Sequence("word", tuple("abcdefg"), 12, min_length=12),
        function=lambda batch: 1.0 + (batch.codes == 3).sum(axis=1),
    )
    agent = BoilsAgent(problem, 0, startup=4, walks=6, steps=5)
    for _ in range(12):
        batch = agent.ask(1)
        if agent._centre is not None and agent._told >= 4:
            assert (batch.codes != agent._centre).sum() <= agent._radius
        agent.tell(batch, problem.outcomes(batch))
    agent._region.length = 0.25
    apart = (agent._starts() != agent._centre).sum(axis=1)
    assert apart.max() <= 3
    agent._region.length = 0.05
    agent.ask(1)
    assert agent._centre is None


def test_finds_better_words_than_random_search() -> None:
    """Pairs of symbols anywhere in the word count, which is what sub-sequences see."""

    def score(batch: Any) -> Any:
        word = batch.codes
        pairs = (word[:, :-1] == 2) & (word[:, 1:] == 3)
        return 1.0 + pairs.sum(axis=1) + 0.5 * (word == 4).sum(axis=1)

    problem = problem_of(Sequence("word", tuple("abcdefg"), 10, min_length=10), function=score)
    drawn = problem.outcomes(problem.space.sample(np.random.default_rng(0), 200)).reward.max()
    for seed in range(2):
        records = records_of(BoilsAgent(problem, seed, walks=8, steps=15), 50)
        assert rewards_of(records).max() > drawn
        assert len(np.unique(codes_of(records), axis=0)) == 50
