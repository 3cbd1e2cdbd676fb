from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgym import Measurements, Metric, Status
from archgym.errors import SettingError, UnknownNameError
from archgym.objective_spec import parse_objective

METRICS = (
    Metric("time_ns", "ns", "minimize"),
    Metric("energy_pj", "pJ", "minimize"),
    Metric("bandwidth_gb_per_s", "GB/s", "maximize"),
    Metric("gain_db", "dB", "maximize", signed=True),
    Metric("commands"),
)
NAMED = {"latency": {"minimize": "time_ns"}}
REFERENCE = {"time_ns": 100.0, "energy_pj": 50.0, "bandwidth_gb_per_s": 4.0, "gain_db": -3.0}
FORMS = [
    {"minimize": "time_ns"},
    {"maximize": "bandwidth_gb_per_s"},
    {"maximize": "gain_db"},
    {"weighted": {"time_ns": 2, "bandwidth_gb_per_s": 1}},
    {"product": ["energy_pj", "time_ns"]},
    {"product": {"energy_pj": 1, "time_ns": 2}},
    {"targets": {"time_ns": 80, "bandwidth_gb_per_s": 5, "gain_db": 0}},
    {"pareto": ["time_ns", "energy_pj", "gain_db"]},
]
positive = st.floats(1e-6, 1e12)
signed = st.floats(-1e6, 1e6)


def measured(time=100.0, energy=50.0, bandwidth=4.0, gain=-3.0, violation=0.0):
    values = {"time_ns": time, "energy_pj": energy, "bandwidth_gb_per_s": bandwidth}
    values |= {"gain_db": gain, "commands": 7.0}
    columns = {name: np.atleast_1d(np.asarray(v, dtype=float)) for name, v in values.items()}
    size = max(len(column) for column in columns.values())
    columns = {name: np.resize(column, size) for name, column in columns.items()}
    return Measurements.of(columns, np.resize(np.atleast_1d(violation), size))


def reward(spec, **values):
    return parse_objective(spec, NAMED, METRICS).score(measured(**values), REFERENCE).reward


@pytest.mark.parametrize("spec", FORMS, ids=str)
def test_the_reference_design_earns_one_unless_there_are_targets(spec):
    if "targets" not in spec:
        assert reward(spec) == pytest.approx([1.0])


def test_twice_as_good_earns_two():
    assert reward("latency", time=50.0) == pytest.approx([2.0])
    assert reward({"maximize": "bandwidth_gb_per_s"}, bandwidth=8.0) == pytest.approx([2.0])
    assert reward({"product": ["energy_pj", "time_ns"]}, time=50, energy=25) == pytest.approx([4])


@pytest.mark.parametrize("spec", FORMS, ids=str)
@given(a=positive, b=positive, other=positive, gains=st.tuples(signed, signed))
def test_rewards_are_monotone_positive_and_finite(spec, a, b, other, gains):
    worse, better = max(a, b), min(a, b)
    low, high = sorted(gains)
    fixed = {"energy": other}
    for bad, good in (
        ({"time": worse}, {"time": better}),
        ({"bandwidth": better}, {"bandwidth": worse}),
        ({"gain": low}, {"gain": high}),
    ):
        poor, rich = reward(spec, **bad, **fixed)[0], reward(spec, **good, **fixed)[0]
        assert 0 < poor <= rich * (1 + 1e-12)
        assert np.isfinite(rich)


def test_every_feasible_design_beats_every_infeasible_one():
    limited = {"minimize": "time_ns", "subject_to": {"energy_pj": {"max": 60}}}
    objective = parse_objective(limited, NAMED, METRICS)
    outcomes = objective.score(measured(time=[1e9, 1, 1], energy=[60, 66, 600]), REFERENCE)
    assert outcomes.labels() == ["ok", "infeasible", "infeasible"]
    assert outcomes.reward[0] > 0 > outcomes.reward[1] > outcomes.reward[2] > -1
    assert outcomes.error[1] == "energy_pj is 66, required <= 60"


def test_a_limit_may_be_a_multiple_of_the_reference():
    limited = {"minimize": "energy_pj", "subject_to": {"time_ns": {"max_ratio": 1.1}}}
    objective = parse_objective(limited, NAMED, METRICS)
    bound = 1.1 * REFERENCE["time_ns"]
    outcomes = objective.score(measured(time=[bound, 2 * bound]), REFERENCE)
    assert outcomes.labels() == ["ok", "infeasible"]
    assert outcomes.error == {1: f"time_ns is {2 * bound:g}, required <= {bound:g}"}
    assert outcomes.violation == pytest.approx([0.0, 1.0])
    assert "time_ns" in [metric.name for metric in objective.compared]


def test_failed_and_missing_values_are_finite_and_last():
    bad = measured(time=[np.nan, 1.0])
    crashed = Measurements(bad.metrics, bad.violation, np.array([0, 3], np.uint8), {1: "boom"})
    outcomes = parse_objective("latency", NAMED, METRICS).score(crashed, REFERENCE)
    assert outcomes.labels() == ["infeasible", "crashed"]
    assert outcomes.reward.tolist() == [-0.5, -1.0]
    assert outcomes.error == {0: "objective 'latency' has no value here", 1: "boom"}


def test_the_models_own_verdict_counts():
    outcomes = parse_objective("latency", NAMED, METRICS).score(
        measured(time=1.0, violation=3.0), REFERENCE
    )
    assert outcomes.status[0] == Status.INFEASIBLE
    assert outcomes.reward[0] == pytest.approx(-0.75)


def test_targets_are_met_exactly_from_reward_one_on():
    spec = {"targets": {"time_ns": 80, "bandwidth_gb_per_s": 5}}
    got = reward(spec, time=[80, 81, 40], bandwidth=[5, 500, 10])
    assert got[0] == pytest.approx(1.0)
    assert got[1] < 1.0 < got[2] < 2.0


def test_pareto_keeps_one_column_per_metric():
    objective = parse_objective({"pareto": ["time_ns", "energy_pj"]}, NAMED, METRICS)
    outcomes = objective.score(measured(time=[50, 100], energy=[50, 25]), REFERENCE)
    assert outcomes.objectives.tolist() == [[2.0, 1.0], [1.0, 2.0]]


def test_the_legacy_reward_has_its_pole_capped():
    spec = {"archgym_legacy": {"time_ns": {"target": 0.1, "scale": 1e-6}}}
    assert reward(spec, time=[1e5, 0.05e6, 0.2e6]) == pytest.approx([1e3, 2.0, 1.0])


def test_the_inverse_reward_is_one_over_the_product_in_its_units():
    spec = {"archgym_inverse": {"time_ns": 2.0}}
    assert reward(spec, time=[1.0, 4.0]) == pytest.approx([0.5, 0.125])


@pytest.mark.parametrize(
    ("spec", "error", "text"),
    [
        ("latncy", UnknownNameError, "did you mean 'latency'"),
        ({"minimise": "time_ns"}, UnknownNameError, "did you mean 'minimize'"),
        ({"minimize": "time"}, UnknownNameError, "known: "),
        ({"maximize": "time_ns"}, SettingError, "is to be minimized"),
        ({"minimize": "time_ns", "maximize": "gain_db"}, SettingError, "exactly one"),
        ({"product": ["commands"]}, SettingError, "neutral"),
        ({"weighted": {"time_ns": -1}}, SettingError, "positive"),
        ({"weighted": {"time_ns": "x"}}, SettingError, "not a number"),
        ({"targets": {"time_ns": 0}}, SettingError, "positive"),
        ({"targets": {}}, SettingError, "mapping"),
        ({"pareto": ["time_ns"]}, SettingError, "at least two"),
        ({"minimize": "time_ns", "subject_to": {"energy_pj": {"most": 1}}}, SettingError, "max"),
        ({"archgym_inverse": {"time_ns": 0}}, SettingError, "positive factors"),
        (7, SettingError, "neither"),
    ],
)
def test_badly_made_objectives_are_refused(spec, error, text):
    with pytest.raises(error, match=text):
        parse_objective(spec, NAMED, METRICS)


def test_a_neutral_metric_takes_the_direction_that_is_asked():
    got = parse_objective({"minimize": "commands"}, NAMED, METRICS)
    assert got.score(measured(), {"commands": 14.0}).reward == pytest.approx([2.0])


def test_metric_names_end_with_their_unit():
    with pytest.raises(SettingError, match="_pj"):
        Metric("energy", "pJ")
