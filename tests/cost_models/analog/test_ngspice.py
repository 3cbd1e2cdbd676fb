"""ngspice live: level 1 against the built-in solver, and the foundry's models."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import archgym
from archgym.cost_models.analog import foundry
from archgym.cost_models.analog.circuits import NAMES, load_circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.deck import Sized, make_deck
from archgym.cost_models.analog.ngspice.availability import executable, library, missing_for
from archgym.cost_models.analog.ngspice.library import NgspiceLibrary
from archgym.cost_models.analog.ngspice.process import NgspiceProcess
from archgym.cost_models.tool_process import ToolFailedError, ToolTimeoutError
from archgym.errors import SettingError
from tests.shared_data import shared_data

needs_ngspice = pytest.mark.skipif(
    executable() is None or library() is None,
    reason="ngspice is not installed (apt-get install ngspice libngspice0)",
)
needs_gf180 = pytest.mark.skipif(bool(missing_for("gf180")), reason=missing_for("gf180") or "-")
EXACT = {"slew_v_per_us", "min_drain_current_a"}  # compared apart
# Of comparators, by a transient at the tolerances of ngspice's.
DELAYS = {"delay_rise_s", "delay_fall_s"}
DELAY_TOLERANCE = 0.02


def compare(ours: pd.DataFrame, theirs: pd.DataFrame, names, tolerance: float) -> None:
    posed = theirs["well_posed"] == 1
    assert (ours["well_posed"] == theirs["well_posed"]).all()
    for name in set(names) - EXACT:
        a, b = ours[name][posed], theirs[name][posed]
        assert (a.isna() == b.isna()).all(), name
        # small differences are compared to what ngspice's tolerances leave, 10 uV or dB
        least = 1e-5 if name in ("offset_v", "output_error_v", "peaking_db") else 0.0
        timed = name in DELAYS or (name == "figure_of_merit" and set(names) >= DELAYS)
        most = DELAY_TOLERANCE if timed else tolerance
        assert np.allclose(a.dropna(), b.dropna(), rtol=most, atol=least), name


@needs_ngspice
@pytest.mark.parametrize("workload", NAMES)
@pytest.mark.parametrize("way", ["ngspice", "ngspice:alter", "ngspice:process"])
def test_level_1_agrees_live(workload, way):
    settings = {"metrics": "without_slew", "objective": "power"}
    problem = archgym.make_problem("analog.sizing", workload, **settings)
    there = archgym.make_problem("analog.sizing", workload, cost_model=way, **settings)
    seed = 11 + NAMES.index(workload)
    designs = problem.space.sample(np.random.default_rng(seed), 6).frame()
    lengths = [name for name in designs if name.endswith("_um")]
    designs.loc[3:, lengths] = 0.36  # neighbours with the same lengths are altered, not loaded
    theirs = there.evaluate(designs)
    assert (theirs["error"] == "").all() or (theirs["well_posed"] == 0).any()
    compare(problem.evaluate(designs), theirs, problem.metric_names, 3e-4)


@needs_ngspice
def test_slew_rates_agree_live():
    there = archgym.make_problem("analog.sizing", "fcascode", cost_model="ngspice")
    here = archgym.make_problem("analog.sizing", "fcascode")
    designs = here.space.sample(np.random.default_rng(3), 6).frame()
    ours, theirs = (p.evaluate(designs)["slew_v_per_us"] for p in (here, there))
    assert (ours.isna() == theirs.isna()).all()
    assert theirs.notna().sum() >= 3
    assert np.allclose(ours.dropna(), theirs.dropna(), rtol=0.03)


@needs_ngspice
@pytest.mark.parametrize("celsius", [-40, 85])
def test_temperature_and_coarse_sweeps_agree_live(celsius):
    settings = {"metrics": "without_slew", "points_per_decade": 10, "temperature_c": celsius}
    here, there = (
        archgym.make_problem("analog.sizing", "miller2", cost_model=model, **settings)
        for model in (None, "ngspice")
    )
    designs = here.space.sample(np.random.default_rng(1), 4).frame()
    compare(here.evaluate(designs), there.evaluate(designs), here.metric_names, 3e-4)
    room = archgym.make_problem("analog.sizing", "miller2", metrics="without_slew")
    assert not np.allclose(room.evaluate(designs)["ugbw_hz"], here.evaluate(designs)["ugbw_hz"])


@needs_ngspice
@needs_gf180
@pytest.mark.parametrize("workload", ["ota5t", "csload", "tia", "miller2"])
def test_the_foundrys_models_agree_with_the_reference_data(workload):
    wanted = pd.read_csv(shared_data("analog", "dev", f"{workload}_gf180.csv")).iloc[:8]
    problem = archgym.make_problem("analog.sizing", workload, metrics="without_slew")
    mixed = wanted[[*problem.space.names]].copy()
    found = problem.evaluate(mixed)
    for name in wanted.columns.intersection(problem.metric_names).difference(EXACT):
        assert np.allclose(found[name], wanted[name], rtol=2e-4, atol=1e-5, equal_nan=True), name


@needs_gf180
def test_the_cards_are_flattened_as_the_reference_has_them():
    def cards(text):
        lines = [line.split() for line in text.splitlines() if line.startswith(".model")]
        return {w[1]: {k: float(v) for k, v in (x.split("=") for x in w[3:])} for w in lines}

    wanted = cards(shared_data("analog", "gf180", "gf180_flat.lib").read_text())
    found = cards(foundry.foundry_cards())
    assert found.keys() == wanted.keys()
    for name, card in wanted.items():
        assert found[name] == pytest.approx(card, rel=1e-9), name


@needs_ngspice
@needs_gf180
def test_a_table_may_mix_models():
    problem = archgym.make_problem("analog.sizing", "csload")
    rows = [{"model": "gf180", "l1_um": 0.6, "l2_um": 0.6}, {"model": "afm1"}, {}]
    rows.append({"model": "gf180", "l1_um": 1.0, "l2_um": 2.0})
    together = problem.evaluate(rows)
    for row, design in enumerate(rows):
        alone = problem.evaluate([design])
        for name in problem.metric_names:
            assert np.array_equal(alone[name], together[name].iloc[[row]], equal_nan=True), name
    assert together["power_w"].nunique() == 3


@needs_ngspice
@pytest.mark.parametrize("runner", [NgspiceProcess, NgspiceLibrary])
def test_a_design_that_takes_too_long_is_ended(runner):
    circuit = load_circuit("miller2")
    problem = archgym.make_problem("analog.sizing", "miller2")
    design = {k: v for k, v in problem.space.default.dicts()[0].items() if k != "model"}
    impatient = runner(0.05)
    slow = make_deck(Sized(circuit, "afm1", design, Conditions(points_per_decade=200_000)))
    began = time.monotonic()
    with pytest.raises(ToolTimeoutError):
        impatient.run("", slow)
    assert time.monotonic() - began < 20.0
    impatient.close()


@needs_ngspice
@pytest.mark.parametrize("runner", [NgspiceProcess, NgspiceLibrary])
def test_a_refused_circuit_costs_one_design(runner):
    circuit = load_circuit("csload")
    problem = archgym.make_problem("analog.sizing", "csload")
    design = {k: v for k, v in problem.space.default.dicts()[0].items() if k != "model"}
    deck = make_deck(Sized(circuit, "afm1", design))
    broken = type(deck)((deck.lines[0], "x1 a b nosuch", ".end"), (), deck.analyses)
    ngspice = runner(30.0)
    with pytest.raises(ToolFailedError):
        ngspice.run("", broken)
    assert len(ngspice.run("", deck)) == len(deck.analyses)
    ngspice.close()


def test_other_options_are_refused():
    with pytest.raises(SettingError, match="ngspice:process"):
        archgym.make_problem("analog.sizing", "ota5t", cost_model="ngspice:fast")
    with pytest.raises(SettingError, match=r"analog\.sizing"):
        archgym.make_problem("functions", cost_model="ngspice")


def test_what_is_missing_is_said(monkeypatch):
    from archgym.cost_models.analog.ngspice import availability

    monkeypatch.setattr(availability, "gf180_folder", lambda: None)
    monkeypatch.setattr(availability, "library", lambda: None)
    said = availability.missing_for.__wrapped__("gf180")
    assert "pip install" in said
    assert "apt-get install ngspice libngspice0" in said
    assert availability.missing_for.__wrapped__("afm1") == ""
