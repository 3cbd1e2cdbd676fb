"""Trains a generator of circuits on walks of our own, and measures what it draws.

Usage: python -m archgym.experiments.topology_generator RECIPE.yaml [--output WALKS.csv]

Measured are the shares of drawn walks that keep all rules, that have an operating point after a
search for sizes, and that are no circuit of `analog.blocks`; with the grammar's mask and without.
The output is a table of designs for ``archgym evaluate analog.topology``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from archgym import make_problem
from archgym.cost_models.analog.topology.blocks import all_blocks, assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.decode import WalkError, decode
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.grammar import Limits
from archgym.cost_models.analog.topology.rules import violations
from archgym.cost_models.analog.topology.topology import Topology
from archgym.envs.analog.topology import LONGEST
from archgym.errors import SettingError
from archgym.whole_file import write_whole

Walk = tuple[str, ...]
Recipe = Mapping[str, Any]
_KEYS = {
    "corpus": int, "longest": int, "augmentations": int, "layers": int, "heads": int,
    "width": int, "dropout": float, "batch": int, "steps": int, "learning_rate": float,
    "samples": int, "room": int, "seed": int, "bench": str,
}  # fmt: skip
_REPORTS = 10


def read_recipe(path: Path) -> Recipe:
    """Return a recipe.

    Raises:
        SettingError: It cannot be read, or has other keys or types than the one that comes along.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingError(f"{path}: cannot be read as YAML: {error}") from None
    if not isinstance(content, dict) or set(content) != set(_KEYS):
        raise SettingError(f"{path}: a recipe has exactly the keys {', '.join(_KEYS)}")
    for key, kind in _KEYS.items():
        if type(content[key]) is not kind:
            raise SettingError(f"{path}, {key}: {content[key]!r} is no {kind.__name__}")
    return content


def corpus(recipe: Recipe, rng: np.random.Generator) -> tuple[list[Topology], set[Walk]]:
    """Return circuits to learn from, and the canonical walks of all that blocks can make."""
    circuits = {canonical_walk(t): t for t in map(assemble, all_blocks())}
    short = [walk for walk in circuits if len(walk) <= recipe["longest"]]
    chosen = rng.permutation(len(short))[: recipe["corpus"]]
    return [circuits[short[at]] for at in chosen.tolist()], set(circuits)


def generate(recipe: Recipe, say: Callable[[str], object]) -> dict[str, list[Walk]]:
    """Train, and return the walks that were drawn: "masked" and "unmasked"."""
    import torch

    from archgym.experiments.walk_transformer import Shape, WalkTransformer, sample, train
    from archgym.torch_session import torch_session

    rng = np.random.default_rng(recipe["seed"])
    circuits, _ = corpus(recipe, rng)
    walks = [encode(t, rng) for t in circuits for _ in range(recipe["augmentations"])]
    limits = Limits.of(recipe["room"])
    walks = [walk for walk in walks if set(walk) <= set(limits.alphabet)]
    say(f"{len(circuits)} circuits, {len(walks)} walks of {max(map(len, walks))} words at most")

    def draw() -> Sequence[Walk]:
        return [walks[int(at)] for at in rng.integers(len(walks), size=(recipe["batch"],))]

    def report(step: int, loss: float) -> None:
        if (step + 1) % max(recipe["steps"] // _REPORTS, 1) == 0:
            say(f"step {step + 1}: {loss:.3f} nats a word")

    with torch_session():
        torch.manual_seed(recipe["seed"])
        shape = Shape(recipe["layers"], recipe["heads"], recipe["width"], recipe["dropout"])
        network = WalkTransformer(limits.alphabet, recipe["room"] + 1, shape)
        say(f"{sum(p.numel() for p in network.parameters()):,} weights")
        train(network, draw, recipe["steps"], recipe["learning_rate"], report)
        count = recipe["samples"]
        return {
            "masked": sample(network, count, rng, limits),
            "unmasked": sample(network, count, rng, None),
        }


def keeps_rules(walk: Walk) -> bool:
    """Return whether a walk is a circuit that keeps all rules."""
    try:
        return not violations(decode(walk))
    except WalkError:
        return False


def judge(walks: Sequence[Walk], bench: str, known: set[Walk]) -> dict[str, int]:
    """Return how many of some walks are circuits, work, and are new."""
    problem = make_problem("analog.topology", bench, length=LONGEST)
    valid = [walk for walk in walks if keeps_rules(walk)]
    posed: list[float] = []
    if valid:
        designs = [{"circuit": " ".join(walk)} for walk in valid]
        posed = problem.evaluate(designs)["well_posed"].tolist()
    work = [walk for walk, ok in zip(valid, posed, strict=True) if ok == 1.0]
    forms = {canonical_walk(decode(walk)) for walk in work}
    return {
        "drawn": len(walks),
        "keep_the_rules": len(valid),
        "have_an_operating_point": len(work),
        "different": len(forms),
        "not_among_the_blocks": len(forms - known),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, draw, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args(arguments)
    try:
        recipe = read_recipe(given.recipe)
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    drawn = generate(recipe, print)
    _, known = corpus(recipe, np.random.default_rng(recipe["seed"]))
    for name, walks in drawn.items():
        shown = ", ".join(
            f"{key} {value}" for key, value in judge(walks, recipe["bench"], known).items()
        )
        print(f"{name}: {shown}")
    if given.output:
        lines = ["circuit", *(" ".join(walk) for walk in drawn["masked"])]
        write_whole(given.output, ("\n".join(lines) + "\n").encode())


_Raw = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    main()
