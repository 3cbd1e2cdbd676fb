"""The kernels against a model that walks every loop, and the invariants of any such model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.cost_models.dnn.designs import LEVELS, MACHINE, columns_problem, design_of
from tests.cost_models.dnn.walking import DIMENSIONS, Mapping, count

PROBLEM = columns_problem()


def random_mapping(rng: np.random.Generator, loops: int, **machine: float) -> Mapping:
    """A mapping with a few bounds above 1, so that walking it is quick."""
    bounds = {level: dict.fromkeys(DIMENSIONS, 1) for level in LEVELS}
    for _ in range(loops):
        bounds[rng.choice(LEVELS)][rng.choice(list(DIMENSIONS))] = int(rng.choice([2, 3, 4]))
    orders = {level: "".join(rng.permutation(list(DIMENSIONS))) for level in LEVELS}
    return Mapping(
        stride=int(rng.integers(1, 4)), orders=orders, machine=MACHINE | machine, **bounds
    )


def evaluate(mappings) -> list[dict[str, float]]:
    return PROBLEM.evaluate([design_of(mapping) for mapping in mappings]).to_dict("records")


@pytest.mark.slow
@pytest.mark.parametrize(("forwarding", "cases"), [(0, 200), (1, 800)])
def test_it_counts_what_walking_the_loops_counts(forwarding, cases):
    rng = np.random.default_rng(forwarding)
    mappings = [random_mapping(rng, 6, forwarding=forwarding) for _ in range(cases)]
    forwarded = 0
    for mapping, found in zip(mappings, evaluate(mappings), strict=True):
        assert found["status"] == "ok"
        expected = count(mapping)
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-12, abs=0), (name, mapping)
        forwarded += expected["rf_i_reads"] > expected["compute_cycles"]
    assert (forwarded > 10) == bool(forwarding), "the rare case is among them"


def row_spread_window() -> Mapping:
    """Output rows over PEs, filter rows innermost: the typical case of forwarding."""
    one = dict.fromkeys(DIMENSIONS, 1)
    orders = dict.fromkeys(LEVELS, DIMENSIONS) | {"glb": "NKCPQSR"}
    return Mapping(1, one, one | {"R": 3}, one | {"P": 4}, one | {"Q": 2}, orders, dict(MACHINE))


def test_neighbours_hand_rows_to_each_other():
    with_links, without = row_spread_window(), row_spread_window()
    without.machine["forwarding"] = 0
    found = evaluate([with_links, without])
    words, moves = 2, 2  # a row of two inputs; the filter has three rows
    assert found[1]["glb_i_reads"] == 4 * words * (1 + moves)
    assert found[0]["glb_i_reads"] == 4 * words + 1 * words * moves, "three of four are served"
    assert found[0]["rf_i_reads"] == found[1]["rf_i_reads"] + 3 * words * moves // 4


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_energy_is_a_sum_of_counts_times_energies(seed):
    mapping = random_mapping(np.random.default_rng(seed), 7)
    energies = [name for name in MACHINE if name.startswith("e_")]
    doubled = design_of(mapping) | {name: 2 * MACHINE[name] for name in energies}
    free = [
        design_of(mapping) | dict.fromkeys(energies, 0) | {name: MACHINE[name]}
        for name in energies
    ]
    table = PROBLEM.evaluate([design_of(mapping), doubled, *free])
    assume(table["status"][0] == "ok")
    found = table["energy_pj"].tolist()
    assert found[1] == pytest.approx(2 * found[0], rel=1e-12)
    assert sum(found[2:]) == pytest.approx(found[0], rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from(["glb_read_bw", "glb_write_bw", "dram_bw", "rf_words", "glb_words"]))
def test_more_of_a_resource_never_costs_cycles(seed, resource):
    design = design_of(random_mapping(np.random.default_rng(seed), 7))
    more = design | {resource: 2 * MACHINE[resource]}
    few, many = PROBLEM.evaluate([design, more])["cycles"]
    assert many <= few


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_bounds_of_any_mapping(seed):
    mapping = random_mapping(np.random.default_rng(seed), 8)
    design, found = design_of(mapping), evaluate([mapping])[0]
    assume(found["status"] == "ok")
    weights = math.prod(design[d] for d in "KCRS")
    outputs = math.prod(design[d] for d in "NKPQ")
    assert found["cycles"] >= found["macs"] / design["num_pes"]
    assert found["compute_cycles"] * found["utilized_pes"] == found["macs"]
    assert found["macs"] == math.prod(design[d] for d in DIMENSIONS)
    assert found["dram_w_reads"] >= weights
    assert found["dram_o_updates"] - found["dram_o_reads"] == outputs
    assert found["utilization"] == found["macs"] / (design["num_pes"] * found["cycles"])


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_the_order_of_loops_that_do_not_turn_is_irrelevant(seed):
    rng = np.random.default_rng(seed)
    mapping = random_mapping(rng, 6)
    other = Mapping(**(vars(mapping) | {"orders": {}}))
    for level in LEVELS:
        turning = [d for d in mapping.orders[level] if getattr(mapping, level)[d] > 1]
        rest = rng.permutation([d for d in DIMENSIONS if d not in turning]).tolist()
        places = rng.permutation([True] * len(turning) + [False] * len(rest)).tolist()
        other.orders[level] = "".join(turning.pop(0) if t else rest.pop(0) for t in places)
    one, two = PROBLEM.evaluate([design_of(mapping), design_of(other)])[
        list(PROBLEM.metric_names)
    ].to_numpy()
    assert (one == two).all()


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_row_costs_the_same_alone_and_in_a_batch(seed):
    rng = np.random.default_rng(seed)
    designs = [design_of(random_mapping(rng, 6)) for _ in range(8)]
    batch = PROBLEM.space.encode(designs)
    together = PROBLEM.outcomes(batch)
    for row in range(len(designs)):
        alone = PROBLEM.outcomes(batch.select([row]))
        for name, values in alone.metrics.items():
            assert values.tobytes() == together.metrics[name][[row]].tobytes()


def test_orders_of_the_rf_and_of_spread_loops_matter_not_without_forwarding():
    rng = np.random.default_rng(5)
    mapping = random_mapping(rng, 8, forwarding=0)
    other = Mapping(**vars(mapping))
    other.orders = mapping.orders | {"rf": mapping.orders["glb"], "sp": mapping.orders["dram"]}
    one, two = evaluate([mapping, other])
    assert [one[n] for n in PROBLEM.metric_names] == [two[n] for n in PROBLEM.metric_names]


@pytest.mark.parametrize(
    ("change", "reason", "violation"),
    [
        ({"dram_K": 5}, "factor_product", None),
        ({"dram_K": 2**31 - 1, "glb_K": 2**31 - 1, "sp_K": 2**31 - 1}, "factor_product", None),
        ({"num_pes": 2}, "pe_count", 1.0),
        ({"rf_words": 5}, "", 0.0),
        ({"rf_words": 4}, "rf_capacity", 0.25),
        ({"glb_words": 16}, "glb_capacity", 23 / 16 - 1),
        ({"num_pes": 2, "rf_words": 3, "glb_words": 3}, "pe_count", 1.0),
        ({"rf_words": 4, "glb_words": 3}, "rf_capacity", 0.25),
    ],
)
def test_the_first_reason_is_told(change, reason, violation):
    design = design_of(row_spread_window())
    batch = PROBLEM.space.encode([design | change])
    measured = PROBLEM.measure(batch)
    if violation == 0.0:
        assert not measured.error, "the tile fits exactly"
        return
    assert measured.error[0].split(":")[0] == reason
    assert np.isnan(measured.metrics["cycles"][0])
    assert measured.violation[0] > 0
    if violation is not None:
        assert measured.violation[0] == pytest.approx(violation)
