"""The mapper against all mappings of tiny layers, random ones, and another mapper."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import archgym
from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.cost_models.dnn.mapper.machines import machine_row
from archgym.cost_models.dnn.mapper.search import METRICS, find_mappings
from archgym.cost_models.dnn.mapping.columns import HARDWARE, LEVELS
from archgym.cost_models.dnn.network import LAYER_FIELDS
from tests.cost_models.dnn.designs import recorded

MACHINE = {
    "num_pes": 4,
    "rf_words": 12,
    "glb_words": 40,
    "glb_read_bw": 2,
    "glb_write_bw": 2,
    "dram_bw": 1,
    "e_mac_pj": 1,
    "e_rf_pj": 1,
    "e_glb_pj": 6,
    "e_dram_pj": 200,
    "forwarding": 0,
}
TINY = (
    {"K": 2, "C": 2, "P": 3},
    {"K": 2, "P": 4, "R": 3},
    {"C": 4, "P": 2, "S": 2, "stride": 2},
)
EFFORT = 80_000


def layer_row(sizes) -> np.ndarray:
    return np.array([[int(sizes.get(name, 1)) for name in LAYER_FIELDS]], dtype=np.int64)


def best(sizes, machine, metric="edp", evaluations=EFFORT, seed=0) -> float:
    row = machine_row(machine)[None]
    found = find_mappings(layer_row(sizes), row, evaluations, metric, seed)
    cycles, energy = found.results[0, 0], found.results[2, 0]
    return {"edp": cycles * energy, "latency": cycles, "energy": energy}[metric]


def layer_text(sizes) -> str:
    pairs = [f"{name}={int(sizes.get(name, 1))}" for name in (*DIMENSIONS, "stride")]
    return "conv:" + ",".join(pairs)


def all_mappings(sizes) -> list[dict[str, object]]:
    """Return every way to split the dimensions over the levels, with every order of DRAM, GLB."""
    splits = []
    for d in DIMENSIONS:
        size = sizes.get(d, 1)
        divisors = [n for n in range(1, size + 1) if size % n == 0]
        quadruples = itertools.product(divisors, repeat=len(LEVELS))
        splits.append([q for q in quadruples if np.prod(q) == size])
    present = [d for d in DIMENSIONS if sizes.get(d, 1) > 1]
    rest = "".join(d for d in DIMENSIONS if d not in present)
    orders = [rest + "".join(order) for order in itertools.permutations(present)]
    rows = []
    for split in itertools.product(*splits):
        bounds = {
            f"{level}_{d}": bound[at]
            for d, bound in zip(DIMENSIONS, split, strict=True)
            for at, level in enumerate(LEVELS)
        }
        for dram, glb in itertools.product(orders, repeat=2):
            rows.append(bounds | {"dram_order": dram, "glb_order": glb})
    return rows


@pytest.mark.parametrize("sizes", TINY)
def test_it_finds_the_optimum_of_tiny_layers(sizes):
    problem = archgym.make_problem("dnn.mapping", layer_text(sizes))
    rows = all_mappings(sizes)
    measured = problem.measure(problem.space.encode([row | MACHINE for row in rows]))
    cycles, energy = (measured.metrics[name] for name in ("cycles", "energy_pj"))
    assert len(rows) > 2_000
    assert np.isnan(cycles).any(), "the capacities bind"
    for metric, values in (("edp", cycles * energy), ("latency", cycles), ("energy", energy)):
        assert best(sizes, MACHINE, metric, 20_000) == pytest.approx(np.nanmin(values)), metric


@pytest.mark.parametrize("forwarding", [0, 1])
def test_what_it_finds_costs_the_same_in_the_mapping_environment(forwarding):
    sizes = {"K": 16, "C": 8, "P": 14, "Q": 14, "R": 3, "S": 3, "stride": 2}
    machine = MACHINE | {"num_pes": 64, "rf_words": 64, "glb_words": 4096}
    machine["forwarding"] = forwarding
    found = find_mappings(layer_row(sizes), machine_row(machine)[None], 3_000)
    row = {name: values[0] for name, values in found.columns().items()}
    problem = archgym.make_problem("dnn.mapping", layer_text(sizes))
    there = problem.evaluate([row | machine]).iloc[0]
    assert there["status"] == "ok"
    names = problem.metric_names[:-1]  # all but the area
    exact = [name for name in names if name not in ("energy_pj", "utilization")]
    for name in exact:
        assert there[name] == found.results[names.index(name), 0], name
    assert there["energy_pj"] == pytest.approx(found.results[2, 0], rel=1e-12)


def test_a_result_depends_on_its_own_task_alone():
    layers = np.concatenate([layer_row(sizes) for sizes in TINY])
    machines = np.array([machine_row(MACHINE | {"num_pes": pes}) for pes in (1, 2, 4)])
    together = find_mappings(layers, machines, 500)
    backwards = find_mappings(layers[::-1], machines[::-1], 500)
    for at in range(len(layers)):
        alone = find_mappings(layers[at : at + 1], machines[at : at + 1], 500)
        for one, place in ((together, at), (backwards, len(layers) - 1 - at)):
            assert (alone.bounds[0] == one.bounds[place]).all()
            assert (alone.orders[0] == one.orders[place]).all()
            np.testing.assert_array_equal(alone.results[:, 0], one.results[:, place])


def test_searching_is_never_worse_than_the_fixed_mapping():
    sizes = {"K": 64, "C": 64, "P": 28, "Q": 28, "R": 3, "S": 3}
    machine = MACHINE | {"num_pes": 168, "rf_words": 220, "glb_words": 65536}
    for metric in METRICS:
        fixed = best(sizes, machine, metric, 0)
        assert best(sizes, machine, metric, 1) <= fixed
        assert best(sizes, machine, metric, 5_000) < fixed


def test_each_tensor_keeps_to_its_own_memory_and_loops_to_the_mesh():
    sizes = {"K": 24, "C": 12, "P": 14, "Q": 14, "R": 3, "S": 3}
    row = machine_row(MACHINE | {"num_pes": 12, "rf_words": 1000, "glb_words": 4096})
    row[12:15], row[18:20] = (9, 5, 4), (4, 3)
    found = find_mappings(layer_row(sizes), row[None], 5_000)
    spatial, rf = found.bounds[0, 14:21], dict(zip(DIMENSIONS, found.bounds[0, 21:], strict=True))
    assert rf["K"] * rf["C"] * rf["R"] * rf["S"] <= 9
    assert rf["N"] * rf["C"] * (rf["P"] + rf["R"] - 1) * (rf["Q"] + rf["S"] - 1) <= 5
    assert rf["N"] * rf["K"] * rf["P"] * rf["Q"] <= 4
    columns = [
        np.prod([n for n, chosen in zip(spatial, choice, strict=True) if chosen])
        for choice in itertools.product((0, 1), repeat=len(spatial))
    ]
    assert any(x <= 4 and spatial.prod() // x <= 3 for x in columns)
    assert spatial.prod() > 4


def test_nothing_is_found_where_not_even_unit_tiles_fit():
    row = machine_row(MACHINE | {"glb_words": 2})
    assert np.isnan(find_mappings(layer_row(TINY[0]), row[None], 100).results).all()


def test_a_layer_of_a_single_mac_has_a_mapping():
    assert find_mappings(layer_row({}), machine_row(MACHINE)[None], 100).results[4, 0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["resnet18/conv2_x", "resnet18/conv4_1a"])
def test_it_is_as_good_as_the_best_of_many_random_mappings(layer):
    problem = archgym.make_problem("dnn.mapping", layer)
    rng, least = np.random.default_rng(0), np.inf
    for _ in range(5):
        drawn = problem.measure(problem.space.sample(rng, 20_000)).metrics
        least = min(least, (drawn["cycles"] * drawn["energy_pj"]).min())
    machine = {name: float(problem.space.default[name][0]) for name in HARDWARE}
    sizes = dict(zip(LAYER_FIELDS, problem.workload.rows[0], strict=True))
    assert best(sizes, machine) <= 1.02 * least


def test_it_beats_the_mapper_of_the_reference_tool():
    rows, _ = recorded("mapper_reference_dev.csv")
    ratios = []
    for row in (row for row in rows if row["valid_mappings_tried"] == "500"):
        machine = {name: float(row[name]) for name in HARDWARE}
        ratios.append(best(row, machine) / float(row["best_edp_pj_cycles"]))
    assert np.exp(np.mean(np.log(ratios))) <= 0.75
