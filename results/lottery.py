"""How much results depend on hyper-parameters, on the agent, and on luck.

Every run is rated by the share of the possible improvement that it found: 0 is no better than the
default design, 1 is the best design that any run found on the same problem. The spread splits
into three parts, each a standard deviation of that share:

* seeds: runs of one configuration on one problem;
* hyper-parameters: means of one agent's configurations, what seeds explain taken off;
* agents: means of the agents over their configurations, what configurations explain taken off.

Each variance is taken per problem and averaged over problems. So the parts are those of a nested
analysis of variance with random effects. ArchGym (ISCA 2023) calls the second the hyper-parameter
lottery.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import StoreError
from archgym.results.leaderboard import Run
from archgym.results.statistics.normalised import DEFAULT_REWARD

Floats = NDArray[np.float64]
SMALLEST_CONFIGURATIONS = 5


@dataclass(frozen=True)
class AgentShares:
    """What one agent reached with each of its configurations.

    Attributes:
        agent: The agent.
        configurations: Hyper-parameters of each, all of them.
        shares: Of the possible improvement, shape (configurations, problems, seeds).
    """

    agent: str
    configurations: Sequence[Mapping[str, Any]]
    shares: Floats

    @property
    def means(self) -> Floats:
        """Mean share of each configuration over problems and seeds."""
        means: Floats = self.shares.mean(axis=(1, 2))
        return means

    @property
    def seed_variance(self) -> Floats:
        """Variance over seeds on each problem, mean over configurations."""
        variance: Floats = self.shares.var(axis=2, ddof=1).mean(axis=0)
        return variance

    @property
    def configuration_variance(self) -> Floats:
        """Variance over configurations on each problem, without what seeds explain."""
        observed = self.shares.mean(axis=2).var(axis=0, ddof=1)
        own: Floats = np.maximum(observed - self.seed_variance / self.shares.shape[2], 0.0)
        return own


@dataclass(frozen=True)
class Lottery:
    """The spread in a store.

    Attributes:
        agents: Those with at least five configurations, best median first.
        others: The shares of agents with fewer, such as random search.
        problems: Labels of the problems.
        incomplete: Configurations left out since some of their runs are not finished.
    """

    agents: Sequence[AgentShares]
    others: Sequence[AgentShares]
    problems: Sequence[str]
    incomplete: int

    @property
    def seed_deviation(self) -> float:
        """Standard deviation over seeds."""
        return _deviation([agent.seed_variance for agent in self.agents])

    @property
    def configuration_deviation(self) -> float:
        """Standard deviation over hyper-parameters within an agent."""
        return _deviation([agent.configuration_variance for agent in self.agents])

    @property
    def agent_deviation(self) -> float:
        """Standard deviation between agents with a typical configuration."""
        means = np.array([agent.shares.mean(axis=(0, 2)) for agent in self.agents])
        within = [
            agent.shares.mean(axis=2).var(axis=0, ddof=1) / len(agent.configurations)
            for agent in self.agents
        ]
        return _deviation([np.maximum(means.var(axis=0, ddof=1) - np.mean(within, axis=0), 0.0)])

    @property
    def tuned_agent_deviation(self) -> float:
        """Standard deviation between agents, each with its best configuration over all problems.

        That configuration was chosen on the same runs, so this is what a lucky tuner would see.
        """
        best = np.array([a.shares[np.argmax(a.means)].mean(axis=1) for a in self.agents])
        return _deviation([best.var(axis=0, ddof=1)])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row per agent: quantiles over configurations, and both deviations."""
        return [_row(agent) for agent in self.agents]


def _deviation(variances: Sequence[Floats]) -> float:
    return float(np.sqrt(np.mean(variances)))


def _row(agent: AgentShares) -> dict[str, Any]:
    low, median, high = np.percentile(agent.means, [25, 50, 75])
    return {
        "agent": agent.agent,
        "configurations": len(agent.configurations),
        "worst": float(agent.means.min()),
        "quartile_1": float(low),
        "median": float(median),
        "quartile_3": float(high),
        "best": float(agent.means.max()),
        "over_hyperparameters": _deviation([agent.configuration_variance]),
        "over_seeds": _deviation([agent.seed_variance]),
    }


def lottery(runs: Iterable[Run]) -> Lottery:
    """Return the spread over seeds, hyper-parameters and agents.

    A configuration counts when it is finished on every problem with every seed that any has.

    Raises:
        StoreError: There are not two agents with five such configurations, or not two seeds.
    """
    scored = [run for run in runs if run.scored]
    seeds = sorted({run.spec.seed for run in scored})
    problems = {run.spec.problem_key: run.spec.problem_label for run in scored}
    if len(seeds) < 2:
        raise StoreError("a lottery needs runs with at least two seeds")
    shares = _shares(scored)
    cells = [(problem, seed) for problem in problems for seed in seeds]
    complete = {key: own for key, own in shares.items() if all(cell in own for cell in cells)}
    agents = [
        _of_agent(agent, complete, cells, len(seeds))
        for agent in dict.fromkeys(agent for agent, _ in complete)
    ]
    agents.sort(key=lambda agent: -float(np.median(agent.means)))
    many = [a for a in agents if len(a.configurations) >= SMALLEST_CONFIGURATIONS]
    if len(many) < 2:
        raise StoreError(
            "a lottery needs two agents with at least"
            f" {SMALLEST_CONFIGURATIONS} configurations each, finished on all problems"
        )
    few = [a for a in agents if len(a.configurations) < SMALLEST_CONFIGURATIONS]
    return Lottery(many, few, list(problems.values()), len(shares) - len(complete))


def _shares(runs: Sequence[Run]) -> dict[tuple[str, str], dict[tuple[str, int], float]]:
    """Return (agent, configuration) -> (problem, seed) -> share of the possible improvement."""
    best: dict[str, float] = {}
    for run in runs:
        key = run.spec.problem_key
        best[key] = max(run.best_reward, best.get(key, 0.0))
    shares: dict[tuple[str, str], dict[tuple[str, int], float]] = {}
    for run in runs:
        spec = run.spec
        possible = best[spec.problem_key] - DEFAULT_REWARD
        if possible <= 0.0:
            raise StoreError(f"{spec.problem_label}: no run beats the default design")
        own = shares.setdefault((spec.agent, json.dumps(spec.hyperparameters, sort_keys=True)), {})
        own[spec.problem_key, spec.seed] = max(run.best_reward - DEFAULT_REWARD, 0.0) / possible
    return shares


def _of_agent(
    agent: str,
    shares: Mapping[tuple[str, str], Mapping[tuple[str, int], float]],
    cells: Sequence[tuple[str, int]],
    seeds: int,
) -> AgentShares:
    own = {text: values for (name, text), values in sorted(shares.items()) if name == agent}
    table = np.array([[values[cell] for cell in cells] for values in own.values()])
    return AgentShares(
        agent, [json.loads(text) for text in own], table.reshape(len(own), -1, seeds)
    )
