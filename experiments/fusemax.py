"""The ladder of the FuseMax paper: means over 24 attention layers, each compared with FLAT.

Usage: python -m archgym.experiments.fusemax

Claim (FuseMax, MICRO 2024): on average 6.7 times as fast as FLAT on attention at 79 % of the
energy, 5.3 times end to end at 83 %. The means are arithmetic. The launch ``fusemax_ladder.yaml``
evaluates and stores the same designs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.attn_kernel.fusemax.constants import CONFIGS
from archgym.envs.attn_kernel.fusemax import ENVIRONMENT

BASELINE = "flat"

# Share -> its metric, and whether more than 1 is better.
SHARES = {
    "speedup": ("latency_s", True),
    "energy": ("energy_j", False),
    "end_to_end_speedup": ("total_latency_s", True),
    "end_to_end_energy": ("total_energy_j", False),
}


def ladder() -> dict[str, NDArray[np.float64]]:
    """Return metric -> its values for each layer and configuration, (24, len(CONFIGS))."""
    designs = [{"config": config} for config in CONFIGS]
    rows = []
    for workload in ENVIRONMENT.workloads:
        problem = ENVIRONMENT.make_problem(workload, space="ladder")
        rows.append(problem.outcomes(problem.space.encode(designs)).metrics)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def means(values: Mapping[str, NDArray[np.float64]], config: str) -> dict[str, float]:
    """Return share of `SHARES` -> arithmetic mean over the layers, against the baseline."""
    at, base = CONFIGS.index(config), CONFIGS.index(BASELINE)
    ratios = {share: values[m][:, base] / values[m][:, at] for share, (m, _) in SHARES.items()}
    return {
        share: float(np.mean(ratio if SHARES[share][1] else 1.0 / ratio))
        for share, ratio in ratios.items()
    }


def main() -> None:
    """Print the table."""
    values = ladder()
    print(f"arithmetic means over {len(ENVIRONMENT.workloads)} layers, against {BASELINE}")
    print(f"{'':10}" + "".join(f"{share:>20}" for share in SHARES))
    for config in CONFIGS:
        found = means(values, config)
        print(f"{config:10}" + "".join(f"{found[share]:20.4f}" for share in SHARES))


if __name__ == "__main__":
    main()
