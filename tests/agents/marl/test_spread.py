"""A standard task: three agents that cover three landmarks (mpe2's simple_spread)."""

from __future__ import annotations

import pytest

from archgym.agents.marl.team import CopiesOfTeam

simple_spread_v3 = pytest.importorskip("mpe2.simple_spread_v3")


def make():
    return simple_spread_v3.parallel_env(N=3, local_ratio=0.5, max_cycles=25)


def test_the_state_is_the_environments_own():
    team = CopiesOfTeam(make, 2, 0)
    situation = team.reset()
    assert situation.observations.shape == (2, 3, 18)
    assert (situation.state == situation.observations.reshape(2, -1)).all()
