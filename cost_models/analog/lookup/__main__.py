"""Makes tables of the foundry's transistors, as the package brings those of the typical process.

Usage: python -m archgym.cost_models.analog.lookup [--process tt] [--celsius 27] --output FILE

Takes two minutes of CPU time. Needs ngspice and the foundry's cards.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from archgym.cost_models.analog.corners import PROCESSES, ZERO_CELSIUS_K
from archgym.cost_models.analog.lookup.tables import characterise, packed
from archgym.errors import ArchgymError


def main() -> None:
    """Write a file."""
    parser = argparse.ArgumentParser(description="Make tables of GF180MCU transistors.")
    parser.add_argument("--process", choices=PROCESSES, default="tt")
    parser.add_argument("--celsius", type=float, default=27.0)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    try:
        content = packed(characterise(given.process, given.celsius + ZERO_CELSIUS_K))
        given.output.write_bytes(content)
    except (ArchgymError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
