"""Every registered agent satisfies the conformance kit."""

from __future__ import annotations

from archgym.registry import agents
from archgym.testing import AgentConformance
from tests.agents.searches import AGENTS, BLIND, LARGEST_BUDGETS, QUICK, WIDE

# Agents that cut real axes into 33 levels.
LEVELS = {"dqn": 33, "maskable_ppo": 33}
UNSEEDED: set[str] = set()


def _case(name: str) -> type[AgentConformance]:
    own = {
        "agent": agents.get(name),
        "quick": QUICK.get(name, {}),
        "wide": WIDE.get(name, {}),
        "wide_budget": 160 if name in WIDE else 320,
        "largest_budget": LARGEST_BUDGETS.get(name),
        "adaptive": name not in BLIND,
        "seeded": name not in UNSEEDED,
        "real_levels": LEVELS.get(name),
        # All agents search in one further process, in test_replay.
        "another_process": False,
    }
    title = "".join(map(str.capitalize, name.split("_")))
    return type(f"Test{title}", (AgentConformance,), own)


_CASES = {case.__name__: case for case in map(_case, AGENTS)}
globals().update(_CASES)


def test_agents_are_registered_under_their_own_names() -> None:
    assert [agents.get(name).name for name in AGENTS] == AGENTS
