"""The built-in solver against a slow one, and what any solution must obey."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.analog import metrics as names
from archgym.cost_models.analog.circuits import NAMES, load_circuit
from archgym.cost_models.analog.kernels.benches import tie_nodes
from archgym.cost_models.analog.kernels.layout import N_MOS_FIELDS, Balance, Sized
from archgym.cost_models.analog.kernels.operating_point import balance_currents, operating_point
from archgym.cost_models.analog.posed import LEAST_A
from tests.cost_models.analog.drawing import draw, size_transistors, sizes, solver
from tests.cost_models.analog.slow_solver import SUPPLY, SlowSolver

DESIGNS = 6


def measured(workload, table, **conditions):
    results = solver(workload, **{"slew": False, **conditions}).measure(sizes(workload, table))
    return dict(zip(names.NAMES, results.T, strict=False))


def well_posed(workload, count=DESIGNS):
    """Return designs in which no branch is starved, and what is measured of them."""
    table = draw(workload, 4 * count)
    found = measured(workload, table)
    keep = np.flatnonzero((found[names.LEAST_CURRENT] > LEAST_A) & (found["converged"] == 1))
    keep = keep[:count]
    return table.iloc[keep].reset_index(drop=True), {k: v[keep] for k, v in found.items()}


def starts_of(workload, table, load=0.0):
    """Return near which voltages the slow solver begins; it has to find the way by itself."""
    nodes = load_circuit(workload).netlist.nodes
    near = [v for _, v in operating_points(workload, table, load)]
    return [dict(zip(nodes, v + 0.002 * np.cos(np.arange(len(v))), strict=True)) for v in near]


def decibels(x):
    return 20 * np.log10(abs(x))


@pytest.mark.parametrize("workload", ["ota5t", "miller2", "fcascode"])
def test_an_amplifier_on_the_slow_bench(workload):
    table, found = well_posed(workload)
    circuit, starts = load_circuit(workload), starts_of(workload, table)
    for row, design in enumerate(table.to_dict("records")):
        slow = SlowSolver(circuit, design)
        vcm = circuit.common_mode * SUPPLY
        volts = slow.solve({"inp": vcm}, {"inn": "out"}, starts[row])
        assert slow.residual < 1e-12
        assert volts["out"] == pytest.approx(found[names.VOUT][row], abs=2e-6)
        bench = {
            "sources": [("inp", "0"), ("vdd", "0")],
            "inductors": [("out", "inn")],
            "capacitors": [("inn", "0")],
        }
        gains = {}
        for hertz in (10.0, 1e3, float(found[names.UGBW][row])):
            y, at, branch = slow.matrix(hertz, **bench)
            right = np.zeros(len(y), dtype=complex)
            right[branch] = 1.0
            gains[hertz] = np.linalg.solve(y, right)[at["out"]]
            if hertz == 1e3:
                noise = np.sqrt(slow.noise(hertz, y, at)) / abs(gains[hertz])
                assert noise == pytest.approx(found[names.NOISE_1KHZ][row], rel=1e-4)
        low, _, crossing = gains
        assert decibels(gains[low]) == pytest.approx(found[names.GAIN][row], abs=0.01)
        # the crossing is interpolated over 1/20 decade
        assert decibels(gains[crossing]) == pytest.approx(0.0, abs=0.05)
        margin = 180 + np.degrees(np.angle(gains[crossing]))
        difference = (margin - found[names.PHASE_MARGIN][row] + 180) % 360 - 180
        assert abs(difference) < 0.5


def test_a_regulator_on_the_slow_bench():
    table, found = well_posed("ldo")
    starts, light_starts = starts_of("ldo", table, 5e-3), starts_of("ldo", table, 1e-4)
    for row, design in enumerate(table.to_dict("records")):
        if abs(found[names.OUTPUT_ERROR][row]) > 0.05:
            continue
        slow = SlowSolver(load_circuit("ldo"), design)
        given, joined = {"ref": SUPPLY / 2}, {"fbg": "fb"}
        light = slow.solve(given, joined, light_starts[row], 1e-4)["out"]
        full = slow.solve(given, joined, starts[row], 5e-3)["out"]
        assert slow.residual < 1e-12
        assert full == pytest.approx(found[names.VOUT][row], abs=1e-6)
        assert light - full == pytest.approx(found[names.LOAD_REGULATION][row], rel=1e-3)
        sources = [("ref", "0"), ("vdd", "0"), ("drive", "0")]
        bench = {"inductors": [("fb", "fbg")], "capacitors": [("fbg", "drive")]}
        y, at, branch = slow.matrix(10.0, sources, **bench)
        right = np.zeros(len(y), dtype=complex)
        right[branch + 2] = 1.0
        answer = np.linalg.solve(y, right)
        loop = -answer[at["fb"]] / answer[at["fbg"]]
        assert decibels(loop) == pytest.approx(found[names.GAIN][row], abs=0.01)
        y, at, branch = slow.matrix(1e6, [("ref", "0"), ("vdd", "0"), ("fb", "fbg")])
        right = np.zeros(len(y), dtype=complex)
        right[branch + 1] = 1.0
        ripple = np.linalg.solve(y, right)[at["out"]]
        assert decibels(ripple) == pytest.approx(found[names.PSR_1MHZ][row], abs=0.01)


def test_a_transimpedance_stage_on_the_slow_bench():
    table, found = well_posed("tia")
    starts = starts_of("tia", table)
    for row, design in enumerate(table.to_dict("records")):
        slow = SlowSolver(load_circuit("tia"), design)
        volts = slow.solve({}, {}, starts[row])
        assert volts["out"] == pytest.approx(found[names.VOUT][row], abs=1e-6)
        for hertz in (10.0, 1e7):
            y, at, _ = slow.matrix(hertz, [("vdd", "0")])
            right = np.zeros(len(y), dtype=complex)
            right[at["in"]] = 1.0
            ohms = np.linalg.solve(y, right)[at["out"]]
            if hertz == 10.0:
                assert decibels(ohms) == pytest.approx(
                    found[names.TRANSIMPEDANCE_DB][row], abs=0.001
                )
            else:
                noise = np.sqrt(slow.noise(hertz, y, at)) / abs(ohms)
                assert noise == pytest.approx(found[names.NOISE_10MHZ][row], rel=1e-4)


# -- what any solution must obey -----------------------------------------------------------------


def operating_points(workload, table, load=0.0):
    """Yield (sized circuit, node voltages) of each design."""
    made = solver(workload)
    bench = made.bench
    for values in made.plan.values(sizes(workload, table)):
        mos, v = np.empty((len(bench.net.mos_sign), N_MOS_FIELDS)), np.empty(len(bench.base))
        sized = Sized(
            bench.net, bench.models, mos, values, bench.row, 1e-13, load, bench.row[bench.output]
        )
        tie_nodes(bench, values, v)
        assert size_transistors(bench, values, mos)
        assert operating_point(sized, bench.starts, v)
        yield sized, v


def balance_of(sized, v):
    n = sized.row.max() + 1
    balance = Balance(np.empty(n), np.empty((n, n)))
    balance_currents(sized, v, balance)
    return balance


@pytest.mark.parametrize("workload", NAMES)
def test_all_random_designs_converge_and_obey_kirchhoff(workload):
    table = draw(workload, 200, seed=5)
    assert (measured(workload, table)["converged"] == 1).all()
    for sized, v in operating_points(workload, table.head(40)):
        assert np.abs(balance_of(sized, v).f).max() < 1e-14


def test_the_jacobian_is_the_derivative_of_the_currents():
    for sized, v in operating_points("fcascode", draw("fcascode", 10)):
        jacobian = balance_of(sized, v).jacobian
        for unknown in range(len(jacobian)):
            ends = []
            for step in (1e-7, -1e-7):
                moved = v.copy()
                moved[sized.row == unknown] += step
                ends.append(balance_of(sized, moved).f)
            slope = (ends[0] - ends[1]) / 2e-7
            assert np.allclose(slope, jacobian[:, unknown], rtol=1e-4, atol=1e-9)


def test_power_is_the_sum_over_elements():
    for (_, v), table_row in zip(
        operating_points("miller2", draw("miller2", 10)), range(10), strict=True
    ):
        design = draw("miller2", 10).to_dict("records")[table_row]
        circuit = load_circuit("miller2")
        slow = SlowSolver(circuit, design)
        volts = dict(zip(circuit.netlist.nodes, v, strict=True))
        slow.volts = volts
        leaves = slow.kirchhoff(volts)
        power = SUPPLY * leaves["vdd"]
        dissipated = sum(
            (volts[m.nodes[0]] - volts[m.nodes[2]]) * current
            for m, current in zip(circuit.netlist.of_kind("m"), _currents(slow), strict=True)
        )
        dissipated += sum(
            (volts[i.nodes[0]] - volts[i.nodes[1]]) * slow.value(i.value)
            for i in circuit.netlist.of_kind("i")
        )
        assert power == pytest.approx(dissipated, rel=1e-6)
        table = draw("miller2", 10).iloc[[table_row]]
        assert measured("miller2", table)[names.POWER][0] == pytest.approx(power, rel=1e-6)


def _currents(slow):
    from tests.cost_models.analog.slow_solver import device_current

    return [
        device_current(card, width, length, *(slow.volts[n] for n in m.nodes))
        for m, card, width, length in slow.mos
    ]


def test_wider_transistors_with_larger_currents_have_the_same_voltages():
    table = draw("ota5t", 50)
    wide = table.copy()
    # the diode of the bias branch keeps its width, so its current must stay
    wide[["m1", "m3", "m5"]] *= 3.0
    one, three = measured("ota5t", table), measured("ota5t", wide)
    assert np.allclose(one[names.VOUT], three[names.VOUT], atol=1e-9)
    bias = 1.8 * table["ib_a"].to_numpy()
    assert np.allclose(3.0 * (one[names.POWER] - bias), three[names.POWER] - bias, rtol=1e-6)
    assert np.allclose(one[names.GAIN], three[names.GAIN], atol=1e-4)


def test_gmin_does_not_matter_where_a_circuit_is_well_posed():
    table, found = well_posed("fcascode", 20)
    for gmin in (1e-14, 1e-12):
        other = measured("fcascode", table, gmin=gmin)
        assert np.abs(other[names.GAIN] - found[names.GAIN]).max() < 0.1


def test_coarser_sweeps_come_close():
    table, found = well_posed("miller2", 40)
    for per_decade, bound in ((10, 0.005), (5, 0.015)):
        coarse = measured("miller2", table, points_per_decade=per_decade)
        error = np.abs(coarse[names.UGBW] / found[names.UGBW] - 1)
        assert np.nanmedian(error) < bound
        assert np.nanmax(error) < 5 * bound
        assert np.array_equal(coarse[names.GAIN], found[names.GAIN])
