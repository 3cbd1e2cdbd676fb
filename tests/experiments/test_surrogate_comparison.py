"""Surrogates compared: nothing of what is scored on is seen by what learns."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("safetensors", reason="needs the extra surrogates")

from archgym.cost_models.learned import learning
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.regressor import KINDS, find_kind
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.experiments import surrogate_tuning as tuning
from archgym.experiments.surrogate_comparison import averaged, compared, contenders
from archgym.experiments.surrogate_curves import curve_lessons
from archgym.experiments.surrogate_datasets import Lesson
from archgym.registry import make_problem
from archgym.torch_session import torch_session

SEED = 3


@pytest.fixture(scope="module")
def problem():
    return make_problem("functions", workload="rastrigin")


@pytest.fixture(scope="module")
def rows(problem):
    batch = problem.space.sample(np.random.default_rng(0), 200)
    return Rows.of(batch, problem.measure(batch))


def shifted(rows):
    """The same designs with metrics that lie."""
    return replace(rows, metrics={name: 7.0 * v + 1.0 for name, v in rows.metrics.items()})


def told(problem, taught, test, kind, trials):
    tuner = tuning.Tuner(problem, kind, None, {}, trials, SEED) if trials else None
    with torch_session():
        return learn(problem, taught, kind, seed=SEED, test=test, tune=tuner)


@pytest.mark.parametrize(("kind", "trials"), [("boosted_trees", 2), ("gp", 0), ("nearest", 0)])
def test_what_is_scored_on_changes_nothing_that_is_learnt(problem, rows, kind, trials):
    taught, test = rows.split(np.random.default_rng(1), 0.3)
    honest, planted = (told(problem, taught, one, kind, trials) for one in (test, shifted(test)))
    assert honest.card.scores != planted.card.scores
    assert replace(honest.card, scores={}) == replace(planted.card, scores={})
    said = [model.beliefs_of(test) for model in (honest, planted)]
    for name in ("mean", "sigma", "present", "feasible"):
        assert np.array_equal(*(getattr(one, name) for one in said)), name


def test_tuning_sees_no_row_but_those_that_are_learnt(problem, rows):
    """Rows that calibrate and rows that are scored on are both kept from it."""
    seen = []

    def spy(given):
        seen.extend(given.batch.keys())
        return {"values": {"rounds": 3}}

    model = learn(problem, rows, "boosted_trees", seed=SEED, tune=spy)
    assert len(set(seen)) == len(seen) == model.card.rows == round(0.8 * len(rows))
    assert model.card.regressor["rounds"] == 3
    assert model.card.tuning == {"values": {"rounds": 3}}


def test_folds_share_the_designs_and_keep_those_of_one_together(rows):
    twice = rows.select(np.repeat(np.arange(50), 2))
    folds = list(tuning._folds(twice, SEED))
    tests = [set(test.batch.keys()) for _, test in folds]
    assert sum(len(test) for _, test in folds) == len(twice)
    assert not any(a & b for a, b in itertools.combinations(tests, 2))
    for (taught, _), test in zip(folds, tests, strict=True):
        assert not test & set(taught.batch.keys())
    with pytest.raises(NothingToLearnError, match="are needed"):
        next(tuning._folds(rows.select(np.arange(9)), SEED))


def test_tuning_is_never_worse_than_what_is_given_and_repeats_itself(problem, rows):
    bad = {"learning_rate": 0.9}
    tuner = tuning.Tuner(problem, "boosted_trees", None, bad, 4, SEED)
    one, two = tuner(rows), tuner(rows)
    assert one == two
    assert "learning_rate" not in one["searched"]
    tried = tuner._error(one["values"], list(tuning._folds(rows, SEED)))
    assert one["error"] == tried <= one["default_error"]


def test_ranges_are_of_settings_that_are_there_and_hold_the_defaults():
    for kind, ranges in tuning._ranges().items():
        defaults = find_kind(kind)().settings
        for name, domain in tuning.domains_of_kind(kind, {}).items():
            allowed = domain.values or (domain.low, domain.high)
            assert min(allowed) <= defaults[name] <= max(allowed), (kind, name)
            find_kind(kind)({name: allowed[0]})
        assert ranges.keys() <= defaults.keys()
    assert tuning._ranges().keys() <= KINDS.keys()


def test_what_diverges_is_never_chosen(problem, rows, monkeypatch):
    real, usual = learning.scores, find_kind("boosted_trees")().settings

    def diverging(model, rows):
        found = real(model, rows)
        if model.card.regressor == usual:
            return found
        return {name: {**score, "mae": None} for name, score in found.items()}

    monkeypatch.setattr(learning, "scores", diverging)
    found = tuning.Tuner(problem, "boosted_trees", None, {}, 2, SEED)(rows)
    assert found["values"] == {}
    assert found["error"] == found["default_error"] < math.inf


def test_lessons_of_a_curve_are_nested_and_scored_on_the_same_other_rows(rows):
    lessons = list(curve_lessons(rows, (20, 50, 160), (7, 8), kept_out_by=1))
    assert [seed for seed, _ in lessons] == [7] * 3 + [8] * 3
    tests = {tuple(lesson.test.batch.keys()) for _, lesson in lessons}
    assert len(tests) == 1
    taught = [set(lesson.taught.batch.keys()) for _, lesson in lessons]
    assert [len(some) for some in taught] == [20, 50, 160] * 2
    assert taught[0] < taught[1] < taught[2] == taught[5]
    assert taught[0] != taught[3]
    assert not any(some & set(next(iter(tests))) for some in taught)


def test_baselines_are_the_geometric_mean_and_the_nearest_design(problem, rows):
    taught, test = rows.split(np.random.default_rng(2), 0.3)
    mean, nearest = (told(problem, taught, test, kind, 0) for kind in ("mean", "nearest"))
    learnt, _ = taught.split(np.random.default_rng(SEED), 0.1)
    (name,) = mean.scales.names
    known = learnt.metrics[name]
    guessed = mean.scales.restore(mean.beliefs_of(test).mean)[name]
    assert guessed == pytest.approx(math.exp(np.log(known).mean()))
    places = [nearest.encoding.inputs(one.batch)[:, :, 0] for one in (learnt, test)]
    guessed = nearest.scales.restore(nearest.beliefs_of(test).mean)[name]
    for row, said in zip(places[1], guessed, strict=True):
        far = [math.dist(row, other) for other in places[0]]
        close = [v for v, d in zip(known, far, strict=True) if d <= min(far) + 1e-12]
        assert any(said == pytest.approx(value) for value in close)


def test_rows_of_several_seeds_become_their_mean_and_deviation():
    of = {"left_out": "", "taught": 5, "kind": "gp", "metric": "power_w"}
    rows = [{**of, "tau": tau, "found": None, "rows": 9} for tau in (0.5, None, 0.9)]
    assert averaged(rows[:1]) == rows[:1]
    (found,) = averaged(rows)
    assert found["tau"] == pytest.approx(0.7)
    assert found["tau_sd"] == pytest.approx(0.4 / math.sqrt(2.0))
    assert (found["found"], found["found_sd"], found["rows"]) == (None, None, 9)


def test_all_contenders_learn_and_are_scored_on_the_same_rows(problem, rows):
    lesson = Lesson("", *rows.split(np.random.default_rng(0), 0.2))
    heard = []
    with torch_session():
        table = compared(
            problem,
            [(0, lesson), (1, lesson)],
            contenders(["boosted_trees"], {"rounds": 4}),
            None,
            lambda done, of: heard.append((done, of)),
        )
    assert [row["kind"] for row in table] == ["mean", "nearest", "boosted_trees"] * 2
    assert {(row["taught"], row["rows"]) for row in table} == {(160, 40)}
    assert heard == [(n, 6) for n in range(1, 7)]
