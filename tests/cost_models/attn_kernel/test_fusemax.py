"""FuseMax against the artifact's results, closed forms, a walk over tiles, invariants."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.attn_kernel.fusemax.constants import CONFIGS
from archgym.envs.attn_kernel.fusemax import ENVIRONMENT
from tests.cost_models.attn_kernel.walking import compute_cycles, walk_products, walk_tiled
from tests.shared_data import shared_data

CLOCK, BANDWIDTH = 0.94e9, 400 * 2**30
TILED = ("cascade", "arch", "binding")


def evaluate(workload: str, *designs: dict[str, object], **settings: object):
    return (
        ENVIRONMENT.make_problem(workload, **settings).evaluate(list(designs)).to_dict("records")
    )


def test_the_artifacts_rows():
    with shared_data("seeds", "fusemax_dev.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    for row in rows:
        workload = f"{row['model']}/{row['seq_label']}"
        (found,) = evaluate(workload, {"config": row["config"]})
        for name in ("latency_s", "util_2d", "util_1d"):
            assert found[name] == pytest.approx(float(row[name]), rel=1e-12), (workload, name)
        long = int(row["seq"]) > 2**16
        close = 5e-5 if row["config"] == "flat" and not long else 1e-12
        assert found["traffic_B"] == pytest.approx(float(row["traffic_B"]), rel=close)
        close = 2e-4 if row["config"] == "flat" else 6e-3 if long else 1e-5
        expected = float(row["energy_pJ"]) * 1e-12
        assert found["energy_j"] == pytest.approx(expected, rel=close), workload


# With u = heads * P * M / PE^2 cycles, E = F, and PE = 256 (the paper's section on results).
IN_UNITS = {
    "flat": lambda e, m: 1024,
    "cascade": lambda e, m: 2 * e + 4 * 256 + 5 + e * 256 / m,
    "arch": lambda e, m: 3 * e + 256 + 10,
    "binding": lambda e, m: 2 * e + 10 + e * 256 / m,
}


@pytest.mark.parametrize("workload", list(ENVIRONMENT.workloads))
def test_closed_forms_of_all_published_layers(workload):
    attention = ENVIRONMENT.load_workload(workload, {})
    seq, head = attention.seq, attention.E
    found = dict(zip(CONFIGS, evaluate(workload, *({"config": c} for c in CONFIGS)), strict=True))
    scores = attention.heads * seq * seq
    unit = scores / 256**2 / CLOCK
    for config, cycles in IN_UNITS.items():
        if config != "flat" or seq <= 2**16:
            expected = unit * cycles(head, seq)
            assert found[config]["latency_s"] == pytest.approx(expected, rel=1e-12), config
    row = found["unfused"]
    expected = 1024 * unit + (row["traffic_B"] - 4 * scores) / BANDWIDTH
    assert row["latency_s"] == pytest.approx(expected, rel=1e-12)
    tiles = -(-seq * head // 2**21)  # queries are tiled in 2^21 / E rows
    moved = 4 * attention.heads * head * (seq + seq * tiles)
    assert found["binding"]["traffic_B"] == found["arch"]["traffic_B"] == moved


def test_a_design_of_the_artifacts_pareto_study():
    # BERT at 256K on 128 x 128 with the smallest buffer: its latency, traffic and area.
    design = {"config": "binding", "pe_dim": 128, "query_tile": 256, "l3_B": 131072}
    (found,) = evaluate("bert/256k", design)
    assert found["latency_s"] == pytest.approx(473.010402587234, rel=1e-12)
    assert found["traffic_B"] == 52828097740800
    assert found["area_um2"] == pytest.approx(307907612.38, rel=0.015)


sizes = st.integers(1, 6)
shapes = st.fixed_dictionaries(
    {"B": st.integers(1, 2), "H": st.integers(1, 2), "E": sizes, "F": sizes}
    | {"seq": st.integers(1, 30)}
)
L3 = st.integers(20, 3000)


def text(shape: dict[str, int]) -> str:
    return "attention:" + ",".join(f"{name}={value}" for name, value in shape.items())


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TILED), shapes, st.integers(1, 9), L3, st.sampled_from([0, 0, 3, 8, 40]))
def test_one_pass_cascades_are_what_a_walk_counts(config, shape, pe, l3, query_tile):
    design = {"config": config, "pe_dim": pe, "l3_B": l3, "query_tile": query_tile}
    (found,) = evaluate(text(shape), design)
    walked = walk_tiled(config, shape, pe, l3, query_tile)
    assert found["status"] == ("infeasible" if walked is None else "ok")
    if walked is None:
        assert found["error"].startswith("l3_capacity")
        assert np.isnan(found["latency_s"])
        return
    cycles, traffic = walked
    total, busy_2d, busy_1d = compute_cycles(config, pe, cycles)
    latency = max(total / CLOCK, traffic / BANDWIDTH)
    assert found["traffic_B"] == traffic
    assert found["latency_s"] == pytest.approx(latency, rel=1e-12)
    assert found["util_2d"] == pytest.approx(busy_2d / CLOCK / latency, rel=1e-12)
    assert found["util_1d"] == pytest.approx(busy_1d / CLOCK / latency, rel=1e-12)


@settings(deadline=None, max_examples=30)
@given(shapes, st.integers(1, 9))
def test_unfused_and_flat_are_what_a_walk_counts(shape, pe):
    unfused, flat = evaluate(text(shape), *({"config": c, "pe_dim": pe} for c in CONFIGS[:2]))
    qk, av, softmax = walk_products(shape, pe)
    heads, seq = shape["B"] * shape["H"], shape["seq"]
    moved = [2 * heads * seq * (2 * size + seq) for size in (shape["E"], shape["F"])]
    phases = zip((qk, av, softmax), (*moved, 4 * heads * seq * seq), strict=True)
    expected = sum(max(cycles / CLOCK, count / BANDWIDTH) for cycles, count in phases)
    assert unfused["latency_s"] == pytest.approx(expected, rel=1e-12)
    slowest = max((qk + av) / CLOCK, softmax / CLOCK, flat["traffic_B"] / BANDWIDTH)
    assert flat["latency_s"] == pytest.approx(slowest, rel=1e-12)
    assert flat["traffic_B"] >= 4 * heads * seq * (shape["E"] + shape["F"])


@pytest.mark.parametrize(
    ("config", "per_query"), [("binding", 5 + 7 + 2), ("cascade", 14 + 2 * 4)]
)
def test_the_smallest_buffer_of_a_query_tile(config, per_query):
    needed = 2 * 4 * (5 + 7) + 2 * 4 * per_query * 3
    design = {"config": config, "pe_dim": 4, "query_tile": 12, "l3_B": needed}
    fits, lacks = evaluate("attention:H=1,E=5,F=7,seq=64", design, design | {"l3_B": needed - 1})
    assert (fits["status"], lacks["status"]) == ("ok", "infeasible")


def test_passes_over_the_keys():
    found = evaluate("bert/1k", *({"config": config} for config in CONFIGS))
    assert [row["passes"] for row in found] == [3, 3, 1, 1, 1]


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(CONFIGS),
    st.integers(1, 40).map(lambda k: 512 * k),
    st.sampled_from([16, 32, 64, 128, 256]),
    st.integers(17, 25),
    st.floats(1.0, 1e4),
)
def test_more_of_anything_costs_no_time(config, seq, pe, bits, bandwidth):
    workload = f"attention:H=3,E=32,seq={seq}"
    base = {"config": config, "pe_dim": pe, "l3_B": 2**bits}
    first, wide, large = evaluate(
        workload, base, base | {"pe_dim": 2 * pe}, base | {"l3_B": 2 ** (bits + 1)}
    )
    if first["status"] == "ok":
        assert wide["status"] == "infeasible" or (
            wide["compute_latency_s"] <= first["compute_latency_s"]
        )
        assert large["latency_s"] <= first["latency_s"]
        assert large["traffic_B"] <= first["traffic_B"]
        assert max(first["util_2d"], first["util_1d"]) <= 1 + 1e-12
        (slow,) = evaluate(workload, base, bandwidth_gib_per_s=bandwidth)
        (fast,) = evaluate(workload, base, bandwidth_gib_per_s=2 * bandwidth)
        assert fast["latency_s"] <= slow["latency_s"]
        assert fast["compute_latency_s"] == slow["compute_latency_s"]
        assert fast["memory_latency_s"] == pytest.approx(slow["memory_latency_s"] / 2)


@pytest.mark.parametrize("config", CONFIGS)
def test_energy_is_a_sum_and_grows_with_the_heads(config):
    one, three = (
        evaluate(f"attention:B={b},H=2,E=64,seq=2048", {"config": config})[0] for b in (1, 3)
    )
    for row in (one, three):
        assert row["memory_energy_j"] == pytest.approx(64e-12 * row["traffic_B"])
        assert row["energy_j"] > row["memory_energy_j"]
        assert row["total_energy_j"] == row["energy_j"] + row["linear_energy_j"]
        assert row["total_latency_s"] == row["latency_s"] + row["linear_latency_s"]
    for name in ("energy_j", "linear_energy_j", "latency_s", "traffic_B"):
        assert three[name] == pytest.approx(3 * one[name], rel=1e-12), name


def test_linear_layers_by_hand():
    # T5 at 1K: 65,536 tokens, width 512: the projections wait for memory, the others do not.
    (row,) = evaluate("t5/1k", {"config": "binding"})
    tokens = 65536
    projection = 2 * (2 * tokens * 512 + 512 * 512) / BANDWIDTH
    feed_forward = tokens * 512 * 2048 / (256**2 * CLOCK)
    assert projection > tokens * 512 * 512 / (256**2 * CLOCK)
    assert row["linear_latency_s"] == pytest.approx(4 * projection + 2 * feed_forward, rel=1e-12)
    macs = tokens * (4 * 512 * 512 + 2 * 512 * 2048)
    assert row["linear_energy_j"] == pytest.approx(17.72e-12 * macs, rel=1e-12)


def test_a_design_alone_is_the_design_in_a_batch_of_all_configurations():
    problem = ENVIRONMENT.make_problem("xlm/16k")
    batch = problem.space.sample(np.random.default_rng(0), 300)
    together = problem.outcomes(batch).metrics
    for row in range(0, 300, 17):
        alone = problem.outcomes(batch.select([row])).metrics
        for name, values in alone.items():
            np.testing.assert_array_equal(values[0], together[name][row])


def test_einsums_of_a_design_in_detail():
    problem = ENVIRONMENT.make_problem("bert/1k")
    design = problem.space.encode([{"config": "binding"}])
    table = problem.cost_model.detail(design, problem.workload)["einsums"]
    cycles = dict(zip(table["einsum"], table["cycles"], strict=True))
    assert cycles["QK"] == 64 * 768 * 16
    assert cycles["AV"] == 64 * 768 * 4
    busy = sum(cycles[name] for name in ("QK", "LM", "SLN", "SLD", "SLNV")) / CLOCK
    metrics = problem.outcomes(design).metrics
    assert metrics["util_2d"][0] == pytest.approx(busy / metrics["latency_s"][0])
    flat = problem.space.encode([{"config": "flat"}])
    assert problem.cost_model.detail(flat, problem.workload) == {}
