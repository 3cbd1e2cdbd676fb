"""Looked-up transistors: against ngspice, against a slow reading, and what any must obey."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import archgym
from archgym.cost_models.analog import metrics as names
from archgym.cost_models.analog.circuits import load_circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.kernels import lookup as kernel
from archgym.cost_models.analog.kernels.benches import tie_nodes
from archgym.cost_models.analog.kernels.layout import (
    FACTOR,
    FINGERS,
    N_CHARGE_FIELDS,
    N_MOS_FIELDS,
    SIGN,
    TABLE,
    Sized,
)
from archgym.cost_models.analog.kernels.operating_point import operating_point
from archgym.cost_models.analog.lookup.characterise import (
    Transistor,
    measure_charges,
    measure_currents,
)
from archgym.cost_models.analog.lookup.grid import Grid, settings
from archgym.cost_models.analog.lookup.spline import coefficients
from archgym.cost_models.analog.lookup.tables import SHIPPED, tables
from archgym.cost_models.analog.ngspice.availability import executable, missing_for
from archgym.cost_models.analog.solver import Solver
from tests.cost_models.analog.drawing import assert_alike, draw, size_transistors, sizes
from tests.cost_models.analog.slow_lookup import SlowCircuit, transistor
from tests.shared_data import shared_data

needs_gf180 = pytest.mark.skipif(
    bool(missing_for("gf180")) or executable() is None,
    reason=missing_for("gf180") or "ngspice's program is not installed",
)
CIRCUITS = ("ota5t", "miller2", "fcascode", "csload", "tia", "ldo")
NODES = np.arange(4)


def mos_of(table, fingers=1.0):
    mos = np.zeros(N_MOS_FIELDS)
    mos[SIGN], mos[TABLE] = tables(*SHIPPED).polarities[table], table
    mos[FINGERS], mos[FACTOR] = fingers, 1.0
    return mos


def currents(table, volts, fingers=1.0):
    """Return currents into drain, gate, source and bulk; those of drain and source with slopes."""
    mos = mos_of(table, fingers)
    drain, source = kernel.terminal_currents(tables(*SHIPPED), mos, NODES, np.array(volts))
    return np.array([drain[0], 0.0, -source[0], source[0] - drain[0]]), drain, source


def random_volts(rng, polarity):
    """Return voltages of drain, gate, source and bulk within a supply of 3.3 V."""
    drain, gate, source = rng.uniform(0, 3.3, 3)
    return polarity * np.array([drain, gate, source, 0.0])


# -- a slow reading of the same file -------------------------------------------------------------


def test_currents_and_charges_on_the_slow_reading():
    rng, found = np.random.default_rng(0), np.empty(N_CHARGE_FIELDS)
    read, nodes = tables(*SHIPPED), np.array([1, 0, 2, 3])
    for table in range(10):
        slow = transistor(read.polarities[table], round(read.lengths[table] * 1e6, 6))
        for _ in range(12):
            volts = random_volts(rng, slow.polarity)
            fast, *_ = currents(table, volts)
            if slow.bias(*volts)[0][0] < settings()["low_gate_v"]:
                continue  # off, and off the table
            wanted = slow.currents(*volts)
            least = 1e-12 * np.abs(wanted).max()  # that of the bulk is a small difference
            assert np.allclose(fast, wanted, rtol=1e-9, atol=least)
            v = volts[[1, 0, 2, 3]]
            swapped = kernel.read_charges(read, mos_of(table), nodes, v, found)
            assert swapped == (slow.polarity * volts[0] < slow.polarity * volts[2])
            farads = slow.farads(*volts)
            high, low = (2, 0) if swapped else (0, 2)
            nine = farads[np.ix_((1, high, low), (1, high, 3))].ravel() * 1e15
            assert np.allclose(found[:9], nine, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("workload", ["miller2", "ldo"])
def test_circuits_on_the_slow_reading(workload):
    circuit, table = load_circuit(workload), draw(workload, 3, seed=1, model="gf180")
    made = Solver(circuit, Conditions(slew=False), model="gf180")
    found = dict(zip(names.NAMES, made.measure(sizes(workload, table)).T, strict=False))
    wiring = made.plan.wirings["signal" if workload == "miller2" else "ripple"]
    load = 5e-3 if workload == "ldo" else 0.0
    for row, v in enumerate(operating_voltages(made, workload, table, load)):
        slow = SlowCircuit(circuit, table.to_dict("records")[row])
        volts = dict(zip(circuit.netlist.nodes, v, strict=True))
        leaves = np.array([*slow.leaving(volts).values()])
        leaves[made.bench.output] += load
        direct = made.bench.row
        unknown = [abs(leaves[direct == k].sum()) for k in range(direct.max() + 1)]
        assert max(unknown) < 1e-12
        order, siemens, farads = slow.matrices(volts)
        solve = slow_response(order, siemens, farads, wiring)
        if workload == "miller2":
            assert 20 * np.log10(abs(solve(10.0)[0])) == pytest.approx(
                found[names.GAIN][row], abs=1e-3
            )
            gain, transfer = solve(1e3)
            density = sum(s * abs(transfer(a, b)) ** 2 for a, b, s in slow.sources(volts, 1e3))
            assert np.sqrt(density) / abs(gain) == pytest.approx(
                found[names.NOISE_1KHZ][row], rel=1e-4
            )
            assert abs(solve(found[names.UGBW][row])[0]) == pytest.approx(1.0, abs=5e-3)
        else:
            assert 20 * np.log10(abs(solve(1e6)[0])) == pytest.approx(
                found[names.PSR_1MHZ][row], abs=1e-3
            )


def operating_voltages(made, workload, table, load):
    """Yield the node voltages of each design."""
    bench = made.bench
    for values in made.plan.values(sizes(workload, table)):
        mos, v = np.empty((len(bench.net.mos_sign), N_MOS_FIELDS)), np.empty(len(bench.base))
        row, out = bench.row, bench.row[bench.output]
        sized = Sized(bench.net, bench.models, mos, values, row, bench.gmin, load, out)
        tie_nodes(bench, values, v)
        assert size_transistors(bench, values, mos)
        assert operating_point(sized, bench.starts, v)
        yield v


def slow_response(order, siemens, farads, wiring):
    """Return a function of the frequency: the output, and the gain from a current to it."""
    row, n = wiring.row, wiring.row.max() + 1
    join = np.array([[float(row[node] == k) for k in range(n)] for node in range(len(row))])

    def solve(hertz):
        full = siemens + 2j * np.pi * hertz * farads
        y = join.T @ full @ join
        x = np.linalg.solve(y, wiring.inject - join.T @ full @ wiring.drive)
        to_output = np.linalg.inv(y)[n - 1]

        def transfer(a, b):
            ends = join[order.index(a)] - join[order.index(b)]
            return to_output @ ends

        return x[n - 1], transfer

    return solve


def test_splines_pass_through_their_points():
    samples = np.random.default_rng(0).normal(size=(7, 6, 5, 2))
    c = coefficients(samples, 3)
    kernel_of = np.array([1, 4, 1]) / 6
    for axis in range(3):
        c = np.moveaxis(
            np.tensordot(
                kernel_of,
                np.stack(
                    [
                        np.moveaxis(c, axis, 0)[k : len(np.moveaxis(c, axis, 0)) - 2 + k]
                        for k in range(3)
                    ]
                ),
                1,
            ),
            0,
            axis,
        )
    assert np.allclose(c, samples)


# -- what any transistor must obey ---------------------------------------------------------------


def test_slopes_are_the_derivatives_of_currents():
    rng, step = np.random.default_rng(1), 1e-6
    for _ in range(200):
        table = int(rng.integers(10))
        volts = random_volts(rng, tables(*SHIPPED).polarities[table])
        _, drain, source = currents(table, volts)
        for flow, place, sign in ((drain, 0, 1.0), (source, 2, -1.0)):
            gate, by_drain, bulk = flow[1:]
            for end, slope in (
                (0, by_drain), (1, gate), (2, -(gate + by_drain + bulk)), (3, bulk),
            ):  # fmt: skip
                ends = []
                for h in (step, -step):
                    moved = volts.copy()
                    moved[end] += h
                    ends.append(sign * currents(table, moved)[0][place])
                numeric = (ends[0] - ends[1]) / (2 * step)
                assert slope == pytest.approx(numeric, rel=1e-4, abs=1e-12)


def test_exchanged_ends_carry_the_opposite_current():
    rng = np.random.default_rng(2)
    for _ in range(100):
        table = int(rng.integers(10))
        d, g, s, b = random_volts(rng, tables(*SHIPPED).polarities[table])
        one, other = currents(table, (d, g, s, b))[0], currents(table, (s, g, d, b))[0]
        assert np.allclose(one, other[[2, 1, 0, 3]], rtol=1e-12, atol=0)


def test_currents_go_on_smoothly_where_ends_are_exchanged():
    for table in range(10):
        sign = tables(*SHIPPED).polarities[table]
        values, slopes = [], []
        for tiny in (-1e-9, 0.0, 1e-9):
            into, flow, _ = currents(table, sign * np.array([1.0 + tiny, 2.2, 1.0, 0.0]))
            values.append(sign * into[0])
            slopes.append(flow[2])
        assert values[1] == 0.0
        assert values[0] < 0.0 < values[2]
        assert slopes[0] == pytest.approx(slopes[2], rel=1e-3)  # junctions leak
        assert values[2] == pytest.approx(slopes[1] * 1e-9, rel=1e-3)


def test_a_gate_that_rises_raises_the_current():
    for table in range(10):
        sign = tables(*SHIPPED).polarities[table]
        for drain, bulk in ((0.05, 0.0), (1.0, -1.0), (3.3, 0.0), (3.3, -2.0)):
            flows = [
                sign * currents(table, sign * np.array([drain, gate, 0.0, bulk]))[0][2]
                for gate in np.linspace(0.2, 3.6, 300)
            ]
            flows = np.array(flows)[np.abs(flows) > 1e-14]
            assert (np.diff(flows) < 0).all()  # more comes out of the source
            assert len(flows) > 200


def test_twice_the_fingers_carry_twice_the_current():
    volts = (1.3, 1.1, 0.2, 0.0)
    assert np.allclose(currents(1, volts, 2.0)[0], 2 * currents(1, volts)[0], rtol=1e-14)
    made = Solver(load_circuit("csload"), Conditions(), model="gf180")
    table = draw("csload", 40, seed=3, model="gf180")
    wide = table.assign(m1=2 * table["m1"], m2=2 * table["m2"])
    one, two = (made.measure(sizes("csload", t)) for t in (table, wide))
    out = names.NAMES.index(names.VOUT)
    assert np.allclose(one[:, out], two[:, out], atol=1e-8)


@pytest.mark.parametrize("workload", CIRCUITS)
def test_all_random_designs_converge(workload):
    table = draw(workload, 200, seed=7, model="gf180")
    made = Solver(load_circuit(workload), Conditions(slew=False), model="gf180")
    found = made.measure(sizes(workload, table))
    assert (found[:, names.NAMES.index("converged")] == 1).all()


def test_what_lies_beyond_the_tables_is_no_result():
    table = draw("csload", 2, model="gf180")
    far = Solver(load_circuit("csload"), Conditions(supply_scale=3.0), model="gf180")
    found = far.measure(sizes("csload", table))
    assert (found[:, names.NAMES.index("converged")] == 0).all()
    assert np.isnan(found[:, names.NAMES.index(names.GAIN)]).all()


# -- ngspice -------------------------------------------------------------------------------------

# Metric -> (relative?, bound at 95 %, largest).
BARS = {
    "gain_db": (False, 0.03, 0.06),
    "transimpedance_dbohm": (False, 0.01, 0.03),
    "ugbw_hz": (True, 0.003, 0.01),
    "bandwidth_hz": (True, 0.003, 0.01),
    "phase_margin_deg": (False, 0.1, 0.2),
    "peaking_db": (False, 0.1, 0.3),
    "power_w": (True, 0.0005, 0.001),
    "input_noise_1khz_v_rthz": (True, 0.004, 0.01),
    "input_noise_1mhz_v_rthz": (True, 0.004, 0.01),
    "output_noise_rms_v": (True, 0.01, 0.03),
    "input_noise_10mhz_a_rthz": (True, 0.004, 0.01),
    "vout_dc_v": (False, 1e-4, 2e-4),
    "offset_v": (False, 2e-5, 5e-5),
}


@pytest.mark.parametrize("workload", ["ota5t", "miller2", "csload", "tia"])
def test_metrics_agree_with_the_reference_data(workload):
    wanted = pd.read_csv(shared_data("analog", "dev", f"{workload}_gf180.csv"))
    problem = archgym.make_problem(
        "analog.sizing", workload, cost_model="lookup", metrics="without_slew"
    )
    found = problem.evaluate(wanted[[*problem.space.names]])
    scored = wanted["scored"] == 1
    assert (found["converged"] == 1).all()
    assert_alike(found[scored], wanted[scored], BARS)


@pytest.mark.parametrize("workload", ["ota5t", "miller2"])
def test_slew_rates_agree_with_the_reference_data(workload):
    wanted = pd.read_csv(shared_data("analog", "dev", f"{workload}_gf180.csv"))
    problem = archgym.make_problem("analog.sizing", workload, cost_model="lookup")
    found = problem.evaluate(wanted[[*problem.space.names]])["slew_v_per_us"]
    tame = (wanted["scored"] == 1) & (wanted["phase_margin_deg"] >= 45) & (wanted["gain_db"] > 30)
    error = np.abs(found / wanted["slew_v_per_us"] - 1)[tame]
    assert error.median() <= 0.002
    assert error.quantile(0.95) <= 0.02


@needs_gf180
@pytest.mark.parametrize("workload", ["fcascode", "ldo"])
def test_circuits_agree_live(workload):
    settings = {"metrics": "without_slew", "model": "gf180"}
    here, there = (
        archgym.make_problem("analog.sizing", workload, cost_model=model, **settings)
        for model in ("lookup", "nodal")
    )
    designs = here.space.sample(np.random.default_rng(4), 8).frame()
    ours, theirs = here.evaluate(designs), there.evaluate(designs)
    assert (ours["well_posed"] == theirs["well_posed"]).all()
    posed = theirs["well_posed"] == 1
    assert posed.sum() >= 3
    for name, bound in (("gain_db", 0.1), ("phase_margin_deg", 0.2), ("vout_dc_v", 2e-3)):
        assert np.allclose(ours[name][posed], theirs[name][posed], atol=bound, equal_nan=True)
    for name in ("ugbw_hz", "power_w"):
        assert np.allclose(ours[name][posed], theirs[name][posed], rtol=0.01, equal_nan=True)


@needs_gf180
def test_tables_agree_with_transistors_measured_anew():
    rng, found = np.random.default_rng(6), np.empty(N_CHARGE_FIELDS)
    read = tables(*SHIPPED)
    for table in (0, 2, 5, 9):
        kind = Transistor(
            int(read.polarities[table]), round(read.lengths[table] * 1e6, 6), *SHIPPED
        )
        sign = kind.polarity
        biases = np.column_stack(
            [rng.uniform(0.7, 2.5, 30), rng.uniform(0.1, 2.5, 30), -rng.uniform(0, 0.8, 30)]
        )
        measured = measure_charges(kind, biases)
        for bias, wanted in zip(biases, measured, strict=True):
            gate, drain, bulk = sign * bias
            grid = Grid(bias[0] + np.array([0.0, 0.1]), bias[1:2], bias[2:])
            alone = measure_currents(kind, grid, 0.0)[0, 0, 0]
            into, *_ = currents(table, (drain, gate, 0.0, bulk))
            if alone[0] < 1e-9:
                continue
            assert sign * into[0] == pytest.approx(alone[1], rel=3e-3)
            assert -sign * into[2] == pytest.approx(alone[0], rel=3e-3)
            v = np.array([drain, gate, 0.0, bulk])
            kernel.read_charges(read, mos_of(table), NODES, v, found)
            largest = wanted[0]
            assert np.allclose(found[:9] * 1e-15, wanted[:9], atol=0.01 * largest)
            assert np.exp(found[9]) == pytest.approx(wanted[9], rel=0.01)
            assert np.exp(found[10]) * alone[1] == pytest.approx(wanted[10], rel=0.02)
