"""Usage: python -m archgym.experiments.schedule_policy RECIPE.yaml [OUTPUT.npz]."""

from __future__ import annotations

import sys
from pathlib import Path

from archgym.cost_models.soc.schedule.policies import save_policy
from archgym.errors import ArchgymError
from archgym.experiments.recipe_file import read_recipe_file
from archgym.experiments.schedule_policy.recipe import Recipe
from archgym.experiments.schedule_policy.training import Measured, provenance, train

BAD_INPUT = 2


def main() -> int:
    """Train the policy of a recipe and write its file."""
    if not 2 <= len(sys.argv) <= 3:
        print(__doc__, file=sys.stderr)
        return BAD_INPUT
    try:
        recipe = read_recipe_file(Path(sys.argv[1]), Recipe)
        output = Path(sys.argv[2] if len(sys.argv) == 3 else f"{recipe.name}.npz")
        layers, measured = train(recipe, report=_tell)
        save_policy(output, layers, provenance(recipe, measured))
    except ArchgymError as error:
        print(f"Error: {error}", file=sys.stderr)
        return BAD_INPUT
    print(f"wrote {output}; use it as scheduler=policy:{output}")
    return 0


def _tell(measured: Measured) -> None:
    latencies = "  ".join(f"{latency:.1f}" for latency in measured.latencies)
    print(
        f"{measured.seconds:6.0f} s  iteration {measured.iteration:4d}  {latencies} us", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
