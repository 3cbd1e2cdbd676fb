"""The direction of NASAIC's claim, with few evaluations."""

from __future__ import annotations

import pytest

from archgym.experiments.nasaic import joint, network_first, summary


@pytest.mark.slow
def test_joint_search_meets_all_specs_where_the_network_first_cannot():
    together, in_sequence = (way("w3", 600, 0) for way in (joint, network_first))
    assert together["status"] == "ok"
    assert in_sequence["status"] == "infeasible"
    assert in_sequence["accuracy"] > together["accuracy"], "what the chip cannot carry"
    assert summary("w3", [together, in_sequence]).startswith("1 of 2")
