"""Sparse products as users meet them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import coo_array

from archgym.cost_models.dnn.spgemm import product
from archgym.envs.dnn.spgemm import ENVIRONMENT
from archgym.errors import ArchgymError, InvalidDesignError, SettingError


@pytest.fixture
def square(tmp_path):
    path = tmp_path / "square.mtx"
    rows, columns = [0, 1, 1, 2], [1, 0, 2, 2]
    mmwrite(path, coo_array((np.ones(4), (rows, columns)), shape=(3, 3)))
    return path


def test_a_matrix_market_file_is_multiplied_by_itself(square):
    found = ENVIRONMENT.make_problem(str(square)).evaluate([{}]).iloc[0]
    # Rows: 0 -> row 1 (2 entries); 1 -> rows 0 and 2 (1 each); 2 -> row 2 (1).
    assert (found["flops"], found["nnz_c"]) == (5, 5)


def test_symmetric_and_pattern_files(tmp_path):
    path = tmp_path / "symmetric.mtx"
    path.write_text("%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 3\n")
    assert ENVIRONMENT.make_problem(str(path)).workload.a.entries == 3


def test_two_matrices(square, tmp_path):
    wide = tmp_path / "wide.mtx"
    mmwrite(wide, coo_array(([1.0], ([2], [4])), shape=(3, 5)))
    pair = tmp_path / "pair.json"
    pair.write_text(json.dumps({"A": "square.mtx", "b": "wide.mtx"}))
    loaded = ENVIRONMENT.make_problem(str(pair)).workload
    assert (loaded.flops, loaded.nnz_c, loaded.b.columns) == (2, 2, 5)
    assert loaded.content_hash() != ENVIRONMENT.make_problem(str(square)).workload.content_hash()
    texts = {"a": "er:n=64,density=0.1", "b": "er:n=64,density=0.1,seed=1"}
    assert ENVIRONMENT.make_problem(texts).workload.a.entries == 410
    pair.write_text(json.dumps({"a": "wide.mtx", "b": "square.mtx"}))
    with pytest.raises(ArchgymError, match="A is 3 x 5 and B 3 x 3"):
        ENVIRONMENT.make_problem(str(pair))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\n",
        "%%MatrixMarket matrix coordinate real general\n",
        "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 1.0\n",
        "%%MatrixMarket matrix coordinate real general\n3 3 1\n9 1 1.0\n",
        "%%MatrixMarket matrix coordinate real general\n3 3 1\n1 x 1.0\n",
        "%%MatrixMarket matrix coordinate real general\n3 3 0\n",
        "%%MatrixMarket matrix coordinate real general\n3 4 1\n1 1 1.0\n",
        "%%MatrixMarket matrix coordinate real general\n-3 3 1\n1 1 1.0\n",
    ],
)
def test_broken_matrix_market_files_are_refused(tmp_path, text):
    path = tmp_path / "broken.mtx"
    path.write_text(text)
    with pytest.raises(ArchgymError, match=r"broken\.mtx"):
        ENVIRONMENT.make_problem(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("missing.mtx", "unknown sparse product or file 'missing.mtx'"),
        ("er:n=100,density=0", "density=0 is not above 0 and at most 1"),
        ("er:n=100,density=1.5", "density=1.5 is not above 0"),
        ("er:n=100,density=-1", "density=-1"),
        ("er:n=100,density=nan", "density=nan"),
        ("er:n=100", "density missing"),
        ("er:n=0,density=0.5", "n=0 is not an integer"),
        ("er:n=10,density=1e-6", "0 entries"),
        ("er:n=100000,density=0.5", "5000000000 entries"),
        ("er:n=10,density=0.5,skew=0.7", "'skew=0.7' is unknown"),
        ("rmat:n=100,density=0.99,skew=0.95", "not found at that skew"),
        ("rmat:n=100,density=0.1,skew=1", "skew=1 is not at least 0.5"),
        ("rmat:n=100,density=0.1,seed=-1", "seed=-1"),
        ("{a: er:n=1", "not well formed"),
        ("{a: x.mtx, b: y.mtx}", "x.mtx: no such file"),
        ("{a: x.mtx}", "expected .*MATRIX"),
    ],
)
def test_wrong_workloads_are_refused(text, message):
    with pytest.raises(ArchgymError, match=message):
        ENVIRONMENT.make_problem(text)


def test_products_that_would_take_minutes_to_count_are_refused(monkeypatch):
    monkeypatch.setattr(product, "MOST_FLOPS", 1000)
    with pytest.raises(ArchgymError, match="multiplications; at most 1,000 are counted"):
        ENVIRONMENT.make_problem("er:n=40,density=0.5")


def test_designs_of_tables():
    problem = ENVIRONMENT.make_problem("er:n=64,density=0.1")
    designs = [{"dataflow": "Row-wise", "scratchpad": 100_000, "load_factor": 0.33, "threads": 17}]
    found = problem.evaluate(designs).iloc[0]
    assert (found["dataflow"], found["on_chip_B"], found["threads"]) == ("row_wise", 100_000, 17)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"dataflow": "diagonal"}, "'dataflow': 'diagonal'"),
        ({"scratchpad": 1024}, "'scratchpad_B': 1024"),
        ({"load_factor": 0.95}, "'hash_load_factor': 0.95"),
        ({"threads": 8}, "'threads': 8"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem("er:n=64,density=0.1").evaluate([design])


def test_a_bandwidth_is_positive():
    with pytest.raises(SettingError, match="bandwidth_gb_per_s"):
        ENVIRONMENT.make_problem(bandwidth_gb_per_s=0)
