"""What every agent, cost model and environment must satisfy, as classes for pytest.

A test class inherits what it claims and names what is tested::

    from archgym.testing import AgentConformance

    class TestMyAgent(AgentConformance):
        agent = MyAgent

Needs pytest; the checks of Gymnasium views also use stable-baselines3 where it is installed.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "archgym.testing.agents",
    "archgym.testing.cost_models",
    "archgym.testing.environments",
    "archgym.testing.view_checks",
)

from archgym.testing.agents import AgentConformance  # noqa: E402
from archgym.testing.cost_models import CostModelConformance  # noqa: E402
from archgym.testing.environments import EnvironmentConformance  # noqa: E402

__all__ = ["AgentConformance", "CostModelConformance", "EnvironmentConformance"]
