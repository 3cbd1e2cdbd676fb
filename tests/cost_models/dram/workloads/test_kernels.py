"""The kernels compute what numpy and scipy compute, so their accesses are those of real work."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from archgym.cost_models.dram.workloads.catalogue import list_workloads
from archgym.cost_models.dram.workloads.kernel_trace import run_kernel

SEED = 7


def run(kernel, **sizes):
    found = run_kernel(kernel, sizes, SEED)
    assert len(found.log.addresses) == found.log.counts[0]
    assert (np.diff(found.log.instructions) > 0).all()
    return found


def test_stream():
    found = run("stream", elements=512)
    assert np.array_equal(found.result, found.inputs["b"] + 3.0 * found.inputs["c"])
    assert len(found.log.addresses) == 3 * 512 / 8


@pytest.mark.parametrize(("size", "tile"), [(8, 8), (40, 16), (48, 24), (56, 24)])
def test_gemm(size, tile):
    found = run("gemm", size=size, tile=tile)
    assert np.allclose(found.result, found.inputs["a"] @ found.inputs["b"])
    # Every multiply-add loads a vector of b.
    b_loads = size * size * size // 8
    assert len(found.log.addresses) == size * size * -(-size // tile) + 3 * b_loads


def test_spmv():
    found = run("spmv", rows=300, entries=1500, exponent=0.6)
    given = found.inputs
    matrix = csr_array((given["values"], given["columns"], given["offsets"]), shape=(300, 300))
    assert np.allclose(found.result, matrix @ given["x"])


def test_bfs():
    found = run("bfs", vertices=400, edges=700, exponent=0.6)
    given = found.inputs
    ones = np.ones(len(given["neighbours"]))
    graph = csr_array((ones, given["neighbours"], given["offsets"]), shape=(400, 400))
    distances = shortest_path(graph, unweighted=True, indices=int(given["source"]))
    expected = np.where(np.isinf(distances), -1, distances)
    assert np.array_equal(found.result, expected)
    assert (expected == -1).any()
    assert expected.max() >= 3


def test_hash_join():
    found = run("hash_join", build_rows=200, probe_rows=500, match_share=0.5, bits=9)
    payloads = dict(found.inputs["build"].tolist())
    probe = found.inputs["probe"].tolist()
    expected = [[payloads[key], payload] for key, payload in probe if key in payloads]
    assert found.result.tolist() == expected
    assert 150 < len(expected) < 350


@pytest.mark.parametrize(("bits", "signals"), [(1, 1), (5, 3), (8, 2)])
def test_fft(bits, signals):
    found = run("fft", bits=bits, signals=signals)
    assert np.allclose(found.result, np.fft.fft(found.inputs["signal"], axis=1))


@pytest.mark.parametrize("sweeps", [1, 4])
def test_stencil(sweeps):
    found = run("stencil", size=20, sweeps=sweeps)
    grid = found.inputs["start"]
    for _ in range(sweeps):
        around = grid[1:-1, :-2] + grid[1:-1, 2:] + grid[:-2, 1:-1] + grid[2:, 1:-1]
        new = grid.copy()
        new[1:-1, 1:-1] = 0.5 * grid[1:-1, 1:-1] + 0.125 * around
        grid = new
    assert np.allclose(found.result, grid)


def test_pointer_chase():
    found = run("pointer_chase", nodes=50, steps=120)
    node, total, expected = 0, 0, []
    for _ in range(120):
        total += found.inputs["payloads"][node]
        expected.append(total)
        node = found.inputs["successors"][node]
    assert found.result.tolist() == expected
    assert len(np.unique(found.log.addresses // 64)) == 50


def test_llm_decode():
    found = run("llm_decode", width=32, heads=2, layers=2, prompt=5, tokens=3)
    assert np.allclose(found.result, decode(found.inputs), atol=1e-4)


def decode(given):
    """Return the states after all layers, in plain numpy."""
    heads, prompt = int(given["heads"]), int(given["prompt"])
    keys, values = given["keys"].astype(float), given["values"].astype(float)
    states = given["states"].astype(float)
    for token, x in enumerate(states):
        length = prompt + token + 1
        for layer in range(len(keys)):
            query, key, value = given["attention"][layer, :3] @ x
            keys[layer, length - 1], values[layer, length - 1] = key, value
            by_head = [
                softmax(k @ q / np.sqrt(len(q))) @ v
                for q, k, v in zip(
                    np.split(query, heads),
                    np.split(keys[layer, :length], heads, axis=1),
                    np.split(values[layer, :length], heads, axis=1),
                    strict=True,
                )
            ]
            x += given["attention"][layer, 3] @ np.concatenate(by_head)
            x += given["down"][layer] @ np.maximum(given["up"][layer] @ x, 0)
            x /= np.sqrt(np.mean(x * x))
    return states


def softmax(scores):
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def test_histogram():
    found = run("histogram", keys=700, bins=50)
    assert np.array_equal(found.result, np.bincount(found.inputs["keys"], minlength=50))


@pytest.mark.parametrize("elements", [1, 2, 33, 500])
def test_merge_sort(elements):
    found = run("merge_sort", elements=elements)
    assert np.array_equal(found.result, np.sort(found.inputs["keys"]))


def test_key_value():
    found = run("key_value", bits=8, keys=100, requests=400, put_share=0.3, exponent=0.9)
    given = found.inputs
    store = dict(zip(given["names"].tolist(), given["records"].copy(), strict=True))
    expected = []
    for request, (name, put) in enumerate(
        zip(given["wanted"].tolist(), given["puts"].tolist(), strict=True)
    ):
        store[name] += request * put
        expected.append(store[name].sum())
    assert found.result.tolist() == expected
    assert 0.2 < given["puts"].mean() < 0.4


def test_embedding():
    found = run("embedding", tables=3, rows=40, width=32, bags=5, lookups=4, exponent=0.8)
    weights, picks = found.inputs["weights"], found.inputs["picks"]
    expected = [[weights[t, picks[b, t]].sum(axis=0) for t in range(3)] for b in range(5)]
    assert np.allclose(found.result, expected)


def test_every_shipped_kernel_is_checked_here():
    kernels = {name for name in list_workloads() if f"{name}_short" in list_workloads()}
    checked = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert kernels - {"bursty_mix"} <= checked
    assert len(kernels) >= 10
