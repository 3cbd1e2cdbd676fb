"""Speed of synthesis step by step, against a new ABC for each step that replays the recipe.

    python benchmarks/synthesis_speed.py [CIRCUIT [LIBRARY]]

Episodes of 20 random passes on the same circuit, in steps per second of wall clock and of CPU, the
engine's included; then random recipes through the evaluator: passes run against the nodes of their
prefix trie; then the same work by one process and by two.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import gymnasium
import numpy as np

import archgym
from archgym.cost_models.synthesis.actions import action_set
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.libraries import find_library
from archgym.cost_models.synthesis.workloads import load_circuit

CIRCUIT, LIBRARY = "random:inputs=64,outputs=32,ands=1000", "small"
LENGTH, EPISODES, RECIPES = 20, 40, 500
PASSES = action_set("std7")


def cpu_seconds() -> float:
    """Return CPU time of this process and of its children that ended."""
    own, children = (
        resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def drawn(count: int, seed: int = 0) -> list[list[int]]:
    rows: list[list[int]] = np.random.default_rng(seed).integers(0, 7, (count, LENGTH)).tolist()
    return rows


def step(circuit: str, settings: dict[str, str], seed: int = 0) -> tuple[float, float]:
    """Return steps per second, of wall clock and of CPU."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    env = gymnasium.make(
        "archgym/synthesis.recipe-v0", workload=circuit, equivalence="never", **settings
    ).unwrapped
    for recipe in drawn(EPISODES, seed):
        env.reset()
        for action in recipe:
            env.step(action)
    env.problem.cost_model.close()
    steps = EPISODES * LENGTH
    return steps / (time.perf_counter() - wall), steps / (cpu_seconds() - cpu)


def replay(circuit: str, library: str, mapped: str) -> tuple[float, float]:
    """Return steps per second of the way of DRiLLS: a new ABC replays the recipe, perhaps maps."""
    engine, loaded = find_engine(), load_circuit(circuit)
    wall, cpu, steps = time.perf_counter(), cpu_seconds(), 0
    with tempfile.TemporaryDirectory() as folder:
        source, gates = Path(folder) / f"c{loaded.suffix}", Path(folder) / "library"
        source.write_bytes(loaded.content)
        gates.write_bytes(find_library(library).content)
        for recipe in drawn(2):
            for end in range(1, LENGTH + 1):
                passes = "; ".join(f"{PASSES[action]}; strash" for action in recipe[:end])
                mapping = f"read_genlib {gates}; map; print_stats" if mapped == "step" else ""
                script = f"read {source}; strash; {passes}; print_stats; {mapping}"
                subprocess.run([engine.path, "-s", "-c", script], capture_output=True, check=True)
                steps += 1
    return steps / (time.perf_counter() - wall), steps / (cpu_seconds() - cpu)


def evaluate(circuit: str, recipes: list[list[int]]) -> tuple[int, int, float]:
    """Return passes run, nodes of the prefix trie, and seconds, of recipes in one table."""
    started = time.perf_counter()
    problem = archgym.make_problem("synthesis.recipe", workload=circuit, equivalence="never")
    problem.space.default  # noqa: B018
    problem.run(problem.space.encode([{"recipe": "".join(map(str, row))} for row in recipes]))
    session = problem.cost_model.session(problem.workload)
    nodes = {tuple(row[:end]) for row in recipes for end in range(1, LENGTH + 1)}
    resyn2 = len("6206236136")
    problem.cost_model.close()
    return session.statistics.passes_run - resyn2, len(nodes), time.perf_counter() - started


def work(task: tuple[str, int]) -> float:
    return step(task[0], {"mapping": "off", "objective": "and_count"}, seed=task[1])[0]


def spread(circuit: str, workers: int) -> float:
    """Return seconds of eight trials by so many processes, which are started before."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(work, [("comparator:width=4", 0)] * workers))
        started = time.perf_counter()
        list(pool.map(work, [(circuit, seed) for seed in range(8)]))
        return time.perf_counter() - started


def main() -> None:
    circuit, library = (*sys.argv[1:], *(CIRCUIT, LIBRARY)[len(sys.argv) - 1 :])
    sizes = {"mapping": "off", "objective": "and_count", "reward": "and_level"}
    spawned = {mapped: replay(circuit, library, mapped) for mapped in ("never", "step")}
    for mapped, (wall, cpu) in spawned.items():
        print(f"spawn and replay, mapping {mapped}: {wall:.1f} steps/s ({cpu:.1f} per CPU second)")
    for name, settings in (
        ("AND gates and level", sizes),
        ("mapping at the end", {"library": library}),
        ("mapping at each step", {"library": library, "reward": "adp"}),
    ):
        wall, cpu = step(circuit, settings)
        never, each = (cpu / spawned[mapped][1] for mapped in ("never", "step"))
        print(
            f"{name}: {wall:.0f} steps/s ({cpu:.0f} per CPU second), per CPU second {never:.1f}"
            f" times spawn and replay without mapping, {each:.1f} times that with"
        )
    run, nodes, seconds = evaluate(circuit, drawn(RECIPES))
    print(f"{RECIPES} recipes: {run} passes run, {nodes} nodes of the trie, {seconds:.1f} s")
    one, two = spread(circuit, 1), spread(circuit, 2)
    print(f"two processes do in {two:.1f} s what one does in {one:.1f} s: {one / two:.2f} times")


if __name__ == "__main__":
    main()
