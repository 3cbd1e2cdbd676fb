"""What loops around surrogates are worth: choosing what to learn from, and asking a cheap model.

Run ``python -m benchmarks.surrogate_loops [teach] [search] [fidelities] [--seeds 1]``; prints
markdown tables. ``teach`` learns surrogates from designs that `active_learning` chose because it
was unsure of them, and from as many random ones, and scores both on other random designs.
``search`` counts evaluations until an agent is within 1 % of the true optimum of whole spaces.
``fidelities`` counts what `multi_fidelity` pays until it is within 1 % of the best known design,
and how much of that goes to the cheap model. The published tables are those of ``--seeds 5``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.scoring import scores
from archgym.evaluator import Evaluator, Record
from archgym.outcome import concatenate
from archgym.problem import Problem
from archgym.registry import make_agent, make_problem
from archgym.torch_session import torch_session

NEAR = 0.99

# -- teach ---------------------------------------------------------------------------------------

TAUGHT, UNSEEN = 300, 3000
TEACHING: Mapping[str, Any] = {"startup": 60, "batch_size": 24, "growth": 1.0}
TAUGHT_KINDS = ("random_forest", "gp", "ensemble")
SHOWN = ("mape", "r2", "tau")

# -- search: optima of `archgym enumerate dram --workload W --set space=archgym` -----------------

SEARCHED = (
    ("spmv", "latency", 1.1930285600952002),
    ("spmv", "power_under_latency_cap", 1.1057176006566516),
    ("histogram", "latency", 1.4118691656067768),
    ("histogram", "power_under_latency_cap", 1.4899184603246423),
)
SEARCH_BUDGET = 100
SEARCHERS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("active_learning", {"kind": "gp"}),
    ("active_learning", {"kind": "random_forest"}),
    ("genetic", {"population": 12}),
    ("genetic", {}),
    ("random", {}),
)

# -- fidelities ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A problem with a cheap model at a fair price."""

    env: str
    workload: str
    objective: str
    cheap: str
    price: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def problem(self) -> Problem:
        return make_problem(self.env, self.workload, self.objective, **self.settings)

    @property
    def agents(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return (
            ("multi_fidelity", {"cheap": self.cheap, "price": self.price}),
            ("multi_fidelity", {}),
            ("genetic", {"population": 12}),
        )


GF180 = {"model": "gf180", "metrics": "without_slew"}
CASES = (
    Case("dram", "stream", "energy_delay", "workload:stream_short", 0.25, {"space": "archgym"}),
    Case("dram", "spmv", "latency", "workload:spmv_short", 0.2, {"space": "archgym"}),
    Case(
        "dnn.eyeriss",
        "archgym_alexnet",
        "energy_delay",
        "fixed_mapping",
        0.02,
        {"space": "compact"},
    ),
    Case("analog.sizing", "miller2", "stable_figure_of_merit", "lookup", 0.02, GF180),
)
FIDELITY_BUDGET, LONG_SEARCH = 30, 2000


@dataclass(frozen=True)
class Curve:
    """What was paid, and the best reward by then, after each evaluation."""

    paid: Sequence[float]
    best: Sequence[float]
    charged: float
    cheap_share: float

    def until(self, reward: float) -> float:
        """Return what was paid until a reward was found, infinity if it never was."""
        return next(
            (paid for paid, best in zip(self.paid, self.best, strict=True) if best >= reward),
            np.inf,
        )


def curve(
    problem: Problem, agent: str, seed: int, budget: int, values: Mapping[str, Any]
) -> Curve:
    """Return how a search went."""
    paid: list[float] = []
    rewards: list[float] = []

    def record(made: Record) -> None:
        paid.extend(made.first_step + at + float(evaluator.charged) for at in _steps(made))
        rewards.extend(made.outcomes.reward.tolist())

    evaluator = Evaluator(problem, budget, record)
    make_agent(agent, problem, seed, **values).run(evaluator)
    best = np.maximum.accumulate(rewards).tolist()
    seconds = sum(model.seconds for model in evaluator.cheap)
    share = seconds / max(seconds + evaluator.evaluate_seconds, 1e-9)
    return Curve(paid, best, float(evaluator.charged), share)


def _steps(made: Record) -> range:
    return range(1, len(made.batch) + 1)


def teach(seeds: int) -> None:
    """Print the errors of surrogates on designs that were not learnt."""
    problem = make_problem("dram", "stream", "energy_delay", space="archgym")
    batch = problem.space.sample(np.random.default_rng(12345), UNSEEN)
    unseen = Rows.of(batch, problem.measure(batch))
    metrics = problem.objective.metrics
    print(f"| kind | designs | {' | '.join(f'{s} of {m}' for m in metrics for s in SHOWN)} |")
    print("|---|---|" + "---|" * len(metrics) * len(SHOWN))
    for kind in TAUGHT_KINDS:
        chosen = {"kind": kind, "acquisition": "uncertainty", **TEACHING}
        for name, agent, values in (
            ("chosen", "active_learning", chosen),
            ("random", "random", {}),
        ):
            found = [taught(problem, unseen, kind, agent, s, values) for s in range(seeds)]
            cells = [
                f"{np.median([one[m][s] for one in found]):.4f}" for m in metrics for s in SHOWN
            ]
            print(f"| `{kind}` | {name} | {' | '.join(cells)} |", flush=True)


def taught(
    problem: Problem, unseen: Rows, kind: str, agent: str, seed: int, values: Mapping[str, Any]
) -> Any:
    """Return the scores of a surrogate that learnt the designs which an agent asked for."""
    records: list[Record] = []
    make_agent(agent, problem, seed, **values).run(Evaluator(problem, TAUGHT, records.append))
    codes = np.concatenate([made.batch.codes for made in records])
    measured = concatenate([made.measured for made in records])
    rows = Rows.of(type(unseen.batch)(problem.space, codes), measured)
    with torch_session():
        model = learn(problem, rows, kind, problem.objective.metrics, seed=seed, kept_out=0.0)
        return scores(model, unseen)


def search(seeds: int) -> None:
    """Print evaluations until 1 % of the true optimum."""
    print(f"| agent | {' | '.join(f'{w} {o}' for w, o, _ in SEARCHED)} |")
    print("|---|" + "---|" * len(SEARCHED))
    for agent, values in SEARCHERS:
        cells = []
        for workload, objective, optimum in SEARCHED:
            problem = make_problem("dram", workload, objective, space="archgym")
            curves = [curve(problem, agent, s, SEARCH_BUDGET, values) for s in range(seeds)]
            cells.append(_cell(curves, NEAR * optimum, optimum))
        print(f"| {_named(agent, values)} | {' | '.join(cells)} |", flush=True)


def fidelities(seeds: int) -> None:
    """Print what is paid until 1 % of the best known design."""
    for case in CASES:
        problem = case.problem
        found = {
            _named(agent, values): [
                curve(problem, agent, s, FIDELITY_BUDGET, values) for s in range(seeds)
            ]
            for agent, values in case.agents
        }
        long = curve(problem, "genetic", seeds, LONG_SEARCH, {})
        best = max(one.best[-1] for curves in [*found.values(), [long]] for one in curves)
        print(f"\n{case.env} {case.workload} {case.objective}, best known {best:.5g}")
        print("\n| agent | paid until 1 %, regret at the end | charged | its share of the time |")
        print("|---|---|---|---|")
        for name, curves in found.items():
            charged, share = (
                np.mean([getattr(one, what) for one in curves])
                for what in ("charged", "cheap_share")
            )
            print(f"| {name} | {_cell(curves, NEAR * best, best)} | {charged:.1f} | {share:.0%} |")


def _named(agent: str, values: Mapping[str, Any]) -> str:
    return " ".join([f"`{agent}`", *(f"{name}={value}" for name, value in values.items())])


def _cell(curves: Sequence[Curve], near: float, best: float) -> str:
    """Return the median of what was paid, how many got there, and the mean regret at the end."""
    paid = [one.until(near) for one in curves]
    reached = sum(np.isfinite(paid))
    median = float(np.median(paid))
    text = f"{median:.0f}" if np.isfinite(median) else "not reached"
    regret = 100.0 * np.mean([1.0 - one.best[-1] / best for one in curves])
    return f"{text} ({reached} of {len(curves)}), {regret:.2f} %"


STUDIES = {"teach": teach, "search": search, "fidelities": fidelities}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", nargs="*", default=[], metavar="|".join(STUDIES))
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    for name in given.study or STUDIES:
        print(f"\n{name}\n", flush=True)
        STUDIES[name](given.seeds)


if __name__ == "__main__":
    main()
