"""Template dataflows against MAESTRO's records, a walk of their loops, and invariants."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from archgym.cost_models.dnn.dataflow.templates import DATAFLOWS
from archgym.envs.dnn.dataflow import ENVIRONMENT
from tests.cost_models.dnn.designs import recorded
from tests.cost_models.dnn.walking_templates import Shape, walk

PROBLEM = ENVIRONMENT.make_problem("columns")


@pytest.fixture(scope="module")
def records():
    rows, designs = recorded("dataflow_maestro_dev.csv")
    return rows, PROBLEM.evaluate(designs).to_dict("records")


def test_runtime_is_within_one_percent_at_stride_1(records):
    compared = 0
    for row, found in zip(*records, strict=True):
        if row["class"] == "exact":
            expected = float(row["exp_runtime_cycles"])
            assert found["runtime_cycles"] == pytest.approx(expected, rel=0.01), row["case_id"]
            assert found["macs"] == float(row["info_num_macs"])
            compared += 1
    assert compared == 144


def test_designs_of_a_layer_rank_as_in_the_tool_at_any_stride(records):
    runs: dict[str, list[tuple[float, float]]] = {}
    for row, found in zip(*records, strict=True):
        pair = float(row["exp_runtime_cycles"]), found["runtime_cycles"]
        runs.setdefault(row["layer_name"], []).append(pair)
    assert len(runs) == 9
    for layer, pairs in runs.items():
        assert spearmanr(*zip(*pairs, strict=True)).statistic > 0.96, layer


def test_buffers_and_traffic_agree_at_stride_1(records):
    exact = {"l1_bytes": 0, "l2_bytes": 0}
    for row, found in zip(*records, strict=True):
        if row["class"] != "exact":
            continue
        for name in exact:
            exact[name] += found[name] == float(row[f"info_{name[:2]}_req_bytes"])
        read = float(row["info_in_l2_rd"]) + float(row["info_w_l2_rd"])
        traffic = read + 2 * float(row["info_out_l2_wr"])  # partial sums return, results leave
        assert found["l2_accesses"] == pytest.approx(traffic, rel=0.12), row["case_id"]
    assert exact == {"l1_bytes": 144, "l2_bytes": 143}


sizes = st.integers(1, 7)
few = st.integers(1, 3)
bandwidths = st.integers(1, 40)


@settings(deadline=None)
@given(
    st.sampled_from(DATAFLOWS),
    st.builds(
        Shape, sizes, st.integers(1, 2), sizes, st.integers(3, 11), sizes, st.integers(1, 3)
    ),
    st.integers(1, 40),
    bandwidths,
    bandwidths,
)
def test_the_closed_forms_are_what_a_walk_of_the_loops_counts(
    dataflow, shape, pes, noc_bw, offchip_bw
):
    if dataflow == "rs":
        shape = Shape(**(asdict(shape) | {"K": 2 * shape.K, "C": 3 * shape.C}))
    design = asdict(shape) | {
        "dataflow": dataflow,
        "num_pes": pes,
        "noc_bw": noc_bw,
        "offchip_bw": offchip_bw,
    }
    found = PROBLEM.evaluate([design]).to_dict("records")[0]
    expected = walk(dataflow, shape, pes, noc_bw, offchip_bw)
    assert {name: found[name] for name in expected} == expected


channels = st.integers(1, 100)
layers = st.fixed_dictionaries(
    {
        "N": st.integers(1, 2),
        "K": channels,
        "C": channels,
        "P": sizes,
        "Q": sizes,
        "R": st.integers(1, 5),
        "S": st.integers(1, 5),
        "stride": st.integers(1, 3),
    }
)
designs = st.fixed_dictionaries(
    {
        "dataflow": st.sampled_from(DATAFLOWS),
        "num_pes": st.integers(1, 300),
        "noc_bw": st.integers(1, 300),
        "offchip_bw": st.integers(1, 300),
    }
)


@settings(deadline=None)
@given(layers, designs, st.sampled_from(["noc_bw", "offchip_bw"]), st.booleans())
def test_invariants(layer, design, bandwidth, depthwise):
    if depthwise:
        layer = layer | {"K": layer["C"], "groups": layer["C"]}
    row = layer | design
    wider = row | {bandwidth: 2 * row[bandwidth]}
    both = PROBLEM.evaluate([row, wider, row]).to_dict("records")
    one = PROBLEM.evaluate([row]).to_dict("records")[0]
    first, second, third = both
    assert one == first == third
    assert second["runtime_cycles"] <= first["runtime_cycles"]
    assert first["runtime_cycles"] >= first["macs"] / row["num_pes"]
    assert 0 < first["utilization"] <= 1
    groups = layer.get("groups", 1)
    weights = layer["K"] * (layer["C"] // groups) * layer["R"] * layer["S"]
    outputs = layer["N"] * layer["K"] * layer["P"] * layer["Q"]
    assert first["dram_words"] >= weights + outputs


def test_energy_is_a_sum_of_counts_times_energies():
    space = ENVIRONMENT.make_problem("mobilenet_v1").space
    batch = space.sample(np.random.default_rng(0), 20)

    def energy(**settings):
        problem = ENVIRONMENT.make_problem("mobilenet_v1", **settings)
        return problem.outcomes(batch).metrics

    given_energies = {"e_mac_pj": 2.0, "e_l1_pj": 3.0, "e_l2_pj": 5.0, "e_dram_pj": 7.0}
    found = energy(**given_energies)
    parts = {"macs": 2, "l1_accesses": 3, "l2_accesses": 5, "dram_words": 7}
    np.testing.assert_allclose(found["energy_pj"], sum(w * found[n] for n, w in parts.items()))
    doubled = energy(**{name: 2 * value for name, value in given_energies.items()})
    np.testing.assert_array_equal(doubled["energy_pj"], 2 * found["energy_pj"])


def test_a_network_is_the_sum_of_its_layers():
    design = [{"dataflow": "yxp_os"}]
    whole = ENVIRONMENT.make_problem("resnet18").evaluate(design).iloc[0]
    network = ENVIRONMENT.load_workload("resnet18", {})
    parts = [
        ENVIRONMENT.make_problem(f"resnet18/{label}").evaluate(design).iloc[0]
        for label in network.labels
    ]
    for name in ("runtime_cycles", "macs", "energy_pj", "dram_words"):
        total = sum(c * part[name] for c, part in zip(network.counts, parts, strict=True))
        assert whole[name] == pytest.approx(total, rel=1e-12)
    assert whole["l2_bytes"] == max(part["l2_bytes"] for part in parts)


def test_area_by_hand():
    # ResNet-18 conv2_x on 64 PEs: 54 bytes a PE are one unit of L1, 2,306 bytes one of L2.
    problem = ENVIRONMENT.make_problem("resnet18/conv2_x")
    found = problem.evaluate([{"dataflow": "kcp_ws", "num_pes": 64}]).iloc[0]
    assert (found["l1_bytes"], found["l2_bytes"]) == (54, 2306)
    assert found["area_um2"] == pytest.approx(64 * 4470 + 4161.536 + 64 * 4505.1889, rel=1e-12)
