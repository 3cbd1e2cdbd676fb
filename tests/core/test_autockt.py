"""The reward of AutoCkt, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.metric import Metric
from archgym.objective_spec import parse_objective
from archgym.outcome import Measurements

METRICS = (
    Metric("gain_db", "dB", "maximize", signed=True),
    Metric("power_w", "W", "minimize"),
)


def reward(gain: float, power: float) -> float:
    objective = parse_objective({"autockt": {"gain_db": 60, "power_w": 1e-4}}, {}, METRICS)
    measured = Measurements.of({"gain_db": [gain], "power_w": [power]})
    return float(objective.score(measured, {}).reward[0])


def test_misses_are_relative_to_value_and_target() -> None:
    assert reward(20.0, 1e-5) == pytest.approx(-40 / 80)
    assert reward(80.0, 3e-4) == pytest.approx(-2 / 4)
    assert reward(20.0, 3e-4) == pytest.approx(-1.0)


def test_close_enough_earns_ten() -> None:
    assert reward(60.0, 1e-4) == 10.0
    assert reward(59.0, 1e-4) == 10.0
    assert reward(57.0, 1e-4) == pytest.approx(-3 / 117)


def test_a_failed_design_earns_the_worst_sum() -> None:
    assert reward(np.nan, 1e-4) == -2.0
