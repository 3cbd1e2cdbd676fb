"""Walks of circuits: round trips, validity of generators, search against the shipped amplifiers.

OMP_NUM_THREADS=1 python -m benchmarks.topology_study roundtrip|validity|search
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

import archgym
from archgym.cost_models.analog.topology.blocks import all_blocks, assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.decode import decode
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.grammar import END, Limits, PartialWalk, begin
from archgym.envs.analog.topology import BLOCKS
from archgym.experiments.topology_generator import judge

LENGTH = 160
SEEDS = (0, 1, 2)
EVALUATIONS = 120
SIZED_ON, SEARCHED_ON = "amplifier", "high_gain"
Words = tuple[str, ...]


# -- round trips ---------------------------------------------------------------------------------


def roundtrip() -> None:
    """Count circuits that come back isomorphic."""
    from tests.cost_models.analog.topology.drawing import are_isomorphic, draw_topology

    rng = np.random.default_rng(0)
    random = [draw_topology(rng, int(rng.integers(2, 61))) for _ in range(1000)]
    generated = [assemble(blocks) for blocks in list(all_blocks())[::14]]
    for name, circuits in (("random", random), ("generated", generated)):
        good = [are_isomorphic(decode(encode(c, rng)), c) for c in circuits]
        sizes = [len(c.devices) for c in circuits]
        print(f"{name}: {sum(good)} of {len(good)}, {min(sizes)} .. {max(sizes)} devices")


# -- validity ------------------------------------------------------------------------------------


def plain(rng: np.random.Generator) -> Words:
    """Draw words uniformly from the alphabet up to END, as many as a walk may have."""
    alphabet = Limits.of(LENGTH).alphabet
    words = [alphabet[at] for at in rng.integers(len(alphabet), size=LENGTH)]
    return tuple(words[: words.index(END)] if END in words else words)


def formed(rng: np.random.Generator) -> Words:
    """Draw words uniformly among those that form and single devices allow.

    The walk ends where it comes to VSS for the first time after a number of words that is drawn.
    """
    walk, words = begin(Limits.of(2 * LENGTH)), ["VSS"]
    least = int(rng.integers(30, LENGTH))
    while len(words) < 2 * LENGTH and (len(words) < least or walk.last != "VSS"):
        legal = list(walk.legal())
        words.append(legal[rng.integers(len(legal))])
        walk = walk.extended(words[-1])
    return tuple(words)


def masked(rng: np.random.Generator) -> Words:
    """Draw words uniformly among those that the grammar allows, up to a length that is drawn."""
    return _written(rng, Limits.of(int(rng.integers(60, LENGTH + 1))))


def _written(rng: np.random.Generator, limits: Limits) -> Words:
    walk: PartialWalk = begin(limits)
    words = ["VSS"]
    while (word := walk.allowed[rng.integers(len(walk.allowed))]) != END:
        words.append(word)
        walk = walk.after(word)
    return tuple(words)


def validity() -> None:
    """Compare generators: shares that keep the rules, have an operating point, are new."""
    corpus = {canonical_walk(assemble(blocks)) for blocks in all_blocks()}
    print(f"corpus: {len(corpus)} different circuits of 13,824 choices of blocks")
    for name, draw, count in (
        ("plain", plain, 100_000),
        ("formed", formed, 2_000),
        ("masked", masked, 200),
    ):
        rng = np.random.default_rng(0)
        walks = [draw(rng) for _ in range(count)]
        shown = ", ".join(f"{k} {v}" for k, v in judge(walks, SIZED_ON, corpus).items())
        print(f"{name}: {shown}", flush=True)


# -- search --------------------------------------------------------------------------------------


def fixed(bench: str, seed: int) -> Iterator[tuple[float, float]]:
    """Size the three shipped amplifiers, each a third of the evaluations, anew each time."""
    each = EVALUATIONS // len(BLOCKS)
    for at in range(each):
        problem = archgym.make_problem("analog.blocks", bench, seed=1000 * seed + at)
        found = problem.evaluate(list(BLOCKS.values()))
        yield from zip(found["figure_of_merit"], found["targets_met"], strict=True)


def searched(env: str, agent: str, bench: str, seed: int) -> Iterator[tuple[float, float]]:
    """Search topologies with an agent."""
    problem = archgym.make_problem(env, bench)
    agent_made = archgym.make_agent(agent, problem, seed=seed)
    found = archgym.search(problem, agent_made, EVALUATIONS).history
    yield from zip(found["figure_of_merit"], found["targets_met"], strict=True)


def search() -> None:
    """Print the best figure of merit among circuits that meet all targets, seed by seed."""
    ways = {
        "fixed three": fixed,
        "blocks, random": lambda b, s: searched("analog.blocks", "random", b, s),
        "blocks, genetic": lambda b, s: searched("analog.blocks", "genetic", b, s),
        "walks, genetic": lambda b, s: searched("analog.topology", "genetic", b, s),
    }
    for name, way in ways.items():
        cells = []
        for seed in SEEDS:
            rows = list(way(SEARCHED_ON, seed))
            met = [merit for merit, share in rows if share == 1.0]
            near = max(share for _, share in rows if share == share)
            cells.append(f"{max(met):.3g} ({len(met)})" if met else f"none, {near:.3f}")
        print(f"{name}: {'; '.join(cells)}", flush=True)


if __name__ == "__main__":
    for part in sys.argv[1:] or ("roundtrip", "validity", "search"):
        {"roundtrip": roundtrip, "validity": validity, "search": search}[part]()
