"""The default design on surrogates has what it truly costs, and rewards compare with that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("safetensors", reason="needs the extra surrogates")

from archgym.batch import Batch
from archgym.cost_models.learned.defaults import true_defaults
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import OUTSIDE, surrogate_of
from archgym.cost_models.learned.rows import Rows
from archgym.errors import MissingExtraError, SettingError
from archgym.outcome import Measurements, Status
from tests.cost_models.learned.sized import SIZED, SizedModel, all_rows, mixed_rows, problems_of

QUICK = {"rounds": 150}


def learnt(problems, rows, **changes):
    return learn(
        problems[0], rows, "boosted_trees", settings=QUICK, defaults=true_defaults(problems, rows)
    ).with_card(**changes)


def test_a_default_design_off_the_grid_has_what_it_truly_costs(tmp_path):
    problem = SIZED.make_problem("middle")
    model = learnt([problem], all_rows(problem))
    model.save(tmp_path / "one")
    guessed = replace(problem, cost_model=surrogate_of(tmp_path / "one", problem))
    true = problem.outcomes(problem.space.default)
    told = guessed.outcomes(problem.space.default)
    assert told.metrics["time_s"] == true.metrics["time_s"]
    assert told.reward == true.reward == 1.0
    many = all_rows(problem).batch
    ratio = guessed.outcomes(many).reward / problem.outcomes(many).reward
    assert np.median(np.abs(ratio - 1.0)) < 0.1
    assert model.card.evaluations == 49
    several = Batch(many.space, np.concatenate([problem.space.default.codes, many.codes[:2]]))
    wide = problem.space.encode([{"width": 30}])
    batch = Batch(many.space, np.concatenate([several.codes, wide.codes]))
    assert guessed.outcomes(batch).status.tolist() == [0, 0, 0, Status.CRASHED]


def test_of_several_workloads_each_has_its_own():
    problems = problems_of(SIZED)
    model = learnt(problems, mixed_rows(SIZED))
    assert model.card.evaluations == 3 * 48 + 3
    for problem in problems:
        true = problem.default_measured.metrics["time_s"]
        assert model.at(problem).evaluate(problem.space.default, None).metrics["time_s"] == true
    unseen = SIZED.make_problem("between")
    with pytest.raises(SettingError, match="what the default design truly costs"):
        _ = replace(unseen, cost_model=model.at(unseen)).reference


def test_a_default_design_among_the_rows_is_not_evaluated_again():
    problem = SIZED.make_problem()
    rows = all_rows(problem)
    codes = np.concatenate([rows.batch.codes, problem.space.default.codes])
    with_it = Rows.of(Batch(problem.space, codes), problem.measure(Batch(problem.space, codes)))
    before = SizedModel.asked
    found = true_defaults([problem], with_it)
    assert SizedModel.asked == before
    assert found.evaluations == 0
    assert found.measured["small"].metrics["time_s"] == problem.default_measured.metrics["time_s"]
    assert true_defaults([problem], rows).evaluations == 1


def test_only_what_was_learnt_is_said_and_absence_is_kept(tmp_path):
    problem = SIZED.make_problem()
    rows = all_rows(problem)
    absent = Measurements.of({"time_s": [2.0], "gain": [np.nan]}, [0.5])
    defaults = replace(true_defaults([problem], rows), measured={"small": absent})
    for metrics in (["time_s"], ["gain", "time_s"]):
        model = learn(problem, rows, "boosted_trees", metrics, settings=QUICK, defaults=defaults)
        model.save(tmp_path / "one")
        told = surrogate_of(tmp_path / "one", problem).evaluate(problem.space.default, None)
        assert told.metrics["time_s"] == 2.0
        assert np.isnan(told.metrics["gain"])
        assert told.violation == 0.5


def test_a_default_design_that_cannot_be_measured_is_told_and_left_out():
    def absent(batch, workload):
        raise MissingExtraError("the tool", "analog")

    problem = SIZED.make_problem()
    rows = all_rows(problem)
    problem.cost_model.evaluate = absent
    found = true_defaults([problem], rows)
    assert not found.measured
    assert "archgym[analog]" in found.failed["small"]
    model = learn(problem, rows, "boosted_trees", settings=QUICK, defaults=found)
    told = model.evaluate(problem.space.default, None)
    assert told.status == Status.CRASHED
    assert told.error[0].startswith(OUTSIDE)


def test_nothing_is_evaluated_by_learning_itself():
    problem = SIZED.make_problem()
    rows, before = all_rows(problem), SizedModel.asked
    before = SizedModel.asked
    model = learn(problem, rows, "boosted_trees", settings=QUICK)
    assert SizedModel.asked == before
    assert model.card.defaults == {}
    assert model.card.evaluations == len(rows)
