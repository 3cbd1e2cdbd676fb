"""Corners of process, supply and temperature, and the worst over sets of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import archgym
from archgym.cost_models.analog import foundry
from archgym.cost_models.analog.cards import read_cards
from archgym.cost_models.analog.cards.process import at_process
from archgym.cost_models.analog.circuits import load_circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.corners import PROCESSES, SETS, corner_data, read_corners
from archgym.cost_models.analog.deck import Analysis, Deck
from archgym.cost_models.analog.metrics import METRICS
from archgym.cost_models.analog.ngspice.availability import gf180_folder
from archgym.cost_models.analog.ngspice.process import NgspiceProcess
from archgym.errors import SettingError
from tests.cost_models.analog import slow_solver
from tests.cost_models.analog.drawing import draw, sizes, solver
from tests.cost_models.analog.test_ngspice import compare, needs_gf180, needs_ngspice

FAST = {"metrics": "without_slew"}


def problem(workload="ota5t", **settings):
    return archgym.make_problem("analog.sizing", workload, **{**FAST, **settings})


# -- what corners are ----------------------------------------------------------------------------


def test_sets_have_the_corners_that_designers_expect():
    assert set(corner_data()["sets"]) == set(SETS)
    assert set(corner_data()["processes"]) == set(PROCESSES)
    assert [corner.process for corner in read_corners("process")] == list(PROCESSES)
    pvt = read_corners("pvt")
    assert str(pvt[0]) == "tt, supply x 1, 27 C"
    assert len(set(pvt)) == len(pvt) == 1 + 5 * 2 * 2


def test_fast_transistors_carry_more_current_and_crossed_ones_lie_between():
    def drive(process, polarity):
        (card,) = [c for c in read_cards() if c.name == ("n050" if polarity > 0 else "p050")]
        values = at_process(card, process).values
        return values["kp"] * (1.8 - polarity * values["vto"]) ** 2

    for polarity, order in ((1, "ss sf tt fs ff"), (-1, "ss fs tt sf ff")):
        currents = [drive(process, polarity) for process in order.split()]
        assert currents == sorted(currents)
        assert currents[-1] / currents[0] == pytest.approx(1.3, abs=0.08)


def test_an_operating_point_at_a_corner_by_the_slow_solver(monkeypatch):
    cards = [at_process(card, "sf") for card in read_cards()]
    monkeypatch.setattr(slow_solver, "read_cards", lambda: cards)
    monkeypatch.setattr(slow_solver, "SUPPLY", 1.62)
    table = draw("ota5t", 6)
    here = solver("ota5t", slew=False, process="sf", supply_scale=0.9)
    found = here.measure(sizes("ota5t", table))
    circuit = load_circuit("ota5t")
    for row, design in enumerate(table.to_dict("records")):
        slow = slow_solver.SlowSolver(circuit, design)
        start = {node: 0.9 * circuit.start.get(node, 0.9) for node in circuit.netlist.nodes}
        volts = slow.solve({"inp": 0.6 * 1.62}, {"inn": "out"}, start)
        assert slow.residual < 1e-12
        assert volts["out"] == pytest.approx(found[row, 19], abs=2e-6)
        power = 1.62 * slow.kirchhoff(volts)["vdd"]
        assert power == pytest.approx(found[row, 3], rel=1e-6)


@needs_ngspice
@pytest.mark.parametrize(
    ("workload", "corner"),
    [
        ("miller2", {"process": "ff", "supply_scale": 1.1, "temperature_c": -40}),
        ("ldo", {"process": "ss", "supply_scale": 0.95, "temperature_c": 125}),
        ("fcascode", {"process": "fs", "supply_scale": 1.05}),
        ("tia", {"process": "sf", "temperature_c": 85}),
    ],
)
def test_corners_agree_live(workload, corner):
    here, there = problem(workload, **corner), problem(workload, cost_model="ngspice", **corner)
    designs = here.space.sample(np.random.default_rng(8), 4).frame()
    ours = here.evaluate(designs)
    compare(ours, there.evaluate(designs), here.metric_names, 3e-4)
    assert not np.allclose(problem(workload).evaluate(designs)["power_w"], ours["power_w"])


@needs_ngspice
@needs_gf180
@pytest.mark.parametrize(
    ("process", "library"),
    [("tt", "typical"), ("ff", "ff"), ("ss", "ss"), ("fs", "fs"), ("sf", "sf")],
)
def test_a_foundrys_corners_are_those_of_its_own_library(process, library):
    folder = gf180_folder()
    bias = ["vg g 0 1.2", "vd d 0 1.5", "vn e 0 -1.2", "vm f 0 -1.5"]
    sized = f"w=5u l=0.6u {foundry.GEOMETRY}"
    whole = [
        f".include {folder}/design.ngspice",
        f".lib {folder}/sm141064.ngspice {library}",
        f"x1 d g 0 0 nfet_03v3 {sized}",
        f"x2 f e 0 0 pfet_03v3 {sized}",
    ]
    flat = [
        *foundry.foundry_cards(process).splitlines(),
        f"m1 d g 0 0 nfet_03v3 {sized}",
        f"m2 f e 0 0 pfet_03v3 {sized}",
    ]
    currents = [
        NgspiceProcess(60.0).run("", Deck(("* one of each", *lines, *bias, ".end"), (), (OP,)))[0]
        for lines in (whole, flat)
    ]
    for name in OP.vectors:
        wanted, found = (plot[name].real[0] for plot in currents)
        assert abs(wanted) > 1e-5
        assert found == pytest.approx(wanted, rel=1e-6), name


OP = Analysis("op", ("i(vd)", "i(vm)"))


# -- the worst over a set ------------------------------------------------------------------------


@pytest.mark.parametrize("workload", ["miller2", "ldo"])
def test_metrics_are_the_worst_over_the_set(workload):
    together = problem(workload, corners="pvt")
    designs = together.space.sample(np.random.default_rng(2), 12).frame()
    found = together.evaluate(designs)
    alone = [
        problem(
            workload,
            process=corner.process,
            supply_scale=corner.supply_scale,
            temperature_c=corner.temperature_k - 273.15,
        ).evaluate(designs)
        for corner in read_corners("pvt")
    ]
    for metric in METRICS:
        stack = np.stack([table[metric.name] for table in alone])
        missing = np.isnan(stack).any(axis=0)
        assert (np.isnan(found[metric.name]) == missing).all(), metric.name
        least = metric.direction == "maximize" or metric.name in (
            "converged", "well_posed", "min_drain_current_a"
        )  # fmt: skip
        if metric.name == "vout_dc_v":
            wanted = stack[0]
        elif metric.direction == "neutral" and not least:
            wanted = np.take_along_axis(stack, np.abs(stack).argmax(axis=0)[None], axis=0)[0]
        else:
            wanted = stack.min(axis=0) if least else stack.max(axis=0)
        same = np.isclose(found[metric.name], wanted, rtol=1e-9)
        assert (same | missing).all(), metric.name
    bad = np.stack([table["well_posed"] == 0 for table in alone]).any(axis=0)
    assert ((found["status"] == "infeasible") >= bad).all()


def test_an_infeasible_design_says_in_which_corner():
    nominal, corners = problem("fcascode"), problem("fcascode", corners="pvt")
    starved = {"m0": 20, "mc": 1, "m3": 1}
    assert nominal.evaluate([starved])["error"][0].startswith("ill-posed")
    said = corners.evaluate([starved])["error"][0]
    assert any(f"{corner}: ill-posed" in said for corner in read_corners("pvt")), said


def test_a_file_may_list_corners_and_a_wrong_one_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("- {process: [ss, ff], temperature_c: [0, 70]}\n- {supply_scale: 0.8}\n")
    made = problem(corners=str(path))
    assert len(made.cost_model.conditions.cases()) == 5
    for text, said in (
        ("- {process: xx}", "'xx' is not one of tt, ff"),
        ("- {supply_scale: -1}", "not a number above 0"),
        ("- {temperature_c: -300}", "absolute zero"),
        ("- {colour: 1}", "is no corner"),
        ("process: tt", "write a list"),
        ("[", "cannot be read"),
    ):
        path.write_text(text)
        with pytest.raises(SettingError, match=said):
            problem(corners=str(path))
    with pytest.raises(SettingError, match="brings its own process"):
        problem(corners="pvt", process="ss")
    with pytest.raises(SettingError, match="supply_scale"):
        problem(supply_scale=0.0)


def test_details_are_the_cases():
    made = problem("csload", corners="process")
    design = made.space.sample(np.random.default_rng(0), 1)
    table = pd.DataFrame(made.cost_model.detail(design, made.workload)["cases"])
    assert table["process"].tolist() == list(PROCESSES)
    worst = made.evaluate(design.frame())
    assert worst["power_w"][0] == table["power_w"].max()
    assert worst["gain_db"][0] == table["gain_db"].min()
    assert "slew_v_per_us" not in table
    assert problem("csload").cost_model.detail(design, made.workload) == {}


def test_nominal_settings_are_no_part_of_a_problem_and_others_are():
    assert set(problem().settings) == {"model", "metrics", "temperature_c", "points_per_decade"}
    assert problem(corners="pvt").settings["corners"] == "pvt"
    assert Conditions().cases() == (replace(Conditions()),)
