"""Sparse products against scipy, a plain walk, and what must hold on any matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from archgym.cost_models.dnn.spgemm.generated import generate
from archgym.cost_models.dnn.spgemm.hardware import hardware
from archgym.cost_models.dnn.spgemm.model import SpgemmModel
from archgym.cost_models.dnn.spgemm.product import Product, pattern_of
from archgym.envs.dnn.spgemm import ENVIRONMENT
from tests.cost_models.dnn.walking_spgemm import by_hand

SPARSE = [f"{kind}:n={n},density=1e-3" for kind in ("er", "rmat") for n in (1024, 4096)]
DATAFLOWS = ("row_wise", "outer", "inner")
MODEL = SpgemmModel(hardware(100.0))
SPACE = ENVIRONMENT.make_problem().space


def scipy_matrix(pattern):
    ones = np.ones(pattern.entries)
    return csr_array((ones, pattern.indices, pattern.starts), (pattern.rows, pattern.columns))


def pattern(dense):
    rows, columns = np.nonzero(dense)
    return pattern_of(rows, columns, dense.shape)


def measured(product, designs):
    found = MODEL.evaluate(SPACE.encode(designs), product).metrics
    return [{name: values[row] for name, values in found.items()} for row in range(len(designs))]


@pytest.mark.parametrize("text", [*SPARSE, "er:n=300,density=0.2", "rmat:n=300,density=0.05"])
def test_entries_of_the_product_are_those_of_scipy(text):
    product = ENVIRONMENT.make_problem(text).workload
    a = scipy_matrix(product.a)
    assert product.nnz_c == (a @ a).nnz
    assert product.row_entries.tolist() == np.diff((a @ a).indptr).tolist()
    assert product.flops == int((a.sum(axis=0) * a.sum(axis=1)).sum())


def test_a_product_of_two_different_matrices():
    rng = np.random.default_rng(0)
    a, b = (random_array(shape, density=0.1, rng=rng) for shape in ((30, 50), (50, 20)))
    product = Product("two", pattern(a.toarray()), pattern(b.toarray()))
    assert product.nnz_c == (a @ b).nnz
    with pytest.raises(ValueError, match="A is 50 x 20 and B 30 x 50"):
        Product("wrong", product.b, product.a)


sizes = st.integers(1, 12)


@settings(max_examples=80, deadline=None)
@given(sizes, sizes, sizes, st.integers(0, 999), st.floats(0.1, 1), st.sampled_from(DATAFLOWS))
def test_a_plain_walk_counts_the_same(rows, inner, columns, seed, density, dataflow):
    rng = np.random.default_rng(seed)
    a, b = rng.random((rows, inner)) < density, rng.random((inner, columns)) < density
    a[0, 0] = b[0, 0] = True
    design = {
        "dataflow": dataflow,
        "scratchpad_B": 65536,
        "hash_load_factor": rng.uniform(0.25, 0.9),
        "threads": int(rng.integers(16, 1025)),
    }
    (found,) = measured(Product("random", pattern(a), pattern(b)), [design])
    expected = by_hand(a.astype(int).tolist(), b.astype(int).tolist(), design)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("load_factor", [0.25, 0.6])
def test_a_plain_walk_spills_the_same(load_factor):
    rng = np.random.default_rng(3)
    a, b = rng.random((3, 40)) < 0.5, rng.random((40, 3000)) < 0.05
    design = {"dataflow": "row_wise", "scratchpad_B": 65536, "hash_load_factor": load_factor}
    (found,) = measured(Product("wide", pattern(a), pattern(b)), [design])
    expected = by_hand(a.astype(int).tolist(), b.astype(int).tolist(), design)
    assert {name: found[name] for name in expected} == expected
    assert (expected["spilled_products"] > 0) == (load_factor == 0.25)


@pytest.mark.parametrize("text", SPARSE)
@pytest.mark.parametrize("scratchpad", [2**16, 2**18, 2**22])
@pytest.mark.parametrize("threads", [16, 1024])
def test_rows_move_less_than_outer_products_and_these_less_than_inner_ones(
    text, scratchpad, threads
):
    problem = ENVIRONMENT.make_problem(text)
    common = {"scratchpad": scratchpad, "threads": threads}
    rows, outer, inner = problem.evaluate([{"dataflow": d} | common for d in DATAFLOWS])[
        "traffic_B"
    ]
    assert rows < outer < inner


@pytest.mark.parametrize("text", SPARSE)
def test_without_partial_products_outer_ones_save_what_the_formula_says(text):
    found = ENVIRONMENT.make_problem(text).evaluate([{"dataflow": "outer"}]).iloc[0]
    product = ENVIRONMENT.make_problem(text).workload
    rest = found["traffic_B"] - found["partial_traffic_B"]
    entries = product.a.entries + product.b.entries + scipy_squared(product).nnz
    saved = 2 * product.flops / entries
    assert found["partial_traffic_B"] / rest == pytest.approx(saved, rel=0.1)


def scipy_squared(product):
    return scipy_matrix(product.a) @ scipy_matrix(product.b)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_larger_scratchpad_never_moves_more(dataflow):
    problem = ENVIRONMENT.make_problem("rmat:n=8192,density=5e-4")
    scratchpads = [*range(65536, 400_000, 30_011), 2**22]
    for factor in (0.25, 0.7):
        designs = [
            {"dataflow": dataflow, "scratchpad": s, "load_factor": factor} for s in scratchpads
        ]
        found = problem.evaluate(designs)
        for name in ("traffic_B", "time_s", "spilled_rows", "spilled_products"):
            assert found[name].is_monotonic_decreasing, name
        if dataflow == "row_wise" and factor == 0.25:
            assert found["spilled_products"].iloc[0] > 0 == found["spilled_products"].iloc[-1]


def test_fuller_tables_collide_more_and_spill_less():
    problem = ENVIRONMENT.make_problem("rmat_16k")
    designs = [
        {"load_factor": f, "scratchpad": s} for s in (2**16, 2**22) for f in (0.25, 0.5, 0.9)
    ]
    found = problem.evaluate(designs)
    assert found["collisions"].iloc[3:].is_monotonic_increasing
    assert found["spilled_products"].iloc[:3].is_monotonic_decreasing


def test_time_and_energy_follow_from_counts():
    problem = ENVIRONMENT.make_problem("rmat_4k", bandwidth_gb_per_s=50)
    found = problem.evaluate([{"threads": 32, "scratchpad": 2**19}, {"dataflow": "outer"}])
    for row, threads, scratchpad in zip(
        found.to_dict("records"), (32, 64), (2**19, 2**18), strict=True
    ):
        parts = [row[f"{part}_traffic_B"] for part in ("a", "b", "partial", "c")]
        assert row["traffic_B"] == sum(parts)
        assert row["compute_s"] == pytest.approx(row["flops"] / (threads / 16 * 1e9))
        assert row["memory_s"] == pytest.approx(row["traffic_B"] / 50e9)
        assert row["atomic_s"] == pytest.approx(row["atomics"] / 32e9)
        assert row["time_s"] == max(row["compute_s"], row["memory_s"], row["atomic_s"])
        atomic_pj = (18.18 + 14.14) * (scratchpad / 131072) ** 0.5
        memory_pj = row["traffic_B"] * 249.6 / 8
        expected = row["flops"] * 17.16 + row["atomics"] * atomic_pj + memory_pj
        assert row["energy_pj"] == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["er", "rmat"])
def test_generated_matrices_have_the_density_and_follow_the_seed(kind):
    first, again, other = (generate(f"{kind}:n=1000,density=5e-3,seed={s}") for s in (1, 1, 2))
    assert first.entries == other.entries == 5000
    assert (first.indices == again.indices).all()
    assert (first.indices != other.indices).any()
    assert (first.starts[1:] >= first.starts[:-1]).all()


def test_skewed_matrices_have_hubs():
    even, uniform, skewed = (
        np.diff(generate(text + ":n=4096,density=1e-3" + rest).starts)
        for text, rest in (("er", ""), ("rmat", ",skew=0.5"), ("rmat", ""))
    )
    assert abs(uniform.std() / even.std() - 1) < 0.1, "skew 0.5 is er"
    assert skewed.max() > 5 * even.max()


def test_a_full_matrix():
    found = ENVIRONMENT.make_problem("er:n=20,density=1").evaluate([{}]).iloc[0]
    assert found["flops"] == 20**3
    assert found["nnz_c"] == 400


def test_the_counts_of_a_generated_matrix_are_made_once():
    first, second = (ENVIRONMENT.make_problem("er:n=64,density=0.1").workload for _ in range(2))
    assert first is second
    assert first.hash_counts(10_000, 0.5) is first.hash_counts(5_000, 0.5)
