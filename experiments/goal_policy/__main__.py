"""Usage: python -m archgym.experiments.goal_policy RECIPE.yaml [OUTPUT.npz]."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.experiments.goal_policy.recipe import Recipe
from archgym.experiments.goal_policy.training import tested, train
from archgym.experiments.recipe_file import read_recipe_file

BAD_INPUT = 2


def main() -> int:
    """Train the policy of a recipe, test it on unseen targets, and write its file."""
    if not 2 <= len(sys.argv) <= 3:
        print(__doc__, file=sys.stderr)
        return BAD_INPUT
    began = time.perf_counter()

    def tell(steps: int) -> None:
        print(f"{time.perf_counter() - began:6.0f} s  {steps:8d} steps", flush=True)

    try:
        recipe = read_recipe_file(Path(sys.argv[1]), Recipe)
        output = Path(sys.argv[2] if len(sys.argv) == 3 else f"{recipe.name}.npz")
        policy = train(recipe, tell)
        policy.save(output)
        policy = tested(policy, output, recipe)
        policy.save(output)
    except ArchgymError as error:
        print(f"Error: {error}", file=sys.stderr)
        return BAD_INPUT
    scores = {name: value for name, value in policy.purpose.training.items() if name != "recipe"}
    print("  ".join(f"{name} {value}" for name, value in scores.items()))
    print(f"wrote {output}; use it as the agent goal_ppo with policy={output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
