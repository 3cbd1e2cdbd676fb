"""Tables of results that carry words: verdicts, provenance, and metrics left out on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.metric import Metric
from archgym.objective_spec import parse_objective
from archgym.outcome import Measurements
from archgym.problem import Problem
from archgym.scalar_parameters import Ordinal
from archgym.space import DesignSpace

METRICS = (
    Metric("cost", direction="minimize"),
    Metric("verdict", words=("no", "yes", "open")),
)


class Verdicts(CostModel):
    """The cost is x + 1, missing where x is 3; the verdict x modulo 3, missing where x is 0."""

    name, version, metrics = "verdicts", "1", METRICS
    provenance = {"engine": "by hand"}  # noqa: RUF012

    def __init__(self, reason):
        self.reason = reason

    def evaluate(self, batch: Batch, workload: object) -> Measurements:
        x = batch["x"].astype(np.float64)
        cost = np.where(x == 3, np.nan, x + 1)
        measured = Measurements.of({"cost": cost, "verdict": np.where(x == 0, np.nan, x % 3)})
        rows = np.flatnonzero(x == 3).tolist()
        return replace(
            measured, error={} if self.reason is None else dict.fromkeys(rows, self.reason)
        )


def problem(reason=None):
    space = DesignSpace([Ordinal("x", (0, 1, 2, 3))])
    objective = parse_objective({"minimize": "cost"}, {}, METRICS)
    return Problem("verdicts-v0", space, Verdicts(reason), None, objective)


def test_words_stand_for_codes_in_tables():
    table = problem().evaluate([{"x": x} for x in range(4)])
    assert [None if v != v else v for v in table["verdict"]] == [None, "yes", "open", "no"]
    assert table["engine"].tolist() == ["by hand"] * 4


@pytest.mark.parametrize(
    ("reason", "status", "reward", "error"),
    [
        (None, "infeasible", -0.5, "objective 'minimize cost' has no value here"),
        ("no cost today", "infeasible", -0.5, "no cost today"),
        ("", "ok", 0.0, ""),
    ],
)
def test_a_metric_left_out_on_purpose_is_no_failure(reason, status, reward, error):
    last = problem(reason).evaluate([{"x": 0}, {"x": 3}]).iloc[1]
    assert (last["status"], last["reward"], last["error"]) == (status, reward, error)


def test_a_good_design_is_not_touched_by_what_others_leave_out():
    alone, beside = problem("").evaluate([{"x": 1}]), problem("").evaluate([{"x": 3}, {"x": 1}])
    assert alone["reward"][0] == beside["reward"][1] == 0.5
