"""Surrogates: from rows to a model, saved and loaded, and what is refused."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("safetensors", reason="needs the extra rl")

from archgym.batch import Batch
from archgym.cost_models.learned.card import CARD, WEIGHTS
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import load_surrogate
from archgym.cost_models.learned.purpose import mismatch
from archgym.cost_models.learned.regressor import find_kind
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.scales import MetricScales
from archgym.cost_models.learned.scoring import scores
from archgym.errors import MissingExtraError, SettingError, StoreError, UnknownNameError
from archgym.metric import Metric
from archgym.outcome import Measurements, Status
from archgym.registry import environments
from archgym.torch_session import torch_session
from archgym.whole_file import write_whole
from tests.toys import TOYS, toy_problem

QUICK = {"width": 16, "layers": 1, "heads": 2, "epochs": 1, "fewest_steps": 300, "batch": 64}
ENV = "functions"


def problem():
    return environments.get(ENV).make_problem()


def rows_of(made, count, seed=0):
    batch = made.space.sample(np.random.default_rng(seed), count)
    return Rows.of(batch, made.measure(batch))


@pytest.fixture(scope="module")
def model():
    made = problem()
    with torch_session():
        return learn(made, rows_of(made, 400), settings=QUICK)


@pytest.fixture
def folder(model, tmp_path):
    model.save(tmp_path / "saved")
    return tmp_path / "saved"


def load(folder, **settings):
    made = environments.get(ENV).make_problem(**settings)
    return load_surrogate(str(folder), environments.get(ENV), made.settings, made.workload_name)


@pytest.mark.parametrize("name", sorted(TOYS))
def test_different_designs_have_different_encodings_within_bounds(name):
    space = toy_problem(name).space
    codes = np.unique(space.sample(np.random.default_rng(0), 200).codes, axis=0)
    numbers = DesignEncoding(space.axes)(codes).reshape(len(codes), -1)
    assert len(np.unique(numbers, axis=0)) == len(codes)
    assert np.abs(numbers).max() <= 1.0


def test_scales_are_those_of_the_rows_given_and_lead_back():
    metrics = (Metric("time_s", "s"), Metric("gain_db", "dB", signed=True))
    taught = {"time_s": np.array([1.0, 10.0, 100.0, np.nan]), "gain_db": np.array([-1.0, 0, 1, 5])}
    scales = MetricScales.fitted(metrics, taught)
    assert [scale.log for scale in scales.scales] == [True, False]
    assert scales.scales[0].mean == pytest.approx(np.log(10))
    values = {"time_s": np.array([3.0, 1e6]), "gain_db": np.array([-40.0, np.nan])}
    back = scales.restore(scales.standardise(values))
    for name, column in values.items():
        assert np.allclose(back[name], column, equal_nan=True)


def test_repeated_and_crashed_designs_are_left_out_and_few_are_refused():
    made = problem()
    batch = made.space.sample(np.random.default_rng(0), 30)
    twice = Batch(made.space, np.concatenate([batch.codes, batch.codes]))
    measured = made.measure(twice)
    status = measured.status.copy()
    status[:5] = Status.CRASHED
    kept = Rows.of(twice, Measurements(measured.metrics, measured.violation, status))
    assert len(kept) == 25
    with pytest.raises(NothingToLearnError, match="9 different"):
        rows_of(made, 9)


def test_scores_are_of_designs_that_were_kept_out(model):
    assert model.card.rows == 320
    assert model.card.evaluations == 400
    (found,) = scores(model, rows_of(problem(), 300, seed=9)).values()
    (claimed,) = model.card.scores.values()
    assert claimed["rows"] == 40
    assert 0.5 < found["r2"] < 1.0
    assert claimed["r2"] == pytest.approx(found["r2"], abs=0.2)


def test_deviations_are_as_wide_as_errors(model):
    made, fresh = problem(), rows_of(problem(), 400, seed=3)
    said = model.beliefs(fresh.batch)
    true = model.scales.standardise(made.measure(fresh.batch).metrics)
    within = np.abs(true - said.mean) <= said.sigma
    assert 0.5 < within.mean() < 0.85


def test_a_loaded_surrogate_says_the_same_to_the_last_bit(model, folder):
    batch = problem().space.sample(np.random.default_rng(4), 50)
    loaded = load(folder)
    for name, values in loaded.evaluate(batch, None).metrics.items():
        assert np.array_equal(values, model.evaluate(batch, None).metrics[name], equal_nan=True)
    assert loaded.fidelity == "surrogate"
    assert loaded.version
    assert loaded.version != model.version


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_a_file_that_was_changed_is_refused(folder, name):
    content = bytearray((folder / name).read_bytes())
    place = content.index(b'"rows": 320') + 9 if name == CARD else len(content) - 3
    content[place] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(StoreError, match=name):
        load(folder)


def test_weights_that_are_cut_off_or_absent_are_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match="not what the card says"):
        load(folder)
    (folder / WEIGHTS).unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        load(folder)


@pytest.mark.parametrize("before", [False, True])
def test_what_cannot_be_written_whole_changes_nothing(model, tmp_path, monkeypatch, before):
    place = tmp_path / "home" / "saved"
    if before:
        model.save(place)
    held = {path.name: path.read_bytes() for path in place.glob("*")}

    def full(path, content):
        if path.name == CARD:
            raise StoreError("no space left")
        write_whole(path, content)

    monkeypatch.setattr("archgym.cost_models.learned.card.write_whole", full)
    with pytest.raises(StoreError, match="no space"):
        model.with_card(rows=7).save(place)
    assert {path.name: path.read_bytes() for path in place.glob("*")} == held
    assert [path.name for path in place.parent.iterdir()] == ["saved"] * before


def test_a_surrogate_takes_the_place_of_an_older_one_of_its_name(model, folder):
    model.with_card(rows=7).save(folder)
    assert load(folder).card.rows == 7
    assert [path.name for path in folder.parent.iterdir()] == ["saved"]
    assert sorted(path.name for path in folder.iterdir()) == [CARD, WEIGHTS]


def test_a_missing_extra_is_named_and_nothing_is_written(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(MissingExtraError, match=r"archgym\[rl\]"):
        model.save(tmp_path / "saved")
    monkeypatch.setitem(sys.modules, "archgym.cost_models.learned.trees", None)
    with pytest.raises(MissingExtraError, match=r"archgym\[surrogates\]"):
        find_kind("random_forest")
    assert not list(tmp_path.iterdir())


def test_an_empty_name_is_none_even_inside_a_surrogate(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(UnknownNameError, match="surrogate ''"):
        environments.get(ENV).make_problem(cost_model="surrogate:")


def test_registered_workloads_keep_their_whole_name_and_older_cards_are_known(model):
    declared = environments.get("dnn.systolic")
    made = declared.make_problem("resnet18/conv2_x")
    card = replace(
        model.card,
        env=made.env,
        settings=dict(made.settings),
        axes=DesignEncoding(made.space.axes).as_data(),
    )
    for name in ("resnet18/conv2_x", "conv2_x"):
        assert mismatch(replace(card, workload=name), made) == ""
    assert "conv3_x" in mismatch(replace(card, workload="conv3_x"), made)


def test_another_schema_and_a_damaged_card_are_refused(folder):
    content = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(content | {"schema": 99}))
    with pytest.raises(StoreError, match="schema 99"):
        load(folder)
    (folder / CARD).write_text("{")
    with pytest.raises(StoreError, match="no JSON"):
        load(folder)
    with pytest.raises(UnknownNameError, match="nowhere"):
        load(folder.parent / "nowhere")


def test_another_problem_is_refused(folder, model):
    other = next(name for name in environments.get(ENV).workloads if name != model.card.workload)
    declared = environments.get(ENV)
    with pytest.raises(SettingError, match="workload"):
        load_surrogate(str(folder), declared, declared.make_problem().settings, other)
    toy = environments.get("dram").make_problem()
    assert "environment" in mismatch(model.card, toy)


def test_nothing_is_written_over_what_is_no_surrogate(model, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="no surrogate"):
        model.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_designs_beyond_the_ranges_crash_and_infeasible_ones_have_no_metrics():
    made = environments.get("analog.sizing").make_problem("fcascode", metrics="without_slew")
    metrics = ["power_w", "gain_db", "well_posed"]
    settings = {**QUICK, "width": 32, "layers": 2, "learning_rate": 5e-3}
    with torch_session():
        taught = rows_of(made, 300)
        learnt = learn(made, taught, metrics=metrics, settings=settings)
    wide = made.space.encode([{"m1": 4000.0}, {}])
    measured = learnt.evaluate(wide, None)
    assert measured.status.tolist() == [Status.CRASHED, Status.OK]
    assert measured.error[0].endswith("(m1)")
    assert np.isnan(measured.metrics["power_w"][0])
    measured = learnt.evaluate(taught.batch, None)
    guessed = measured.violation == 0.0
    assert (guessed == taught.feasible).mean() > 0.85
    assert np.isnan(measured.metrics["gain_db"][~guessed]).all()
    assert (measured.metrics["well_posed"][guessed] == 1.0).all()
