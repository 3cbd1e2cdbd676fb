"""Agreement with a table of cases: every row of designs against the row of results beside it.

    python benchmarks/synthesis_agreement.py FOLDER [CIRCUIT ...]

FOLDER holds ``cases/index.csv`` (designs file, workload, rows), the designs, and the results in
``NAME.expected.csv``; paths of libraries are taken from the working directory. Prints, per
circuit, how many rows agree in everything, and each row that does not.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path
from typing import Any

import archgym

EXACT = ("and_count", "level", "mapped_area", "mapped_delay")
NEAR = ("area_delay_product", "adp_vs_resyn2")
TOLERANCE = 1e-6


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def differences(expected: dict[str, str], got: Any) -> list[str]:
    found = []
    for name in (*EXACT, *NEAR):
        value = None if got[name] != got[name] else float(got[name])
        wanted = float(expected[name]) if expected[name] else None
        allowed = TOLERANCE * abs(wanted or 0.0) if name in NEAR else 0.0
        if (value is None) != (wanted is None) or abs((value or 0.0) - (wanted or 0.0)) > allowed:
            found.append(f"{name} {value} for {wanted}")
    if got["equivalent"] != expected["equivalent"]:
        found.append(f"equivalent {got['equivalent']} for {expected['equivalent']}")
    if got["status"] != "ok" or got["error"]:
        found.append(f"{got['status']}: {got['error']}")
    return found


def compare(folder: Path, entry: dict[str, str]) -> tuple[int, int]:
    """Return rows and rows that agree."""
    designs = read(folder / "cases" / entry["designs"])
    expected = read(folder / "cases" / entry["designs"].replace(".csv", ".expected.csv"))
    problem = archgym.make_problem(
        "synthesis.recipe", workload=str(folder / entry["workload"]), time_limit_s=600
    )
    started = time.process_time()
    table = problem.evaluate(designs)
    agreed = 0
    for row, (wanted, got) in enumerate(zip(expected, table.to_dict("records"), strict=True)):
        wrong = differences(wanted, got)
        agreed += not wrong
        if wrong:
            print(f"{entry['workload']} row {row}: {'; '.join(wrong)}", flush=True)
    statistics = problem.cost_model.session(problem.workload).statistics
    print(
        f"{entry['workload']}: {agreed} of {len(designs)} rows agree,"
        f" {statistics.passes_run} of {statistics.passes_asked} passes run,"
        f" own time {time.process_time() - started:.1f} s",
        flush=True,
    )
    problem.cost_model.close()
    return len(designs), agreed


def main() -> None:
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    entries = [
        entry
        for entry in read(folder / "cases" / "index.csv")
        if not entry["designs"].startswith("bad")
        and (not wanted or entry["designs"][:-4] in wanted)
    ]
    counts = [compare(folder, entry) for entry in entries]
    print(f"{sum(a for _, a in counts)} of {sum(n for n, _ in counts)} rows agree")


if __name__ == "__main__":
    main()
