"""The boards of docs/leaderboards.md, out of the entries beside it.

``python -m benchmarks.leaderboards`` writes them between the page's two marks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archgym.results.benchmark import Benchmark, benchmark_names, load_benchmark
from archgym.results.benchmark_board import board_rows
from archgym.results.entry_checking import entrants_of_files
from archgym.whole_file import write_whole

PAGE = Path(__file__).resolve().parents[1] / "docs" / "leaderboards.md"
ENTRIES = PAGE.with_suffix("")
BEGIN, END = (
    "<!-- boards: made by `python -m benchmarks.leaderboards` -->",
    "<!-- end of boards -->",
)
COLUMNS = (
    "rank",
    "agent",
    "score, 95 % interval",
    "mean",
    "solved",
    "best so far",
    "evaluations to target",
    "over next",
    "agent s",
)


def boards() -> str:
    """Return all boards as markdown."""
    parts = [board(load_benchmark(name)) for name in benchmark_names()]
    return "\n".join([BEGIN, *parts, END])


def board(benchmark: Benchmark) -> str:
    rows = board_rows(benchmark, entrants_of_files([ENTRIES / benchmark.name], benchmark))
    counted = (
        f"{len(benchmark.problems)} problems x {benchmark.seeds} seeds,"
        f" {benchmark.budget} evaluations, {benchmark.scale} scores, target {benchmark.target:g}"
    )
    lines = [f"\n### {benchmark.name}\n", f"{benchmark.description[0].upper()}"]
    lines[-1] += f"{benchmark.description[1:]}: {counted}.\n"
    lines += [line(COLUMNS), "|" + "---|" * len(COLUMNS)]
    return "\n".join([*lines, *(line(cells(row)) for row in rows)])


def cells(row: Mapping[str, Any]) -> list[str]:
    target = row["evaluations_to_target"]
    over = row["over_next"]
    name, _, own = row["label"].partition(" ")
    return [
        row["rank"],
        f"`{name}` {own}".strip(),
        f"{row['score']:.3f} [{row['low_95']:.3f}, {row['high_95']:.3f}]",
        f"{row['mean']:.3f}",
        f"{100 * row['solved']:.0f} %",
        f"{row['mean_best']:.3f}",
        "not reached" if target is None else f"{target:,.0f}",
        "" if over is None else f"{over:.2f}",
        f"{row['agent_s']:.2g}",
    ]


def line(words: Any) -> str:
    return "| " + " | ".join(words) + " |"


def page(text: str) -> str:
    """Return the page with its boards made anew."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return pattern.sub(lambda _: boards(), text)


if __name__ == "__main__":
    write_whole(PAGE, page(PAGE.read_text()).encode())
