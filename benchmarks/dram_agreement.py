"""Print how well the simulator agrees with recorded runs of DRAMSys v5.0.

Usage: python -m benchmarks.dram_agreement FOLDER

FOLDER holds dramsys5_dev.csv and traces/*.npz. Errors are absolute and in per cent; the last line
of a memory gives the share of runs with a wrong number of reads, writes or refreshes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.cost_models.dram.agreement import agreement_table, read_rows, simulate_rows


def main() -> None:
    folder = Path(sys.argv[1])
    rows = read_rows(folder)
    started = time.perf_counter()
    ours = simulate_rows(folder, rows)
    seconds = time.perf_counter() - started
    print(agreement_table(rows, ours).to_string(index=False, float_format="%.4f"))
    print(f"{len(rows)} runs in {seconds:.1f} s")


if __name__ == "__main__":
    main()
