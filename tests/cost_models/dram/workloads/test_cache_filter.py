"""The compiled cache against an obvious one made of ordered dictionaries."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.dram.workloads.cache_filter import Cache, filter_accesses
from archgym.errors import WorkloadError


def obvious_cache(cache: Cache, accesses: list[tuple[int, bool]]) -> list[tuple[int, int, int]]:
    """Return (line address, write, cause); each set is a dictionary, oldest use first."""
    sets: list[OrderedDict[int, bool]] = [OrderedDict() for _ in range(cache.sets)]
    requests = []
    for cause, (address, write) in enumerate(accesses):
        line = address // cache.line_bytes
        lines = sets[line % cache.sets]
        if line in lines:
            lines.move_to_end(line)
            lines[line] |= write
            continue
        requests.append((line * cache.line_bytes, 0, cause))
        if len(lines) == cache.ways:
            victim, dirty = lines.popitem(last=False)
            if dirty:
                requests.append((victim * cache.line_bytes, 1, cause))
        lines[line] = write
    return requests


accesses = st.lists(st.tuples(st.integers(0, 4095), st.booleans()), max_size=300)
caches = st.builds(
    lambda sets, ways: Cache(size_bytes=64 * sets * ways, ways=ways),
    st.sampled_from([1, 2, 3, 4, 8]),
    st.sampled_from([1, 2, 3, 8]),
)


@settings(max_examples=200, deadline=None)
@given(caches, accesses)
def test_equals_the_obvious_cache(cache, accesses):
    addresses = np.array([address for address, _ in accesses], dtype=np.int64)
    writes = np.array([write for _, write in accesses], dtype=np.uint8)
    found = filter_accesses(cache, addresses, writes)
    rows = zip(found.addresses.tolist(), found.writes.tolist(), found.causes.tolist(), strict=True)
    assert list(rows) == obvious_cache(cache, accesses)


def test_a_small_case_by_hand():
    # One set of two ways: the store makes line 0 dirty, the third line replaces it.
    cache = Cache(size_bytes=128, ways=2)
    found = filter_accesses(
        cache, np.array([8, 64, 130, 64]), np.array([1, 0, 0, 0], dtype=np.uint8)
    )
    assert found.addresses.tolist() == [0, 64, 128, 0]
    assert found.writes.tolist() == [0, 0, 0, 1]
    assert found.causes.tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize("sizes", [(0, 1, 64), (100, 1, 64), (64, 2, 64), (64, 0, 64)])
def test_impossible_caches_are_refused(sizes):
    with pytest.raises(WorkloadError, match="cannot have"):
        Cache(*sizes)
