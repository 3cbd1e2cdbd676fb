"""Mismatched transistors: Pelgrom's law, offsets by hand, ngspice with the same shifts."""

from __future__ import annotations

import numpy as np
import pytest

import archgym
from archgym.cost_models.analog import foundry, mismatch
from archgym.cost_models.analog.cards import read_cards
from archgym.cost_models.analog.circuits import load_circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.metrics import METRICS, RESULTS
from archgym.cost_models.analog.model import SizingModel
from archgym.errors import SettingError
from tests.cost_models.analog.drawing import draw, sizes, solver
from tests.cost_models.analog.test_ngspice import compare, needs_gf180, needs_ngspice

SAMPLES = 2_000
OFFSET, LOW_GAIN = RESULTS.index("offset_v"), RESULTS.index("gain_db")


def problem(workload="ota5t", **settings):
    return archgym.make_problem("analog.sizing", workload, metrics="without_slew", **settings)


def balanced():
    """A five-transistor amplifier whose pair and mirror are well saturated."""
    return {
        "l1_um": 0.5, "l3_um": 1.0, "l5_um": 1.0, "m1": 10.0, "m3": 3.0, "m5": 4.0, "ib_a": 1e-5
    }  # fmt: skip


def offsets(design, samples=SAMPLES, seed=1):
    """Offsets of mismatched amplifiers less that of the matched one, by the real kernels."""
    circuit, rows = load_circuit("ota5t"), samples + 1
    columns = {name: np.full(rows, float(value)) for name, value in design.items()}
    one = {name: values[:1] for name, values in columns.items()}
    off = [mismatch.shifts(circuit, "afm1", one, seed, k)[0] for k in range(1, rows)]
    results = solver("ota5t", slew=False).measure(columns, np.stack([np.zeros((6, 2)), *off]))
    return results[1:, OFFSET] - results[0, OFFSET]


# -- the law -------------------------------------------------------------------------------------


def test_a_pair_differs_as_pelgrom_has_it():
    circuit = load_circuit("ota5t")
    one = {name: np.array([value]) for name, value in balanced().items()}
    off = np.stack([mismatch.shifts(circuit, "afm1", one, 0, k)[0] for k in range(1, SAMPLES + 1)])
    names = [m.name for m in circuit.netlist.of_kind("m")]
    pair = off[:, names.index("m1")] - off[:, names.index("m2")]
    wanted = np.array([4.1e-3, 0.01]) / np.sqrt(5.0 * 10.0 * 0.5)
    # of 2,000 draws a standard deviation is off by more than 7 % (4.4 sigma) once in 1e5 times
    assert np.allclose(pair.std(axis=0), wanted, rtol=0.07)
    assert np.abs(pair.mean(axis=0) / wanted).max() < 4.4 / np.sqrt(SAMPLES)
    assert abs(np.corrcoef(off[:, 2, 0], off[:, 3, 0])[0, 1]) < 4.4 / np.sqrt(SAMPLES)


def test_a_larger_area_matches_better_with_the_same_numbers():
    circuit = load_circuit("ota5t")
    one = {name: np.array([value, value]) for name, value in balanced().items()}
    one["m1"][1] *= 2.0
    one["l3_um"][1] = 0.5
    small, other = mismatch.shifts(circuit, "afm1", one, 3, 1)
    factors = other / small
    ratios = {"m1": np.sqrt(0.5), "m2": np.sqrt(0.5), "m3": np.sqrt(2), "m4": np.sqrt(2)}
    for row, m in enumerate(circuit.netlist.of_kind("m")):
        assert np.allclose(factors[row], ratios.get(m.name, 1.0)), m.name


@needs_gf180
def test_a_foundrys_coefficients_are_those_of_its_cards():
    assert foundry.matching(1) == pytest.approx((7.148e-9, 7.008e-9, 0.15e-6, 0.1e-6))
    assert foundry.matching(-1) == pytest.approx((6.66e-9, 2.833e-9, 0.15e-6, 0.1e-6))
    circuit = load_circuit("csload")
    one = {"l1_um": np.array([0.6]), "l2_um": np.array([0.6]), "m1": np.array([3.0])}
    one |= {"m2": np.array([6.0]), "ib_a": np.array([1e-5])}
    (off,) = mismatch.shifts(circuit, "gf180", one, 5, 2)
    at = [m.name for m in circuit.netlist.of_kind("m")].index("m1")
    # the cards: 0.7071 par_vth / sqrt((l - par_l) (w - par_w)), in um
    sigma = 0.7071 * 7.148e-3 / np.sqrt((0.6 - 0.15) * 3.0 * (5.0 + 0.1))
    assert off[at, 0] == pytest.approx(sigma * mismatch.draws(5, 2, 3)[at, 0], rel=1e-4)


# -- offsets -------------------------------------------------------------------------------------


def test_offsets_are_those_of_hand_analysis():
    """sigma^2 = pair's thresholds + mirror's times (gm3/gm1)^2 + betas times (Id/gm1)^2."""
    found = offsets(balanced()).std()
    cards = {card.name: card.values for card in read_cards()}
    current = 0.5 * 4.0 / 2.0 * 1e-5  # half of what the tail mirrors
    beta1 = cards["n050"]["kp"] * 10 * 5 / 0.5
    beta3 = cards["p100"]["kp"] * 3 * 5 / 1.0
    over1, over3 = np.sqrt(2 * current / beta1), np.sqrt(2 * current / beta3)
    areas = {"pair": 5 * 10 * 0.5, "mirror": 5 * 3 * 1.0}
    threshold = {part: 4.1e-3 / np.sqrt(area) for part, area in areas.items()}
    beta = {part: 0.01 / np.sqrt(area) for part, area in areas.items()}
    ratio = over1 / over3  # gm3 / gm1
    variance = threshold["pair"] ** 2 + (ratio * threshold["mirror"]) ** 2
    variance += (over1 / 2) ** 2 * (beta["pair"] ** 2 + beta["mirror"] ** 2)
    # 3 % for channel-length modulation and the finite gain, 7 % as above: once in 1e5 times
    assert found == pytest.approx(np.sqrt(variance), rel=0.1)


def test_twice_the_area_gives_less_offset():
    """All transistors of the signal twice as wide at twice the current: same voltages."""
    wide = balanced()
    wide |= {"m1": 20.0, "m3": 6.0, "m5": 8.0}
    # the bias diode keeps its size, but moves both inputs alike
    assert offsets(wide).std() / offsets(balanced()).std() == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_the_same_shifts_by_other_means():
    """A threshold shift of one input transistor is a source before its gate."""
    here = solver("ota5t", slew=False)
    one = {name: np.array([value]) for name, value in balanced().items()}
    off = np.zeros((1, 6, 2))
    names = [m.name for m in here.circuit.netlist.of_kind("m")]
    off[0, names.index("m1"), 0] = 2e-3
    plain, moved = here.measure(one)[0], here.measure(one, off)[0]
    gain = 10 ** (plain[LOW_GAIN] / 20)
    wanted = -2e-3 * gain / (1 + gain)  # a larger threshold of m1 lowers the output
    assert moved[OFFSET] - plain[OFFSET] == pytest.approx(wanted, rel=5e-3)


# -- as a setting --------------------------------------------------------------------------------


def test_metrics_are_the_worst_of_the_samples():
    made = problem(mismatch_samples=8, mismatch_seed=4)
    designs = draw("ota5t", 6)
    found = made.evaluate(designs)
    circuit = load_circuit("ota5t")
    columns = sizes("ota5t", designs)
    off = [np.zeros((6, 6, 2))]
    off += [mismatch.shifts(circuit, "afm1", columns, 4, k) for k in range(1, 9)]
    each = np.stack([solver("ota5t", slew=False).measure(columns, shift) for shift in off])
    assert np.array_equal(found["gain_db"], each[:, :, LOW_GAIN].min(axis=0))
    assert np.array_equal(found["power_w"], each[:, :, RESULTS.index("power_w")].max(axis=0))
    furthest = np.abs(each[:, :, OFFSET]).max(axis=0)
    assert np.array_equal(found["offset_v"].abs(), furthest)
    spread = np.sqrt(((each[1:, :, OFFSET] - each[0, :, OFFSET]) ** 2).mean(axis=0))
    assert np.allclose(found["offset_sigma_v"], spread, rtol=1e-12)
    assert (found["vout_dc_v"] == each[0, :, RESULTS.index("vout_dc_v")]).all()


def test_a_design_measures_the_same_alone_and_among_others():
    made = problem("miller2", mismatch_samples=3)
    designs = draw("miller2", 5)
    together, alone = made.evaluate(designs), made.evaluate(designs.iloc[[3]])
    for name in made.metric_names:
        assert np.array_equal(together[name][[3]], alone[name], equal_nan=True), name
    assert "offset_sigma_v" in made.metric_names
    again = problem("miller2", mismatch_samples=3).evaluate(designs)
    assert again.equals(together)
    other = problem("miller2", mismatch_samples=3, mismatch_seed=1).evaluate(designs)
    assert not np.allclose(other["offset_sigma_v"], together["offset_sigma_v"])


def test_corners_and_samples_go_together_and_without_them_nothing_changes():
    conditions = Conditions.of(problem("csload").settings | ADDED)
    assert len(conditions.cases()) == 5 * 3
    assert SizingModel(Conditions()).metrics == METRICS
    for name, value in (("mismatch_samples", -1), ("mismatch_seed", -2)):
        with pytest.raises(SettingError, match=name):
            problem(**{name: value})


ADDED = {
    "process": "tt", "supply_scale": 1.0, "corners": "process", "mismatch_samples": 2,
    "mismatch_seed": 0, "rejection": False,
}  # fmt: skip


@needs_ngspice
@pytest.mark.parametrize("workload", ["ota5t", "miller2", "comparator"])
def test_mismatched_circuits_agree_live(workload):
    settings = {"mismatch_samples": 2, "mismatch_seed": 7, "process": "ss", "objective": "power"}
    here, there = (
        problem(workload, **settings),
        problem(workload, cost_model="ngspice", **settings),
    )
    designs = here.space.sample(np.random.default_rng(9), 4).frame()
    ours, theirs = here.evaluate(designs), there.evaluate(designs)
    compare(ours, theirs, set(here.metric_names) - {"offset_sigma_v"}, 3e-4)
    posed = theirs["well_posed"] == 1
    sigmas = [table["offset_sigma_v"][posed] for table in (ours, theirs)]
    assert np.allclose(*sigmas, rtol=1e-2, atol=1e-6)
    assert (sigmas[0] > 1e-5).all()


@needs_ngspice
@needs_gf180
def test_a_foundrys_transistors_are_mismatched_in_ngspice():
    made = problem(model="gf180", mismatch_samples=6)
    wide = {"m1": 20.0, "m3": 8.0, "m5": 8.0, "l1_um": 1.0, "l3_um": 1.0}
    found = made.evaluate([wide, {**wide, "m1": 5.0, "m3": 2.0, "m5": 2.0}])
    # a quarter of each area, the same numbers: twice the offset
    assert found["offset_sigma_v"][1] / found["offset_sigma_v"][0] == pytest.approx(2.0, rel=0.03)
    assert 1e-4 < found["offset_sigma_v"][0] < 5e-3
