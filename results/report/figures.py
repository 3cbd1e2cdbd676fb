"""The figures of a report for papers: PNG and SVG, one pair per problem and figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import MissingExtraError

COLOURS = ("#0072b2", "#d55e00", "#008f68", "#b8578f", "#3a9fd8", "#b98200", "#6b4fa0")
DASHES = ("-", "--", ":")
_SIZE = 5.2, 3.4
_DPI = 200
_SPREAD_FOR_LOG = 30.0
_MOST_PARAMETERS = 12
_GOLDEN = 0.618034  # its multiples spread evenly
_UNSETTLED = 3  # the first third of a curve, on its log scale, does not stretch the axis
Floats = NDArray[np.float64]
Problem = Mapping[str, Any]


class Looks:
    """The colour and dash of each agent: the same in all figures, and on the page."""

    def __init__(self, agents: Sequence[str]):
        self._place = {agent: place for place, agent in enumerate(agents)}

    def colour(self, agent: str) -> str:
        """Return a colour that the colour-blind can tell from the others."""
        return COLOURS[self._place[agent] % len(COLOURS)]

    def line(self, agent: str) -> dict[str, str]:
        """Return colour, dash and label of a line."""
        dash = DASHES[self._place[agent] // len(COLOURS) % len(DASHES)]
        return {"color": self.colour(agent), "linestyle": dash, "label": agent}


Draw = Callable[[Any, Problem, Looks], None]


def write_figures(document: Mapping[str, Any], folder: Path) -> int:
    """Write the figures of all problems with finished runs and return how many there are.

    Args:
        document: See `archgym.results.report.document.report_document`.
        folder: An existing folder; files of the same name are replaced.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("drawing figures", "plots") from None
    looks, drawn = Looks(document["agents"]), 0
    for problem in document["problems"]:
        for name, draw in _figures_of(problem).items():
            figure = Figure(figsize=_SIZE, layout="constrained")
            axes = figure.add_subplot()
            draw(axes, problem, looks)
            axes.set_title(_title(problem), fontsize=9)
            axes.spines[["top", "right"]].set_visible(False)
            _save(figure, folder / f"{_slug(problem)}-{name}")
            drawn += 1
    return drawn


def _save(figure: Any, path: Path) -> None:
    """Write a figure twice; the same data give the same bytes."""
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": path.name}):
        figure.savefig(f"{path}.svg", metadata={"Date": None})
    figure.savefig(f"{path}.png", dpi=_DPI)


def _figures_of(problem: Problem) -> dict[str, Draw]:
    """Return the figures that a problem has data for."""
    figures: dict[str, Draw] = {}
    if "agents" in problem:
        figures |= {
            "best_by_evaluations": partial(draw_curves, along="evaluations"),
            "best_by_seconds": partial(draw_curves, along="seconds"),
            "lottery": draw_lottery,
            "times": draw_times,
        }
    if problem.get("importance"):
        figures["importance"] = draw_importance
    if problem.get("front"):
        figures["front"] = draw_front
    return figures


def _title(problem: Problem) -> str:
    return f"{problem['env']}, {problem['workload']}, {problem['objective']}"


def _slug(problem: Problem) -> str:
    words = (problem["env"], problem["workload"], problem["objective"], problem["key"])
    return "-".join(re.sub(r"[^A-Za-z0-9._]+", "_", word)[:40] for word in words)


def draw_curves(axes: Any, problem: Problem, looks: Looks, along: str) -> None:
    """Draw median and middle half of the best so far, each agent's best configuration."""
    curves = problem["curves"][along]["best"]
    at = np.array(curves["at"])
    for agent, band in curves["bands"].items():
        low, middle, high = np.array(band, dtype=np.float64)
        axes.step(at, middle, where="post", linewidth=1.6, **looks.line(agent))
        axes.fill_between(at, low, high, step="post", alpha=0.15, color=looks.colour(agent))
    bands = np.array(list(curves["bands"].values()), dtype=np.float64)
    settled = bands[..., len(at) // _UNSETTLED :]
    _scale(axes.set_yscale, axes.set_ylim, settled[np.isfinite(settled)])
    axes.set_xscale("log")
    axes.set_xlabel(
        "evaluations" if along == "evaluations" else "time in agent and cost model (s)"
    )
    axes.set_ylabel("best reward")
    axes.legend(frameon=False, fontsize=8)


def draw_lottery(axes: Any, problem: Problem, looks: Looks) -> None:
    """Draw the median reward of each configuration, and the quartiles of each agent's."""
    rows = sorted(problem["agents"], key=lambda row: row["median"])
    for place, row in enumerate(rows):
        own = [c["median"] for c in problem["configurations"] if c["agent"] == row["agent"]]
        sway = 0.5 * ((np.arange(len(own)) * _GOLDEN) % 1.0 - 0.5) if len(own) > 1 else 0.0
        span, colour = row["quartile_3"] - row["quartile_1"], looks.colour(row["agent"])
        axes.barh(place, span, left=row["quartile_1"], height=0.6, color=colour, alpha=0.25)
        axes.plot([row["median"]] * 2, [place - 0.3, place + 0.3], color=colour)
        axes.plot(own, np.full(len(own), place) + sway, "o", color=colour, alpha=0.6, ms=3.5)
    axes.set_yticks(range(len(rows)), [row["agent"] for row in rows])
    ends = np.array([row[end] for row in rows for end in ("worst", "best")])
    _scale(axes.set_xscale, axes.set_xlim, ends)
    axes.set_xlabel("best reward, median over the seeds of a configuration")


def _scale(
    set_scale: Callable[[str], None], set_limits: Callable[..., None], shown: Floats
) -> None:
    """Let an axis of rewards span what is shown, logarithmic where that is wide."""
    low, high = float(shown.min()), float(shown.max())
    if low > 0.0 and high / low > _SPREAD_FOR_LOG:
        set_scale("log")
        set_limits(low / 1.1, high * 1.1)
    else:
        room = 0.05 * (high - low) or 0.5
        set_limits(low - room, high + room)


def draw_times(axes: Any, problem: Problem, looks: Looks) -> None:
    """Draw what agent and cost model take per evaluation."""
    rows = sorted(problem["agents"], key=lambda row: -row["agent_us"])
    places = range(len(rows))
    axes.plot([row["agent_us"] for row in rows], places, "o", color="black", label="agent")
    model = [row["cost_model_us"] for row in rows]
    axes.plot(model, places, "s", color="black", fillstyle="none", label="cost model")
    axes.set_xscale("log")
    axes.set_yticks(places, [row["agent"] for row in rows])
    axes.set_xlabel("time per evaluation (us)")
    axes.legend(frameon=False, fontsize=8)


def draw_importance(axes: Any, problem: Problem, looks: Looks) -> None:
    """Draw the share of the variation that each parameter explains alone."""
    rows = problem["importance"][:_MOST_PARAMETERS][::-1]
    names, shares = [row["parameter"] for row in rows], [row["share"] for row in rows]
    axes.barh(names, shares, color=COLOURS[0])
    axes.set_xlabel("share of the variation of ranked rewards")


def draw_front(axes: Any, problem: Problem, looks: Looks) -> None:
    """Draw each agent's front in the first two metrics."""
    front = problem["front"]
    beside = np.array(front["beside"], dtype=np.float64)
    axes.plot(beside[:, 0], beside[:, 1], ".", color="0.75", markersize=3, zorder=0)
    for agent, points in front["agents"].items():
        across, up = np.array(points, dtype=np.float64)[:, :2].T
        where = "pre" if front["metrics"][0]["maximize"] else "post"
        axes.step(across, up, where=where, marker="o", ms=3, linewidth=1, **looks.line(agent))
    for set_label, metric in zip(
        (axes.set_xlabel, axes.set_ylabel), front["metrics"], strict=False
    ):
        set_label(f"{metric['name']} ({'more' if metric['maximize'] else 'less'} is better)")
    axes.legend(frameon=False, fontsize=8)
