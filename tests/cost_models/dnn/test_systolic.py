"""Systolic arrays against SCALE-Sim 3.0.0, a plain simulation, and DRACO's figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.envs.dnn.systolic import ENVIRONMENT
from tests.cost_models.dnn.designs import recorded

COLUMNS = ENVIRONMENT.make_problem("columns")
EXACT = (
    "macs",
    "stall_free_cycles",
    "sram_ifmap_reads",
    "sram_filter_reads",
    "sram_ofmap_writes",
)


def test_every_record_of_scale_sim():
    rows, designs = recorded("systolic_scalesim_dev.csv")
    found = COLUMNS.evaluate(designs).to_dict("records")
    assert len(rows) == 141
    for row, ours in zip(rows, found, strict=True):
        for name in EXACT:
            assert ours[name] == float(row[f"exp_{name}"]), (row["case_id"], name)
        for name in ("mapping_efficiency", "utilization"):
            assert ours[name] == pytest.approx(float(row[f"exp_{name}"]), rel=1e-6)


def folds(over_rows, over_cols, rows, cols):
    for first_row in range(0, over_rows, rows):
        for first_col in range(0, over_cols, cols):
            yield min(rows, over_rows - first_row), min(cols, over_cols - first_col)


def by_folds(design):
    """Cycles and words of one layer by going through its folds; words as they enter the array."""
    groups, rows, cols = design["groups"], design["rows"], design["cols"]
    pixels = design["N"] * design["P"] * design["Q"]
    reduction = design["R"] * design["S"] * design["C"] // groups
    filters = design["K"] // groups
    cycles = ifmap = weights = written = 0
    if design["dataflow"] == "os":
        for used_rows, used_cols in folds(pixels, filters, rows, cols):
            cycles += reduction + rows + cols - 2
            ifmap += used_rows * reduction
            weights += used_cols * reduction
            written += used_rows * used_cols
    elif design["dataflow"] == "ws":
        for used_rows, used_cols in folds(reduction, filters, rows, cols):
            cycles += rows + pixels + rows + cols - 2
            weights += used_rows * used_cols
            ifmap += used_rows * pixels
            written += used_cols * pixels
    else:
        for used_rows, used_cols in folds(reduction, pixels, rows, cols):
            cycles += rows + filters + rows + cols - 2
            ifmap += used_rows * used_cols
            weights += used_rows * filters
            written += used_cols * filters
    return [groups * v for v in (cycles - 1, ifmap, weights, written)]


small = st.integers(1, 6)
layers = st.fixed_dictionaries(
    dict.fromkeys("NPQRS", small)
    | {"groups": st.integers(1, 3), "rows": st.integers(1, 9), "cols": st.integers(1, 9)}
    | {"dataflow": st.sampled_from(["os", "ws", "is"])}
)


@settings(max_examples=150, deadline=None)
@given(layers, small, small)
def test_going_through_the_folds_gives_the_same(design, k, c):
    design |= {"K": k * design["groups"], "C": c * design["groups"]}
    found = COLUMNS.evaluate([design]).iloc[0]
    assert found[list(EXACT[1:])].tolist() == by_folds(design)
    assert 0 < found["mapping_efficiency"] <= 1
    assert found["macs"] <= found["pes"] * (found["stall_free_cycles"] + design["groups"])


@settings(max_examples=50, deadline=None)
@given(layers, small, small)
def test_a_matrix_product_is_its_convolution(design, n, k):
    conv = {"P": design["P"], "Q": 1, "R": 1, "S": 1, "K": n, "C": k}
    product = {"gemm_m": design["P"], "gemm_n": n, "gemm_k": k}
    hardware = {name: design[name] for name in ("rows", "cols", "dataflow")}
    one, two = COLUMNS.evaluate([conv | hardware, product | hardware])[
        list(COLUMNS.metric_names)
    ].to_numpy()
    assert np.array_equal(one, two, equal_nan=True)


def test_a_worked_layer():
    problem = ENVIRONMENT.make_problem("resnet18/conv2_x")
    found = problem.evaluate([{"rows": 32, "cols": 32, "dataflow": "WS"}]).iloc[0]
    assert found["stall_free_cycles"] == 116_279


def test_a_network_is_the_sum_of_its_layers():
    network = ENVIRONMENT.make_problem("resnet18").workload
    design = {"rows": 24, "cols": 7, "dataflow": "is"}
    whole = ENVIRONMENT.make_problem("resnet18").evaluate([design]).iloc[0]
    parts = [
        ENVIRONMENT.make_problem(f"resnet18/{label}").evaluate([design]).iloc[0]
        for label in network.labels
    ]
    for name in (*EXACT, "cycles"):
        total = sum(c * part[name] for c, part in zip(network.counts, parts, strict=True))
        assert whole[name] == total
    assert whole["avg_util"] == pytest.approx(
        np.average([part["avg_util"] for part in parts], weights=network.counts)
    )


# DRACO's development values on MobileNetV1 at 64 x 64: group -> cycles, unweighted utilisation.
DRACO = {
    ("analytic", "os"): {
        1: (7_019_428, 0.2228),
        2: (3_839_588, 0.224),
        4: (2_249_668, 0.226),
        8: (1_454_708, 0.2360),
    },
    ("analytic", "ws"): {
        1: (3_219_520, 0.2741),
        2: (1_782_432, 0.276),
        4: (1_063_888, 0.283),
        8: (1_063_888, 0.2934),
    },
    ("exact", "os"): {
        1: (4.818e6, 0.255),
        2: (2.709e6, 0.256),
        4: (1.654e6, 0.260),
        8: (1.127e6, 0.273),
    },
    ("exact", "ws"): {
        1: (3.220e6, 0.274),
        2: (1.782e6, 0.276),
        4: (1.064e6, 0.283),
        8: (1.064e6, 0.293),
    },
}
MEGA_MACS = {1: 568.74, 2: 586.13, 4: 620.90, 8: 690.44}


@pytest.mark.parametrize(("cycle_model", "dataflow"), DRACO)
def test_draco(cycle_model, dataflow):
    problem = ENVIRONMENT.make_problem("mobilenet_v1")
    fixed = {"rows": 64, "cols": 64, "dataflow": dataflow, "cycle_model": cycle_model}
    for group, (cycles, utilization) in DRACO[cycle_model, dataflow].items():
        found = problem.evaluate([fixed | {"group": group}]).iloc[0]
        assert found["cycles"] == pytest.approx(cycles, rel=3e-4 if cycles % 1000 == 0 else 0)
        assert found["avg_util"] == pytest.approx(utilization, abs=6e-4)
        assert found["macs"] / 1e6 == pytest.approx(MEGA_MACS[group], abs=0.01)
        assert found["weighted_util"] == found["macs"] / (64 * 64 * found["cycles"])


def test_the_cycle_model_touches_dracos_metrics_alone():
    problem = ENVIRONMENT.make_problem("mobilenet_v1")
    words = [{"cycle_model": word, "dataflow": "os"} for word in ("exact", "analytic")]
    found = problem.evaluate(words)
    differing = {n for n in problem.metric_names if found[n].nunique() > 1}
    assert differing == {"cycles", "avg_util", "weighted_util"}
