"""What the tests of the views run over: every registered environment and the toys."""

from __future__ import annotations

import sys
from typing import Any

from archgym import registry
from archgym.evaluator import Evaluator
from archgym.problem import Problem
from tests.toys import TOYS, toy_problem

REGISTERED = registry.environments.names()
IDS = [*TOYS, *REGISTERED]
VIEWS = [
    ("one_shot", "multi_discrete"),
    ("one_shot", "box"),
    ("sequential", "discrete"),
    ("sequential", "box"),
    ("local", "discrete"),
]


def problem_of(name: str, **arguments: Any) -> Problem:
    """Return the default problem of a registered environment or of a toy."""
    if name in TOYS:
        return toy_problem(name, **arguments)
    return registry.make_problem(name, **arguments)


def unlimited(problem: Problem) -> Evaluator:
    """Return an evaluator whose budget does not end."""
    return Evaluator(problem, sys.maxsize)
