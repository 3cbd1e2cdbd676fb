"""Surrogates of several workloads: what tells them apart, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("safetensors", reason="needs the extra rl")

import archgym
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import surrogate_of
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.scoring import scores
from archgym.errors import SettingError
from archgym.torch_session import torch_session
from tests.cost_models.learned.sized import (
    NAMED,
    SIZED,
    SIZES,
    all_rows,
    mixed_rows,
    problems_of,
)

QUICK = {
    "boosted_trees": {"rounds": 150},
    "random_forest": {"rounds": 30},
    "ensemble": {"width": 32, "fewest_steps": 400, "epochs": 1},
    "gp": {"iterations": 15},
    "transformer": {"width": 16, "layers": 1, "heads": 2, "epochs": 1, "fewest_steps": 300},
}


def learnt(environment, kind="boosted_trees", names=tuple(SIZES)):
    rows = mixed_rows(environment, names)
    with torch_session():
        return learn(environment.make_problem(names[0]), rows, kind, settings=QUICK[kind])


def error(model, problem):
    """Return the mean relative error of the time of all designs."""
    rows = all_rows(problem)
    with torch_session():
        told = model.at(problem).evaluate(rows.batch, None).metrics["time_s"]
    return float(np.abs(told / rows.metrics["time_s"] - 1.0).mean())


@pytest.mark.parametrize("environment", [SIZED, NAMED])
@pytest.mark.parametrize("kind", QUICK)
def test_every_kind_tells_workloads_apart_and_says_the_same_once_saved(
    kind, environment, tmp_path
):
    model = learnt(environment, kind)
    model.save(tmp_path / "mixed")
    for problem in problems_of(environment):
        assert error(model, problem) < 0.4
        batch = all_rows(problem).batch
        with torch_session():
            again, before = surrogate_of(tmp_path / "mixed", problem), model.at(problem)
            told = again.evaluate(batch, None).metrics["time_s"]
            assert np.array_equal(told, before.evaluate(batch, None).metrics["time_s"])
            alone = again.evaluate(batch.select([7]), None).metrics["time_s"]
        assert alone[0] == told[7]
    assert set(model.card.workloads) == set(SIZES)
    assert model.card.workload == ""


def test_features_are_scaled_on_what_is_learnt_and_what_is_the_same_is_left_out():
    rows = mixed_rows(SIZED)
    (axis,) = rows.workloads.axes()
    assert (axis.name, axis.low, axis.high, axis.log) == ("size", 10.0, 1000.0, True)
    small = rows.select(np.flatnonzero(rows.workloads.of_row < 2))
    assert small.workloads.axes()[0].high == 100.0
    assert small.select(np.arange(len(small)) < 48).workloads.axes() == ()
    assert rows.context([axis])[[0, 50, 100], 0].tolist() == [10.0, 100.0, 1000.0]
    assert all_rows(SIZED.make_problem()).context(()).shape == (48, 0)


def test_a_workload_that_was_not_learnt_can_be_asked_if_it_has_features(tmp_path):
    model = learnt(SIZED, "ensemble")
    between = SIZED.make_problem("between")
    assert error(model, between) < 0.6
    batch = between.space.encode([{"width": 3}, {}])
    unseen, default = model.at(between).remarks(batch)["warning"]
    assert unseen == "workload 'between' was not learnt"
    huge = replace(SIZED, load_workload=lambda name, settings: 1e6)
    (text,) = model.at(huge.make_problem("huge")).remarks(batch.select([0]))["warning"]
    assert text == "workload 'huge' was not learnt (outside what was: size)"
    assert default == ""  # which lies off the grid, so that it counts as crashed
    assert model.at(SIZED.make_problem("small")).remarks(batch)["warning"] == ["", ""]
    with pytest.raises(SettingError, match="small, middle, large, not between"):
        learnt(NAMED).at(NAMED.make_problem("between"))


def test_a_name_that_was_learnt_with_other_features_counts_as_another_workload():
    model = learnt(SIZED)
    grown = replace(SIZED, load_workload=lambda name, settings: 2.0 * SIZES[name])
    asked = model.at(grown.make_problem("small")).asked
    assert (asked.name, asked.learnt) == ("small", False)
    other = replace(SIZED, workload_features=lambda size: {"width": size})
    with pytest.raises(SettingError, match="other features"):
        model.at(other.make_problem("small"))


def test_of_several_workloads_one_must_be_chosen():
    model = learnt(SIZED)
    with pytest.raises(SettingError, match="several workloads"):
        model.evaluate(SIZED.make_problem().space.default, None)


def test_all_rows_of_a_design_are_learnt_or_kept_out_together():
    rows = mixed_rows(SIZED)
    learnt_rows, kept = rows.split(np.random.default_rng(0), 0.25)
    assert (len(learnt_rows), len(kept)) == (108, 36)
    assert not set(learnt_rows.batch.keys()) & set(kept.batch.keys())
    alone = all_rows(SIZED.make_problem())
    order = np.random.default_rng(0).permutation(48)
    first, second = alone.split(np.random.default_rng(0), 0.25)
    assert np.array_equal(first.batch.codes, alone.batch.codes[order[12:]])
    assert np.array_equal(second.batch.codes, alone.batch.codes[order[:12]])


def test_telling_workloads_apart_earns_no_score():
    rows = mixed_rows(SIZED)
    blind = learn(SIZED.make_problem(), rows, "boosted_trees", settings={"rounds": 1, "leaves": 3})
    found = scores(blind, rows)["time_s"]
    parts = [scores(blind, part)["time_s"] for part in rows.by_workload().values()]
    assert found["rows"] == sum(part["rows"] for part in parts) == 144
    for key in ("mape", "coverage"):
        assert found[key] == pytest.approx(np.mean([part[key] for part in parts]))
    true = np.log(rows.metrics["time_s"])
    error = np.log(blind.scales.restore(blind.beliefs_of(rows).mean)["time_s"]) - true
    own = true - np.repeat([part.mean() for part in true.reshape(3, 48)], 48)
    assert found["r2"] == pytest.approx(1.0 - np.sum(error**2) / np.sum(own**2))
    work = np.repeat([0.1, 0.2, 0.7], 48)
    same = replace(rows, metrics={**rows.metrics, "gain": work})
    alike = learn(SIZED.make_problem(), same, "boosted_trees", settings={"rounds": 5})
    assert scores(alike, same)["gain"]["r2"] is None
    pooled = 1.0 - np.sum(error**2) / np.sum((true - true.mean()) ** 2)
    assert pooled > 0.1 > found["r2"]


def test_what_cannot_be_mixed_is_refused():
    small, middle = problems_of(SIZED, ("small", "middle"))
    rows = all_rows(small)
    with pytest.raises(SettingError, match="given twice"):
        Rows.mixed([small, small], [rows, rows])
    wide = replace(SIZED, space=lambda settings: archgym.make_problem("functions").space)
    with pytest.raises(SettingError, match="design space"):
        Rows.mixed([small, wide.make_problem("middle")], [rows, None])
    endless = replace(SIZED, workload_features=lambda size: {"size": np.inf})
    with pytest.raises(SettingError, match="'size' is inf"):
        Rows.mixed([endless.make_problem("small")], [rows])
    with pytest.raises(SettingError, match="features"):
        Rows.mixed([small, replace(SIZED, workload_features=None).make_problem("middle")], [rows])
    with pytest.raises(NothingToLearnError, match="no rows"):
        Rows.mixed([small, middle], [None, None])


def test_rows_of_several_workloads_have_a_hash_of_their_own():
    rows = mixed_rows(SIZED)
    swapped = replace(rows, workloads=replace(rows.workloads, of_row=rows.workloads.of_row[::-1]))
    assert len({rows.digest, swapped.digest, replace(rows, workloads=None).digest}) == 3
