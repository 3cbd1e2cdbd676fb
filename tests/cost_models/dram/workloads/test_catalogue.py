"""Every built-in workload: length, order, alignment, determinism, and what it is like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import archgym.cost_models.dram.workloads as package
from archgym.cost_models.dram.workloads import content_hash, list_workloads, load_workload
from archgym.cost_models.dram.workloads.characteristics import characterise, characteristics_table
from archgym.errors import UnknownNameError

NAMES = tuple(list_workloads())
HASHES = """
import json
from archgym.cost_models.dram.workloads import content_hash, list_workloads, load_workload
print(json.dumps({name: content_hash(load_workload(name)) for name in list_workloads()}))
"""


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_is_a_well_formed_trace(name):
    trace = load_workload(name)
    assert trace.name == name
    assert len(trace) == list_workloads()[name].requests
    assert (np.diff(trace.times) >= 0).all()
    assert trace.times[0] >= 0
    assert (trace.addresses % 64 == 0).all()
    assert trace.addresses.min() >= 0
    assert trace.addresses.max() < 1 << 30
    assert set(np.unique(trace.writes)) <= {0, 1}
    assert not trace.lengths.any()
    assert not trace.relative


def test_traces_do_not_depend_on_the_process():
    here = {name: content_hash(load_workload(name)) for name in NAMES}
    assert json.loads(python(HASHES, PYTHONHASHSEED="123")) == here
    assert len(set(here.values())) == len(NAMES)


def test_loading_again_gives_the_same_read_only_arrays():
    first = load_workload("stream_short")
    assert load_workload("stream_short") is first
    with pytest.raises(ValueError, match="read-only"):
        first.times[0] = 1


def test_listing_needs_no_compiler():
    code = (
        "import sys; from archgym.cost_models.dram.workloads import list_workloads;"
        "list_workloads(); print('numba' in sys.modules, 'scipy' in sys.modules)"
    )
    assert python(code).split() == ["False", "False"]


def test_kernels_come_in_three_lengths():
    for kernel in ("stream", "gemm", "spmv", "bfs", "hash_join", "fft", "stencil", "llm_decode"):
        lengths = [list_workloads()[kernel + end].requests for end in ("_short", "", "_long")]
        assert lengths == [2_000, 10_000, 50_000]


def test_an_unknown_name_guesses_and_offers_files():
    with pytest.raises(UnknownNameError, match=r"did you mean 'gemm'.*trace file.*\.stl"):
        load_workload("gem")


def test_characteristics_by_hand():
    from archgym.cost_models.dram.trace import make_trace

    # Rows of 8 KiB, 8 banks: 0 and 64 share a row, 65536 is another row of that bank, 8192
    # another bank, and the last request finds its row still open.
    trace = make_trace("t", [0, 1, 2, 3, 8], [0, 1, 0, 0, 0], [0, 64, 65536, 8192, 65600])
    found = characterise(trace)
    assert found.footprint_bytes == 5 * 64
    assert found.read_share == pytest.approx(0.8)
    assert found.requests_per_kilocycle == pytest.approx(625)
    assert found.row_locality == pytest.approx(2 / 5)
    assert found.sequential_share == pytest.approx(1 / 5)


def test_kernels_span_the_range_of_behaviour():
    found = {name: characterise(load_workload(name)) for name in NAMES}
    assert found["stream"].row_locality > 0.9 > 0.1 > found["pointer_chase"].row_locality
    assert found["stream"].requests_per_kilocycle > 250  # saturates any DDR channel
    assert found["pointer_chase"].requests_per_kilocycle < 20
    assert found["llm_decode"].read_share > 0.99
    assert 0.4 < found["histogram"].read_share < 0.6
    assert found["stream"].read_share == pytest.approx(0.75, abs=0.03)  # two reads, fetch, write


def test_the_documented_table_is_the_measured_one():
    readme = Path(package.__file__).with_name("README.md").read_text("utf-8")
    assert characteristics_table() in readme
