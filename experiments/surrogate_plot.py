"""Learning curves as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archgym.errors import MissingExtraError, SettingError, StoreError
from archgym.results.report.figures import COLOURS

SUFFIXES = (".png", ".svg", ".pdf")
# Scores that say more by their order of magnitude.
_ERRORS = ("mae", "rrmse", "mape", "median_relative_error", "interval")
_SCORES = (*_ERRORS, "r2", "tau", "found", "coverage")
_MOST_ACROSS, _PANEL, _DPI = 3, (4.2, 3.2), 150
_LABELLED = (1.0, 2.0, 3.0, 5.0, 7.0)
_BASELINE = {"mean": "0.6", "nearest": "0.35"}
Row = Mapping[str, Any]


def check_plot(path: Path, score: str) -> None:
    """Refuse a picture that could not be drawn.

    Raises:
        SettingError: An unknown ending or score.
        StoreError: The folder does not exist.
        MissingExtraError: matplotlib is not installed.
    """
    if path.suffix not in SUFFIXES:
        raise SettingError(f"{path}: a picture ends in one of {', '.join(SUFFIXES)}")
    if score not in _SCORES:
        raise SettingError(f"--score {score!r}: not one of {', '.join(_SCORES)}")
    if not path.resolve().parent.is_dir():
        raise StoreError(f"{path}: the folder {path.parent} does not exist")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("drawing figures", "plots") from None


def draw_curves(rows: Sequence[Row], score: str, path: Path) -> None:
    """Draw a score by the number of rows learnt: a panel per metric, a line per kind.

    Bars reach one standard deviation over seeds to either side.

    Args:
        rows: See `surrogate_comparison.averaged`.
        score: A column of theirs.
        path: Of the picture; it appears whole or not at all.
    """
    from matplotlib.figure import Figure

    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    across = min(len(metrics), _MOST_ACROSS)
    down = math.ceil(len(metrics) / across)
    size = _PANEL[0] * across, _PANEL[1] * down
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).flat
    for axes, metric in zip(panels, metrics, strict=False):
        _draw_metric(axes, [row for row in rows if row["metric"] == metric], score)
        axes.set_title(metric, fontsize=10)
    for axes in list(panels)[len(metrics) :]:
        axes.set_visible(False)
    save_figure(figure, path)


def save_figure(figure: Any, path: Path) -> None:
    """Write a picture; the same data give the same bytes."""
    import io

    from matplotlib import rc_context

    from archgym.whole_file import write_whole

    content = io.BytesIO()
    dates = {".svg": "Date", ".pdf": "CreationDate"}
    metadata = {dates[path.suffix]: None} if path.suffix in dates else None
    with rc_context({"svg.hashsalt": path.name}):
        figure.savefig(content, format=path.suffix[1:], dpi=_DPI, metadata=metadata)
    write_whole(path, content.getvalue())


def plain_logarithmic(axes: Any) -> None:
    """Let the vertical axis be logarithmic, with plain numbers beside it."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=_LABELLED))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_metric(axes: Any, rows: Sequence[Row], score: str) -> None:
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    colours = dict(zip((k for k in kinds if k not in _BASELINE), COLOURS, strict=False))
    for kind in kinds:
        known = [row for row in rows if row["kind"] == kind and row[score] is not None]
        axes.errorbar(
            [row["taught"] for row in known],
            [row[score] for row in known],
            [row.get(f"{score}_sd") or 0.0 for row in known],
            color=colours.get(kind) or _BASELINE[kind],
            linestyle=":" if kind in _BASELINE else "-",
            marker="o",
            markersize=3,
            capsize=2,
            label=kind,
        )
    sizes = sorted({row["taught"] for row in rows})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
    if score in _ERRORS:
        plain_logarithmic(axes)
    axes.tick_params(labelsize=8)
    axes.set_xlabel("rows learnt")
    axes.set_ylabel(score)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
