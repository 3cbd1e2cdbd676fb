"""What agents gained over resyn2 after some evaluations, in per cent.

Usage: python -m archgym.experiments.synthesis_table LAUNCH.yaml [--store DIR]

Run the launch first. A cell is the mean over problems of the median over seeds of the largest
reduction so far, as studies of synthesis recipes report it: 100 (1 - adp_vs_resyn2), for launches
with objective lut_cost 100 (1 - lut_cost / 2), since that adds two ratios.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from archgym.errors import StoreError
from archgym.experiments.plan import read_plan
from archgym.outcome import Floats
from archgym.results.reader import read_rows
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

CHECKPOINTS = (20, 50, 100, 200)
_OF_RESYN2 = {"adp_vs_resyn2": 1.0, "lut_cost": 2.0}


def ratios_of(trial: TrialSpec, store: Store) -> Floats:
    """Return what the trial minimized over resyn2's, one ratio per evaluation.

    Raises:
        StoreError: The trial has not been run, or minimized something else.
    """
    objective = str(trial.objective)
    if objective not in _OF_RESYN2:
        allowed = ", ".join(_OF_RESYN2)
        raise StoreError(f"{trial.label}: objective {objective} is none of {allowed}")
    rows = read_rows(store.folder(trial))
    if rows is None:
        raise StoreError(f"{trial.label}: is not run; archgym run does that")
    ratios: Floats = rows[objective].to_numpy() / _OF_RESYN2[objective]
    return ratios


def reductions(ratios: Floats, checkpoints: Sequence[int]) -> Floats:
    """Return the largest reduction in % within the first evaluations of a trial.

    A trial that ended early, or an evaluation without a ratio, adds nothing.
    """
    gained = 100.0 * (1.0 - np.where(np.isfinite(ratios), ratios, np.inf))
    best = np.maximum.accumulate(gained)
    return np.array([best[min(count, len(best)) - 1] for count in checkpoints])


def table(
    trials: Iterable[TrialSpec], store: Store, checkpoints: Sequence[int]
) -> dict[str, dict[str, Floats]]:
    """Return agent -> problem -> median over seeds of `reductions`.

    Raises:
        StoreError: See `ratios_of`.
    """
    found: dict[str, dict[str, list[Floats]]] = defaultdict(lambda: defaultdict(list))
    for trial in trials:
        values = reductions(ratios_of(trial, store), checkpoints)
        found[agent_of(trial)][problem_of(trial)].append(values)
    return {
        agent: {problem: np.median(values, axis=0) for problem, values in cells.items()}
        for agent, cells in found.items()
    }


def agent_of(trial: TrialSpec) -> str:
    """Return the agent, with the weight of its policy where that is fixed."""
    alpha = trial.hyperparameters.get("alpha")
    return trial.agent if alpha is None else f"{trial.agent} alpha={alpha:g}"


def problem_of(trial: TrialSpec) -> str:
    """Return the circuit and what tells problems of a launch apart."""
    length, library = (trial.settings[name] for name in ("length", "library"))
    return f"{Path(trial.workload).stem} {length} {Path(str(library)).stem}"


def checkpoints_of(trials: Iterable[TrialSpec]) -> list[int]:
    """Return the numbers of evaluations that are shown: those below the budget, and itself."""
    budget = max(trial.budget for trial in trials)
    return [*(count for count in CHECKPOINTS if count < budget), budget]


def show(found: dict[str, dict[str, Floats]], checkpoints: Sequence[int]) -> str:
    """Return two tables: means at each checkpoint, and each problem at the last."""
    lines = ["| agent | " + " | ".join(map(str, checkpoints)) + " |"]
    lines.append("|---" * (1 + len(checkpoints)) + "|")
    for agent, cells in found.items():
        means = np.mean(list(cells.values()), axis=0)
        lines.append(f"| `{agent}` | " + " | ".join(f"{value:.1f}" for value in means) + " |")
    problems = sorted({problem for cells in found.values() for problem in cells})
    lines += ["", "| agent | " + " | ".join(problems) + " |", "|---" * (1 + len(problems)) + "|"]
    for agent, cells in found.items():
        lines.append(
            f"| `{agent}` | " + " | ".join(f"{cells[p][-1]:.1f}" for p in problems) + " |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("launch", type=Path, nargs="+")
    parser.add_argument("--store", type=Path, default=Path("runs"))
    given = parser.parse_args(arguments)
    trials = [trial for launch in given.launch for trial in read_plan(launch).trials]
    checkpoints = checkpoints_of(trials)
    print(show(table(trials, Store.open(given.store), checkpoints), checkpoints))


if __name__ == "__main__":
    main()
