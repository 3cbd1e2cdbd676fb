"""Tile mappings against MAESTRO's records, a walk of their loops, and invariants."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from archgym.envs.dnn.tiles import ENVIRONMENT
from tests.cost_models.dnn.designs import recorded
from tests.cost_models.dnn.walking_tiles import (
    DIMENSIONS,
    TileMapping,
    compute_cycles,
    traffic,
)

PROBLEM = ENVIRONMENT.make_problem("columns")
WIDE = 2**30


def test_runtime_ranks_mappings_of_all_layers_as_the_tool_does():
    rows, designs = recorded("tiles_maestro_dev.csv")
    found = PROBLEM.evaluate(designs)
    expected = [float(row["exp_runtime_cycles"]) for row in rows]
    assert (found["status"] == "ok").all()
    assert found["macs"].tolist() == [
        math.prod(int(row[d]) for d in ("N", *DIMENSIONS)) for row in rows
    ]
    assert spearmanr(expected, found["runtime_cycles"]).statistic > 0.94


def row_of(m: TileMapping, **bandwidths: int) -> dict[str, object]:
    row: dict[str, object] = {"noc_bw": WIDE, "offchip_bw": WIDE} | dict(m.size)
    for name in ("stride", "num_pes", "cluster_size", "l2_par", "l1_par", "l2_order", "l1_order"):
        row[name] = getattr(m, name)
    for level in ("l2", "l1"):
        row |= {f"{level}_{d}": getattr(m, level)[d] for d in DIMENSIONS}
    return row | bandwidths


def evaluate(*rows: dict[str, object]) -> list[dict[str, float]]:
    return PROBLEM.evaluate(list(rows)).to_dict("records")


orders = st.permutations(DIMENSIONS).map("".join)
spread = st.sampled_from("KCPQ")


@st.composite
def mappings(draw, even: bool):
    """Tiles of any size, or of powers of two that divide each other."""
    size, l2, l1 = {}, {}, {}
    for d in DIMENSIONS:
        if even:
            powers = sorted(draw(st.lists(st.sampled_from([1, 2, 4]), min_size=3, max_size=3)))
            l1[d], l2[d], size[d] = powers
        else:
            size[d] = draw(st.integers(1, 6))
            l2[d] = draw(st.integers(1, size[d]))
            l1[d] = draw(st.integers(1, l2[d]))
    units = st.sampled_from([1, 2, 4]) if even else st.integers(1, 5)
    cluster = draw(units)
    pes = cluster * draw(units)
    pars, words = (draw(spread), draw(spread)), (draw(orders), draw(orders))
    return TileMapping(size, l2, l1, *pars, *words, pes, cluster, draw(st.integers(1, 3)))


@settings(deadline=None, max_examples=60)
@given(mappings(even=False))
def test_compute_time_is_what_a_walk_of_the_rounds_takes(mapping):
    found = evaluate(row_of(mapping))[0]
    assert found["compute_cycles"] == found["runtime_cycles"] == compute_cycles(mapping)


@settings(deadline=None, max_examples=40)
@given(mappings(even=True), st.integers(1, 9), st.integers(1, 9))
def test_traffic_is_what_a_walk_of_the_tiles_moves(mapping, noc_bw, offchip_bw):
    found = evaluate(row_of(mapping, noc_bw=noc_bw, offchip_bw=offchip_bw))[0]
    words = traffic(mapping)
    assert found["l2_accesses"] == words["l2_accesses"]
    assert found["dram_words"] == words["dram_words"]
    bound = max(words["noc_words"] // noc_bw, words["dram_words"] // offchip_bw)
    assert found["runtime_cycles"] == max(compute_cycles(mapping), bound)


@settings(deadline=None, max_examples=60)
@given(mappings(even=False), st.sampled_from(["noc_bw", "offchip_bw"]), st.integers(1, 99), orders)
def test_invariants(mapping, bandwidth, width, other_order):
    row = row_of(mapping, **{bandwidth: width}) | {"N": 2}
    wider = row | {bandwidth: 2 * width}
    whole = row | {f"l1_{d}": row[f"l2_{d}"] for d in DIMENSIONS}
    both = evaluate(row, wider, row, whole, whole | {"l1_order": other_order})
    assert both[0] == both[2] == evaluate(row)[0]
    assert both[1]["runtime_cycles"] <= both[0]["runtime_cycles"]
    assert both[3] | {"l1_order": ""} == both[4] | {"l1_order": ""}, "loops that run once"
    for found in both:
        assert found["runtime_cycles"] >= found["macs"] / mapping.num_pes
        weights = math.prod(mapping.size[d] for d in "KCRS")
        outputs = 2 * math.prod(mapping.size[d] for d in "KPQ")
        assert found["dram_words"] >= weights + outputs


def test_what_is_too_large_is_infeasible_or_cut():
    # Powers of two: the tiles of the default layer and their parts.
    base = {"K": 8, "C": 8, "R": 1, "S": 1, "P": 4, "Q": 4, "num_pes": 16, "cluster_size": 4}
    wrong = [
        base | {"l2_K": 16},
        base | {"l2_K": 4, "l1_K": 8},
        base | {"cluster_size": 32},
    ]
    right = [base | {"l2_K": 8}, base | {"l2_K": 4, "l1_K": 4}, base | {"cluster_size": 16}]
    refused = evaluate(*wrong)
    assert [row["status"] for row in refused] == ["infeasible"] * 3
    assert [row["error"].split(":")[0] for row in refused] == ["tile_size"] * 2 + ["pe_count"]
    assert all(row["runtime_cycles"] != row["runtime_cycles"] for row in refused), "no metric"
    cut = evaluate(*(row | {"bounds": "fitted"} for row in wrong))
    names = [metric.name for metric in PROBLEM.cost_model.metrics]
    for one, other in zip(cut, evaluate(*right), strict=True):
        assert {n: one[n] for n in names} == {n: other[n] for n in names}


def test_energy_is_a_sum_of_counts_times_energies():
    prices = {"e_mac_pj": 2.0, "e_l1_pj": 3.0, "e_l2_pj": 5.0, "e_dram_pj": 7.0}
    problem = ENVIRONMENT.make_problem("resnet18/conv3_x", **prices)
    found = problem.outcomes(problem.space.sample(np.random.default_rng(0), 50)).metrics
    parts = {"macs": 2, "l1_accesses": 3, "l2_accesses": 5, "dram_words": 7}
    np.testing.assert_allclose(found["energy_pj"], sum(w * found[n] for n, w in parts.items()))
