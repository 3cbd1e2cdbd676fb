"""Compiles the kernels of all cost models before tests run, each once.

Usage: python -m tests.compile_kernels

Workers of pytest-xdist begin side by side and would each compile what the other does not find on
disk yet.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor

from archgym.registry import environments, make_problem

# The dearest first, so that both cores are busy to the end.
FIRST = ("dram", "soc.schedule", "analog.sizing", "dnn.eyeriss", "soc.design", "dnn.mapping")


# Tests use more of this family than its default problem does: benches, and tables of transistors.
CIRCUITS = ("miller2", "tia", "ldo", "comparator")
FURTHER: list[dict[str, str]] = [
    *({"env": "analog.sizing", "workload": name} for name in CIRCUITS),
    {"env": "analog.sizing", "workload": "miller2", "model": "gf180", "cost_model": "lookup"},
]


def compile_kernels(arguments: dict[str, str]) -> None:
    """Evaluate the default design of a problem, which compiles what it needs."""
    problem = make_problem(**arguments)
    problem.outcomes(problem.space.default)


def main() -> None:
    """Compile in two processes."""
    names = [*FIRST, *(name for name in environments.names() if name not in FIRST)]
    problems = [{"env": name} for name in names]
    with ProcessPoolExecutor(2) as pool:
        for _ in pool.map(compile_kernels, [*problems[:1], *FURTHER, *problems[1:]]):
            pass


if __name__ == "__main__":
    sys.exit(main())
