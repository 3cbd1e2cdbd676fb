"""What the tests of the views run over: every registered environment and the toys."""

from __future__ import annotations

from typing import Any

from archgym import registry
from archgym.problem import Problem
from archgym.testing.view_checks import unlimited
from tests.toys import TOYS, toy_problem

__all__ = ["IDS", "REGISTERED", "problem_of", "unlimited"]

REGISTERED = registry.environments.names()
IDS = [*TOYS, *REGISTERED]


# Short ones, where the defaults are for searching and the views do not care.
SETTINGS: dict[str, dict[str, Any]] = {
    "analog.topology": {"length": 60, "simulations": 4},
    "analog.blocks": {"simulations": 4},
}


def problem_of(name: str, **arguments: Any) -> Problem:
    """Return the default problem of a registered environment or of a toy."""
    if name in TOYS:
        return toy_problem(name, **arguments)
    return registry.make_problem(name, **(SETTINGS.get(name, {}) | arguments))
