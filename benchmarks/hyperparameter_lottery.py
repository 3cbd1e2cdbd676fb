"""The hyper-parameter lottery as figures and as a picture.

Run ``archgym run experiments/launches/hyperparameter_lottery.yaml --store STORE`` first, then
``python -m benchmarks.hyperparameter_lottery STORE [PICTURE.png]``; prints markdown tables.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from archgym.registry import agents
from archgym.results.leaderboard import load_runs
from archgym.results.lottery import AgentShares, Lottery, lottery
from archgym.results.store import Store

PICTURE = Path("docs/images/hyperparameter_lottery.png")
DOT, BOX, DEFAULT, BAR = "#3b6ea5", "#222222", "#d1495b", "#6b8f71"


def tables(found: Lottery) -> str:
    columns = list(found.rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in found.rows:
        cells = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [f"\n{agent.agent}: {agent.means.mean():.3f}" for agent in found.others]
    lines += ["", "| standard deviation of the share of the possible improvement | |", "|---|---|"]
    lines += [f"| {name} | {value:.4f} |" for name, value in deviations(found).items()]
    return "\n".join(lines)


def deviations(found: Lottery) -> dict[str, float]:
    return {
        "over seeds": found.seed_deviation,
        "over hyper-parameters of one agent": found.configuration_deviation,
        "between agents, typical configurations": found.agent_deviation,
        "between agents, best configurations": found.tuned_agent_deviation,
    }


def draw(found: Lottery, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(11, 4.2), width_ratios=(1.7, 1), layout="constrained"
    )
    draw_agents(left, found)
    draw_deviations(right, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def draw_agents(axes: Any, found: Lottery) -> None:
    rng = np.random.default_rng(0)
    names = [agent.agent.replace("_", "\n") for agent in found.agents]
    positions = range(1, len(names) + 1)
    means = [agent.means for agent in found.agents]
    axes.boxplot(
        means, positions=positions, widths=0.55, showfliers=False, medianprops={"color": BOX}
    )
    for position, agent in zip(positions, found.agents, strict=True):
        across = position + rng.uniform(-0.16, 0.16, len(agent.means))
        axes.plot(across, agent.means, "o", color=DOT, alpha=0.55, markersize=4, zorder=3)
        known = default_share(agent)
        if known is not None:
            axes.plot(position, known, "D", color=DEFAULT, markersize=7, zorder=4)
    for agent in found.others:
        level = float(agent.means.mean())
        axes.axhline(level, color="grey", linestyle="--", linewidth=1)
        axes.annotate(agent.agent, (0.46, level), color="grey", va="bottom", ha="left", fontsize=9)
    axes.plot([], [], "o", color=DOT, label="one configuration")
    axes.plot([], [], "D", color=DEFAULT, label="the agent's default")
    axes.legend(loc="lower left", frameon=False)
    axes.set_xticks(list(positions), names)
    axes.set_xlim(0.4, len(names) + 0.6)
    axes.set_ylabel("share of the possible improvement")
    seeds = found.agents[0].shares.shape[2]
    axes.set_title(f"Mean over {len(found.problems)} problems and {seeds} seeds", fontsize=11)
    axes.grid(axis="y", alpha=0.3)


def default_share(agent: AgentShares) -> float | None:
    default = agents.get(agent.agent).check({})
    for configuration, mean in zip(agent.configurations, agent.means, strict=True):
        if configuration == default:
            return float(mean)
    return None


def draw_deviations(axes: Any, found: Lottery) -> None:
    parts = deviations(found)
    labels = [name.replace(", ", ",\n").replace(" of one", "\nof one") for name in parts]
    bars = axes.barh(labels, list(parts.values()), color=BAR)
    axes.bar_label(bars, fmt="%.3f", padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_xlabel("standard deviation of that share")
    axes.set_title("Where the spread comes from", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    store, *picture = map(Path, sys.argv[1:])
    found = lottery(load_runs(Store.open(store)))
    print(tables(found))
    if found.incomplete:
        print(f"\n{found.incomplete} configurations are not finished and left out")
    draw(found, picture[0] if picture else PICTURE)


if __name__ == "__main__":
    main()
