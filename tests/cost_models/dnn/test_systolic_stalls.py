"""Stalls of systolic arrays: the rule fold by fold, and what holds whatever the numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archgym
from archgym.envs.dnn.systolic import ENVIRONMENT

COLUMNS = ENVIRONMENT.make_problem("columns")
BUFFERS = ("ifmap_sram_words", "filter_sram_words", "ofmap_sram_words")

size = st.integers(1, 7)
words = st.one_of(st.none(), st.integers(1, 400))
designs = st.fixed_dictionaries(
    dict.fromkeys("NPQRS", st.integers(1, 4))
    | {"k": size, "c": size, "groups": st.integers(1, 3)}
    | {"rows": st.integers(1, 6), "cols": st.integers(1, 6)}
    | {"dataflow": st.sampled_from(["os", "ws", "is"])}
    | dict.fromkeys(BUFFERS, words)
    | {"dram_bw": st.sampled_from([0.01, 0.3, 1, 2.5, 7, 64])}
)


def complete(drawn):
    design = dict(drawn)
    groups = design["groups"]
    return design | {"K": design.pop("k") * groups, "C": design.pop("c") * groups}


def evaluate(rows):
    return COLUMNS.evaluate(pd.DataFrame(rows)).to_dict("records")


class Buffer:
    """Holds blocks by name as long as they, or all that may come, fit."""

    def __init__(self, capacity):
        self.capacity = math.inf if capacity is None else capacity
        self.held = {}

    def take(self, name, count, along):
        """Return the words to fetch for a block; ``along``: what must fit to be kept."""
        if self.held.get(name) == count:
            return 0
        if along <= self.capacity:
            self.held[name] = count
        return count


def pieces(total, side):
    return [min(side, total - first) for first in range(0, total, side)]


def by_folds(design):
    """Cycles and words of one layer, by going through its folds with real buffers."""
    groups, rows, cols = design["groups"], design["rows"], design["cols"]
    pixels = design["N"] * design["P"] * design["Q"]
    reduction, filters = design["R"] * design["S"] * design["C"] // groups, design["K"] // groups
    flow = design["dataflow"]
    over_rows, over_cols, streamed = {
        "os": (pixels, filters, reduction),
        "ws": (reduction, filters, pixels),
        "is": (reduction, pixels, filters),
    }[flow]
    ifmap, weights, ofmap = (Buffer(design[name]) for name in BUFFERS)
    by_row = weights if flow == "is" else ifmap
    steps = []
    row_pieces, col_pieces = pieces(over_rows, rows), pieces(over_cols, cols)
    for i, height in enumerate(row_pieces):
        by_row.held.clear()
        for j, width in enumerate(col_pieces):
            fetch = by_row.take(i, height * streamed, height * streamed)
            if flow == "os":
                fetch += weights.take(j, width * streamed, over_cols * streamed)
                write = height * width
            else:
                fetch += height * width
                fits = over_cols * streamed <= ofmap.capacity
                fetch += 0 if fits or i == 0 else width * streamed
                write = 0 if fits and i < len(row_pieces) - 1 else width * streamed
            steps.append((fetch, write))
    fold = streamed + (1 if flow == "os" else 2) * rows + cols - 2
    bandwidth = design["dram_bw"]
    cycles = (steps[0][0] + steps[-1][1]) / bandwidth
    for place in range(len(steps)):
        after = steps[place + 1][0] if place + 1 < len(steps) else 0
        before = steps[place - 1][1] if place else 0
        computing = fold - (place + 1 == len(steps))
        cycles += max(computing, (after + before) / bandwidth)
    return groups * math.ceil(cycles - 1e-9), groups * sum(map(sum, steps))


@settings(max_examples=150, deadline=None)
@given(designs)
def test_going_through_the_folds_gives_the_same(drawn):
    design = complete(drawn)
    found = evaluate([design])[0]
    cycles, moved = by_folds(design)
    assert found["dram_words"] == moved
    assert abs(found["cycles"] - cycles) <= design["groups"], "rounding of a sum"
    assert found["cycles"] == found["stall_free_cycles"] + found["stall_cycles"]


@settings(max_examples=60, deadline=None)
@given(designs, st.sampled_from([1.5, 4, 1e9]), st.sampled_from([1, 37, 10_000]))
def test_the_promises(drawn, faster, larger):
    design = complete(drawn)
    wider = design | {"dram_bw": design["dram_bw"] * faster}
    grown = [
        design | {name: None if design[name] is None else design[name] + larger}
        for name in BUFFERS
    ]
    first, wide, *grown = evaluate([design, wider, *grown])
    assert first["cycles"] >= first["stall_free_cycles"]
    assert wide["cycles"] <= first["cycles"]
    assert all(g["cycles"] <= first["cycles"] for g in grown)
    assert all(g["dram_words"] <= first["dram_words"] for g in grown)
    assert first["cycles"] >= first["dram_words"] / design["dram_bw"] * (1 - 1e-12)


@settings(max_examples=40, deadline=None)
@given(designs)
def test_unlimited_bandwidth_leaves_no_stalls(drawn):
    design = complete(drawn) | {"dram_bw": 1e15}
    found = evaluate([design])[0]
    assert 0 <= found["stall_cycles"] <= design["groups"], "less than a cycle a group, rounded up"
    without = evaluate([design | {"dram_bw": None}])[0]
    assert without["stall_cycles"] == 0
    assert np.isnan(without["dram_words"])
    assert without["stall_free_cycles"] == found["stall_free_cycles"]


@settings(max_examples=40, deadline=None)
@given(designs)
def test_buffers_without_bandwidth_change_nothing(drawn):
    design = complete(drawn) | {"dram_bw": None}
    bare = design | dict.fromkeys(BUFFERS)
    with_buffers, without = evaluate([design, bare])
    for name in COLUMNS.metric_names:
        assert with_buffers[name] == without[name] or name == "dram_words"


def test_compulsory_words_and_a_whole_network():
    """Buffers that hold everything move every operand once; networks sum over their layers."""
    found = archgym.make_problem("dnn.systolic", "resnet18/conv2_x").evaluate(
        [{"dram_bw": 8, "dataflow": flow} for flow in ("os", "ws", "is")]
    )
    pixels, reduction, filters = 56 * 56, 64 * 9, 64
    once = pixels * reduction + reduction * filters + pixels * filters
    assert found["dram_words"].tolist() == [once] * 3
    network = archgym.make_problem("dnn.systolic", "resnet18")
    total = network.evaluate([{"dram_bw": 8}])["cycles"][0]
    parts = [
        count
        * archgym.make_problem("dnn.systolic", f"resnet18/{label}")
        .evaluate([{"dram_bw": 8}])
        .loc[0, "cycles"]
        for label, count in zip(network.workload.labels, network.workload.counts, strict=True)
    ]
    assert total == pytest.approx(sum(parts))
