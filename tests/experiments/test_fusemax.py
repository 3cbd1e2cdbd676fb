"""The means that the FuseMax paper claims."""

from __future__ import annotations

import pytest

from archgym.experiments.fusemax import ladder, means

CLAIMED = {
    "speedup": (6.7226, 1e-3),
    "energy": (0.787, 1e-2),
    "end_to_end_speedup": (5.302, 1e-3),
    "end_to_end_energy": (0.833, 1e-2),
}


def test_fusemax_against_flat():
    values = ladder()
    found = means(values, "binding")
    for share, (claimed, tolerance) in CLAIMED.items():
        assert found[share] == pytest.approx(claimed, rel=tolerance), share
    assert set(means(values, "flat").values()) == {1.0}
    assert found["speedup"] > means(values, "arch")["speedup"] > 1
