"""Utilisation and cycles by group size of depthwise layers (DRACO, ISVLSI 2020).

Usage: python -m archgym.experiments.draco [NETWORK] [SIDE]

Claims of the paper, on MobileNetV1 and a 64 x 64 array: average utilisation of the processing
elements +41.8 %, latency -42.6 % against row-stationary. The latter is not described further; see
`row_stationary_cycles` for how we read it.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archgym.cost_models.dnn.systolic import CYCLE_MODELS, DATAFLOWS
from archgym.cost_models.dnn.workloads import load_network
from archgym.envs.dnn.systolic import ENVIRONMENT, GROUPS

CLAIMED_GAIN = 1.418


@dataclass(frozen=True)
class Row:
    """One design.

    Attributes:
        cycle_model: Exact cycles of SCALE-Sim 3.0.0, or the published closed form.
        dataflow: Of the array.
        group: Channels a group of depthwise layers.
        cycles: Of the network, fill and drain paid in every fold.
        utilization: Unweighted mean over the layers.
        gain: Of utilisation over group 1.
        macs: Multiply-accumulate operations.
    """

    cycle_model: str
    dataflow: str
    group: int
    cycles: float
    utilization: float
    gain: float
    macs: float


def table(network: str = "mobilenet_v1", side: int = 64) -> list[Row]:
    """Return cycles and utilisation of every cycle model, dataflow and group, in this order."""
    keys = list(itertools.product(CYCLE_MODELS, DATAFLOWS, GROUPS))
    found = ENVIRONMENT.make_problem(network).evaluate(
        [
            {"rows": side, "cols": side, "cycle_model": model, "dataflow": flow, "group": group}
            for model, flow, group in keys
        ]
    )
    utilization = dict(zip(keys, found["avg_util"], strict=True))
    columns = zip(keys, found["cycles"], found["macs"], strict=True)
    return [
        Row(*key, cycles, utilization[key], utilization[key] / utilization[*key[:2], 1], macs)
        for key, cycles, macs in columns
    ]


def row_stationary_cycles(network: str = "mobilenet_v1", side: int = 64) -> int:
    """Return the cycles of a row-stationary array on a network whose layers stay as they are.

    In the published closed form for the other dataflows, with filter rows of all channels along
    the array's rows, output rows along its columns, and filter columns, output columns and filters
    in time. Depthwise layers run channel by channel. Eyeriss folds and replicates its sets of
    processing elements, which this form does not.
    """
    loaded = load_network(network)
    n, filters, channels, height, width, rows, columns, _, groups = loaded.rows.T
    over_rows, over_columns = rows * channels // groups, height
    streamed = n * columns * width * filters // groups
    folds = -(-over_rows // side) * -(-over_columns // side)
    return int((np.array(loaded.counts) * groups * folds * (3 * side + streamed - 2)).sum())


def passes_between(rows: Sequence[Row], gain: float = CLAIMED_GAIN) -> tuple[int, int] | None:
    """Return the two groups between which the gain passes a value, None where it does not.

    Args:
        rows: Of one cycle model and dataflow, in ascending order of groups.
        gain: The value.
    """
    for low, high in itertools.pairwise(rows):
        if low.gain <= gain < high.gain:
            return low.group, high.group
    return None


def main() -> None:
    """Print the table, and where the claimed gain lies."""
    network = sys.argv[1] if len(sys.argv) > 1 else "mobilenet_v1"
    side = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    print(f"{network} on {side} x {side}; gain of the mean utilisation over group 1")
    print("cycles    dataflow group      cycles  MACs, M  utilisation   gain  latency")
    baseline = row_stationary_cycles(network, side)
    for (model, flow), group in itertools.groupby(
        table(network, side), lambda row: (row.cycle_model, row.dataflow)
    ):
        rows = list(group)
        for row in rows:
            numbers = f"{row.cycles:11,.0f} {row.macs / 1e6:8.2f} {row.utilization:12.4f}"
            saved = f"{row.cycles / baseline - 1:8.1%}" if model == "analytic" else ""
            print(f"{model:9} {flow:8} {row.group:5} {numbers} {row.gain:6.3f} {saved}")
        print(f"{'':18} {_where(passes_between(rows))} x{CLAIMED_GAIN}")
    print(f"latency: against row-stationary in the closed form, {baseline:,} cycles")


def _where(between: tuple[int, int] | None) -> str:
    if between is None:
        return "the gain stays below"
    return f"between groups {between[0]} and {between[1]} the gain passes"


if __name__ == "__main__":
    main()
