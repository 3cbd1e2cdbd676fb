"""The comparator: where it trips, how long it takes, and the rejection of amplifiers."""

from __future__ import annotations

import numpy as np
import pytest

import archgym
from archgym.cost_models.analog import metrics as names
from archgym.cost_models.analog.circuits import load_circuit
from archgym.cost_models.analog.kernels.benches import bias, room_for_design
from archgym.cost_models.analog.kernels.operating_point import operating_point
from tests.cost_models.analog.drawing import draw, sizes, solver
from tests.cost_models.analog.slow_solver import SUPPLY, SlowSolver
from tests.cost_models.analog.test_ngspice import needs_gf180, needs_ngspice

OF_IT = names.OF_BENCH["comparator"]


def problem(workload="comparator", **settings):
    return archgym.make_problem("analog.sizing", workload, **settings)


def measured(table, **conditions):
    results = solver("comparator", **conditions).measure(sizes("comparator", table))
    return dict(zip(names.RESULTS, results.T, strict=True))


def test_it_has_the_metrics_of_its_bench_and_others_have_not():
    found = problem().evaluate(draw("comparator", 20))
    ok = found["status"] == "ok"
    assert ok.sum() >= 15
    for name in names.NAMES[: names.NAMES.index(names.CONVERGED)]:
        assert found[name][ok].notna().all() == (name in OF_IT), name
    assert (found["delay_rise_s"][ok] > 0).all()
    longer = found[["delay_rise_s", "delay_fall_s"]].max(axis=1)
    assert np.allclose(found["figure_of_merit"][ok] * longer[ok] * found["power_w"][ok], 1.0)
    assert "delay_rise_s" not in problem("ota5t").metric_names
    assert "delay_rise_s" not in problem("ota5t").evaluate([{}])


def short(count=6):
    """Designs of short transistors: their gain is too little to be lost to rounding."""
    table = draw("comparator", count)
    table[["l1_um", "l3_um", "l5_um", "l6_um", "l8_um"]] = 0.18
    return table


def test_the_trip_point_on_the_slow_bench():
    """With the input that is said to trip it, the slow solver finds the output at half."""
    table, circuit = short(), load_circuit("comparator")
    found = measured(table, delay=False)
    made = solver("comparator", delay=False)
    values = made.plan.values(sizes("comparator", table))
    rows = np.flatnonzero(np.isfinite(found[names.OFFSET])).tolist()
    assert len(rows) >= 4
    for row in rows:
        slow, vcm = SlowSolver(circuit, table.iloc[row].to_dict()), circuit.common_mode * SUPPLY
        near = _settled(made, values[row], found[names.OFFSET][row])
        near += 0.002 * np.cos(np.arange(len(near)))
        start = dict(zip(circuit.netlist.nodes, near, strict=True))
        given = {"inn": vcm, "inp": vcm + found[names.OFFSET][row]}
        volts = slow.solve(given, {}, start)
        assert slow.residual < 1e-11
        gain = 10 ** (found[names.GAIN][row] / 20)
        # 10 nV at the input, what both solvers' tolerances leave
        assert volts["out"] == pytest.approx(SUPPLY / 2, abs=1e-8 * gain)
        assert gain < 1e7


def test_gain_is_the_slope_of_the_transfer_at_the_trip_point():
    made, table = solver("comparator", delay=False), short()
    found = measured(table, delay=False)
    out = made.plan.nodes["out"]
    for row, values in enumerate(made.plan.values(sizes("comparator", table))):
        trip = found[names.OFFSET][row]
        if np.isnan(trip):
            continue
        step = 1e-3 / 10 ** (found[names.GAIN][row] / 20)
        low, high = (_settled(made, values, trip + way * step)[out] for way in (-1, 1))
        assert low < SUPPLY / 2 < high
        assert (high - low) / 2e-3 == pytest.approx(1.0, abs=0.01)


def _settled(made, values, offset):
    mos, v, _ = room_for_design(made.bench)
    sized, found = bias(made.bench, values, 0.0, mos, v, np.empty(30))
    assert found
    v[made.plan.nodes["inp"]] += offset
    assert operating_point(sized, made.bench.starts, v)
    return v


def test_more_load_makes_it_slower_and_more_current_faster():
    table = draw("comparator", 12)
    fast = table.copy()
    plain = measured(table)
    fast["ib_a"] *= 3
    quick = measured(fast)
    both = np.isfinite(plain["delay_rise_s"] + quick["delay_rise_s"])
    assert both.sum() >= 9
    assert (quick["delay_rise_s"] < plain["delay_rise_s"])[both].mean() > 0.9
    assert (quick["power_w"] > plain["power_w"])[both].all()


def test_where_nothing_trips_it_a_comparator_is_infeasible():
    weak = {"m6": 0.4, "m7": 40.0, "m5": 1.0, "m3": 20.0, "l6_um": 2.0}
    found = problem(objective="power").evaluate([weak, {}])
    assert found["status"].tolist() == ["infeasible", "ok"]
    assert "no input within the supply" in found["error"][0]
    assert found["well_posed"].tolist() == [0, 1]
    assert found[list(OF_IT)].iloc[0].isna().all()


def test_delays_are_left_out_where_nobody_asks():
    made = problem(objective="power")
    quick = made.cost_model.focused(("power_w",))
    batch = made.space.sample(np.random.default_rng(3), 5)
    found = quick.evaluate(batch, made.workload).metrics
    assert np.isnan(found["delay_rise_s"]).all()
    whole = made.cost_model.evaluate(batch, made.workload).metrics
    assert np.array_equal(found["power_w"], whole["power_w"], equal_nan=True)
    kept = made.cost_model.focused(("figure_of_merit",)).evaluate(batch, made.workload).metrics
    assert np.array_equal(kept["delay_fall_s"], whole["delay_fall_s"], equal_nan=True)


@needs_ngspice
@pytest.mark.parametrize("model", ["afm1", pytest.param("gf180", marks=needs_gf180)])
def test_delays_agree_live(model):
    """Of 20 designs 95 % within 1 %: what the transients' tolerances leave on both sides."""
    if model == "gf180":
        found = problem(model=model).evaluate([{}])
        assert found["status"][0] == "ok"
        assert 1e-9 < found["delay_rise_s"][0] < 1e-6
        return
    designs = draw("comparator", 20, seed=5)
    ours, theirs = (problem(cost_model=way).evaluate(designs) for way in (None, "ngspice"))
    for name in ("delay_rise_s", "delay_fall_s"):
        assert (ours[name].isna() == theirs[name].isna()).all()
        error = np.abs(ours[name] / theirs[name] - 1)
        assert error.median() < 2e-3, name
        assert error.quantile(0.95) < 1e-2, name


# -- rejection -----------------------------------------------------------------------------------


@pytest.mark.parametrize("workload", ["ota5t", "miller2", "fcascode"])
def test_rejection_on_the_slow_bench(workload):
    made = problem(workload, metrics="without_slew", rejection=True)
    table = draw(workload, 12)
    found = made.evaluate(table)
    circuit = load_circuit(workload)
    here = solver(workload, slew=False)
    chosen = np.flatnonzero(found["status"] == "ok")[:4]
    for row in chosen.tolist():
        slow = SlowSolver(circuit, table.iloc[row].to_dict())
        mos, v, _ = room_for_design(here.bench)
        values = here.plan.values(sizes(workload, table))[row]
        assert bias(here.bench, values, 0.0, mos, v, np.empty(30))[1]
        slow.volts = dict(zip(circuit.netlist.nodes, v, strict=True))
        y, at, branch = slow.matrix(1e3, [("vdd", "0"), ("inp", "0"), ("inn", "0")])
        gains = []
        for drives in ({1: 1.0}, {0: 1.0}, {1: 1.0, 2: 1.0}):
            right = np.zeros(len(y), dtype=complex)
            for source, volts in drives.items():
                right[branch + source] = volts
            gains.append(20 * np.log10(abs(np.linalg.solve(y, right)[at["out"]])))
        signal, ripple, common = gains
        assert found["psrr_1khz_db"][row] == pytest.approx(signal - ripple, abs=0.01)
        assert found["cmrr_1khz_db"][row] == pytest.approx(signal - common, abs=0.01)


@needs_ngspice
@pytest.mark.parametrize("workload", ["ota5t", "miller2", "fcascode"])
def test_rejection_agrees_live(workload):
    settings = {"metrics": "without_slew", "rejection": True}
    here, there = (
        problem(workload, **settings),
        problem(workload, cost_model="ngspice", **settings),
    )
    designs = here.space.sample(np.random.default_rng(4), 5).frame()
    ours, theirs = here.evaluate(designs), there.evaluate(designs)
    posed = theirs["well_posed"] == 1
    assert posed.sum() >= 3
    for name in ("psrr_1khz_db", "cmrr_1khz_db"):
        assert np.allclose(ours[name][posed], theirs[name][posed], atol=0.02), name


def test_rejection_is_a_column_only_where_it_is_asked_for():
    plain = problem("ota5t", metrics="without_slew")
    asked = problem("ota5t", metrics="without_slew", rejection=True)
    assert "psrr_1khz_db" not in plain.metric_names
    designs = draw("ota5t", 5)
    ours, more = plain.evaluate(designs), asked.evaluate(designs)
    for name in plain.metric_names:
        assert np.array_equal(ours[name], more[name], equal_nan=True), name
    left = asked.cost_model.focused(("gain_db",))
    batch = asked.space.encode(designs)
    assert np.isnan(left.evaluate(batch, asked.workload).metrics["psrr_1khz_db"]).all()
