"""Compiles the kernels of all cost models before tests run, each once.

Usage: python -m tests.compile_kernels

Workers of pytest-xdist begin side by side and would each compile what the other does not find on
disk yet.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor

from archgym.registry import environments

# The dearest first, so that both cores are busy to the end.
FIRST = ("dram", "soc.schedule", "analog.sizing", "dnn.eyeriss", "soc.design", "dnn.mapping")


def compile_kernels(name: str) -> str:
    """Evaluate the default design of an environment, which compiles what it needs."""
    problem = environments.get(name).make_problem()
    problem.outcomes(problem.space.default)
    return name


def main() -> None:
    """Compile in two processes."""
    names = [*FIRST, *(name for name in environments.names() if name not in FIRST)]
    with ProcessPoolExecutor(2) as pool:
        for _ in pool.map(compile_kernels, names):
            pass


if __name__ == "__main__":
    sys.exit(main())
