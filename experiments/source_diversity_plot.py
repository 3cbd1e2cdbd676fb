"""The picture of `archgym.experiments.source_diversity`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archgym.experiments.surrogate_plot import plain_logarithmic, save_figure
from archgym.results.report.figures import COLOURS
from archgym.results.statistics.bootstrap import percentile_interval

if TYPE_CHECKING:
    from archgym.experiments.source_diversity import Errors

_PANEL, _STEP = (5.2, 3.0), 0.22


def draw(found: Sequence[Errors], path: Path) -> None:
    """Draw relative errors: a row of panels per workload, a panel per set of tested designs."""
    from matplotlib.figure import Figure

    workloads = list(dict.fromkeys(one.workload for one in found))
    scored = list(dict.fromkeys(one.scored_on for one in found))
    size = _PANEL[0] * len(scored), _PANEL[1] * len(workloads)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(workloads), len(scored), squeeze=False, sharey="row")
    for row, workload in zip(panels, workloads, strict=True):
        for axes, name in zip(row, scored, strict=True):
            own = [one for one in found if (one.workload, one.scored_on) == (workload, name)]
            _draw_panel(axes, own)
            axes.set_title(f"{workload}, scored on {name.replace('_', ' ')}", fontsize=10)
        row[0].set_ylabel("relative RMSE, %")
    panels[0][0].legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, path)


def _draw_panel(axes: Any, found: Sequence[Errors]) -> None:
    sources = list(dict.fromkeys(one.source for one in found))
    metrics = list(dict.fromkeys(one.metric for one in found))
    for at, metric in enumerate(metrics):
        own = [one for one in found if one.metric == metric]
        middle = [100.0 * one.relative for one in own]
        ends = [[100.0 * end for end in percentile_interval(one.resampled())] for one in own]
        below = [value - low for value, (low, _) in zip(middle, ends, strict=True)]
        above = [high - value for value, (_, high) in zip(middle, ends, strict=True)]
        places = [place + _STEP * (at - 1) for place in range(len(own))]
        colour = COLOURS[at]
        axes.errorbar(
            places, middle, (below, above), fmt="o", color=colour, ms=5, capsize=2, label=metric
        )
        axes.axhline(middle[-1], color=colour, linewidth=0.8, linestyle=":")
    axes.set_xticks(range(len(sources)), [name.replace("_", "\n") for name in sources], fontsize=8)
    plain_logarithmic(axes)
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)
