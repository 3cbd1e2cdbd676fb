"""DRACO's table against its development values, and its launch."""

from __future__ import annotations

from pathlib import Path

import pytest

from archgym.experiments import draco
from archgym.experiments.launch import read_launch
from archgym.experiments.plan import read_plan

# Mean utilisation and cycles (exact ones in thousands) by group 1, 2, 4, 8.
KNOWN = {
    ("analytic", "os"): (
        [0.2228, 0.224, 0.226, 0.2360],
        [7_019.428, 3_839.588, 2_249.668, 1_454.708],
    ),
    ("analytic", "ws"): (
        [0.2741, 0.276, 0.283, 0.2934],
        [3_219.520, 1_782.432, 1_063.888, 1_063.888],
    ),
    ("exact", "os"): ([0.255, 0.256, 0.260, 0.273], [4_818, 2_709, 1_654, 1_127]),
    ("exact", "ws"): ([0.274, 0.276, 0.283, 0.293], [3_220, 1_782, 1_064, 1_064]),
}


@pytest.fixture(scope="module")
def rows():
    found = {}
    for row in draco.table():
        found.setdefault((row.cycle_model, row.dataflow), []).append(row)
    return found


@pytest.mark.parametrize("key", KNOWN)
def test_the_table_has_the_known_values(rows, key):
    utilizations, kilocycles = KNOWN[key]
    for row, utilization, cycles in zip(rows[key], utilizations, kilocycles, strict=False):
        assert row.utilization == pytest.approx(utilization, abs=6e-4)
        tolerance = 1e-9 if key[0] == "analytic" else 4e-4
        assert row.cycles / 1e3 == pytest.approx(cycles, rel=tolerance)


@pytest.mark.parametrize("key", KNOWN)
def test_utilization_rises_with_the_group_and_passes_the_claim_between_16_and_32(rows, key):
    gains = [row.gain for row in rows[key]]
    assert gains[0] == 1
    assert gains == sorted(set(gains))
    assert draco.passes_between(rows[key]) == (16, 32)
    cycles = [row.cycles for row in rows[key][:3]]
    assert cycles == sorted(set(cycles), reverse=True)


def test_a_gain_that_is_never_reached(rows):
    assert draco.passes_between(rows["exact", "is"]) is None


def test_row_stationary_by_hand():
    # 3 x 3, 2 channels, 5 filters, 7 x 6 outputs on 4 x 4: 6 rows in 2 folds, 7 output rows in 2
    # folds, 3 * 6 * 5 in time; depthwise, 2 channels one by one: 1 x 2 folds, 3 * 6 in time.
    whole = "conv:K=5,C=2,R=3,S=3,P=7,Q=6"
    assert draco.row_stationary_cycles(whole, 4) == 4 * (8 + 4 + 90 - 2)
    depthwise = "conv:K=2,C=2,R=3,S=3,P=7,Q=6,groups=2"
    assert draco.row_stationary_cycles(depthwise, 4) == 2 * 2 * (8 + 4 + 18 - 2)


def test_latency_against_row_stationary_has_the_size_of_the_claim(rows):
    baseline = draco.row_stationary_cycles()
    for flow, groups in (("os", (16, 32)), ("ws", (4, 8, 16))):
        saved = {row.group: 1 - row.cycles / baseline for row in rows["analytic", flow]}
        assert all(0.3 < saved[group] < 0.55 for group in groups)


def test_the_launch_covers_the_table():
    path = Path(draco.__file__).parent / "launches" / "draco_groups.yaml"
    trials = read_plan(path).trials
    assert len(trials) == 4
    assert read_launch(path).budget == [3 * len(draco.GROUPS)]


def test_the_table_is_printed(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["draco"])
    draco.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 + 6 * 7
    assert sum("between groups 16 and 32" in line for line in lines) == 4
