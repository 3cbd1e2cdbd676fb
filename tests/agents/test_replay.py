"""All agents search alike in another process; the rest of replay is in test_contract."""

from __future__ import annotations

from archgym.testing.searches import in_another_process
from tests.agents.searches import AGENTS, affordable, digest, search_codes
from tests.toys import toy_problem

BUDGET = 70
TOY_NAMES = ("toy", "toy.real")


def digests() -> list[str]:
    return [
        f"{name} {toy} {digest(search_codes(name, toy_problem(toy), affordable(name, BUDGET), 3))}"
        for name in AGENTS
        for toy in TOY_NAMES
    ]


def test_every_agent_searches_alike_in_another_process() -> None:
    assert in_another_process("tests.agents.test_replay:digests()") == str(digests())
