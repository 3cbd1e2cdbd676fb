"""Mappings against records of timeloop-model v3.0 and its mapper."""

from __future__ import annotations

import pytest

from tests.cost_models.dnn.designs import columns_problem, recorded

EXACT = ("compute_cycles", "utilized_pes", "macs")


@pytest.fixture(scope="module")
def records():
    rows, designs = recorded("mapping_timeloop_dev.csv")
    return rows, columns_problem().evaluate(designs).to_dict("records")


def test_every_count_is_exact(records):
    compared = 0
    for row, found in zip(*records, strict=True):
        if row["exp_status"] != "ok":
            continue
        assert found["status"] == "ok", row["case_id"]
        for key, text in row.items():
            name = key.removeprefix("exp_")
            if key.startswith("exp_") and (name in EXACT or name.count("_") == 2):
                assert found[name] == float(text), (row["case_id"], name)
                compared += 1
    assert compared == 276 * (18 + len(EXACT))


def test_cycles_and_energy_agree(records):
    for row, found in zip(*records, strict=True):
        if row["exp_status"] == "ok":
            assert 0 <= float(row["exp_cycles"]) - found["cycles"] <= 1, row["case_id"]
            assert found["energy_pj"] == pytest.approx(float(row["exp_energy_pj"]), rel=1e-6)


def test_what_the_tool_rejects_is_infeasible_for_the_same_reason(records):
    rejected = 0
    for row, found in zip(*records, strict=True):
        if row["exp_status"] != "ok":
            assert found["status"] == "infeasible", row["case_id"]
            assert found["error"].split(":")[0] == row["exp_infeasible_reason"], row["case_id"]
            assert found["cycles"] != found["cycles"], "no metric"
            assert -1 < found["reward"] < 0
            rejected += 1
    assert rejected == 24


def test_the_best_mappings_of_its_mapper_cost_what_it_says():
    rows, designs = recorded("mapper_reference_dev.csv")
    found = columns_problem().evaluate(designs).to_dict("records")
    for row, ours in zip(rows, found, strict=True):
        assert abs(float(row["best_cycles"]) - ours["cycles"]) <= 1
        assert ours["energy_pj"] / 1e6 == pytest.approx(float(row["best_energy_uj"]), abs=0.006)
