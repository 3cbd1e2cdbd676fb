"""How much better a decision was than what could be expected.

The cost of a run from a time on is the number of jobs in flight, integrated with an exponential
discount: without discount that is the sum of latencies. Its expectation is fitted, per group, from
the load at the decision and from what the other runs on the same arrivals cost from then on, so
that what is due to the arrivals drops out (Mao et al., Variance Reduction for Reinforcement
Learning in Input-Driven Environments, ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.cost_models.soc.schedule.engine.state import Floats, Run
from archgym.experiments.schedule_policy.collecting import Episode

_GRID_STEPS = 2000
_RIDGE = 1e-6


def advantages(groups: Sequence[Sequence[Episode]], horizon: float) -> list[Floats]:
    """Return the advantage of each decision of each episode, of unit deviation over all.

    Args:
        groups: Episodes of one workload, those of a group on the same arrivals.
        horizon: Time constant of the discount, us.
    """
    inputs, costs = [], []
    for group in groups:
        for episode, elsewhere in zip(group, _costs_elsewhere(group, horizon), strict=True):
            inputs.append(_inputs(elsewhere, episode.trace.load))
            costs.append(cost_to_go(episode.run, episode.trace.tick.astype(float), horizon))
    better = _fit(np.concatenate(inputs), np.concatenate(costs)) - np.concatenate(costs)
    scaled = (better - better.mean()) / max(better.std(), np.finfo(float).tiny)
    return np.split(scaled, np.cumsum([len(cost) for cost in costs])[:-1])


def cost_to_go(run: Run, times: Floats, horizon: float) -> Floats:
    """Return the discounted integral of jobs in flight from each time on, float64 (n,).

    Args:
        run: A finished run.
        times: Not before the first arrival.
        horizon: Time constant of the discount.
    """
    jobs = run.jobs
    when = np.concatenate([jobs["arrival"].astype(float), jobs["completed"]])
    change = np.repeat([1.0, -1.0], len(jobs))
    order = np.argsort(when, kind="stable")
    when, flying = when[order], np.cumsum(change[order])
    kept = np.exp(-np.diff(when) / horizon)
    after = np.zeros(len(when))
    for at in range(len(when) - 2, -1, -1):
        after[at] = flying[at] * horizon * (1 - kept[at]) + kept[at] * after[at + 1]
    present = np.clip(np.searchsorted(when, times, side="right") - 1, 0, len(when) - 1)
    following = np.minimum(present + 1, len(when) - 1)
    rest = np.exp(-np.maximum(when[following] - times, 0.0) / horizon)
    return np.asarray(flying[present] * horizon * (1 - rest) + rest * after[following])


def _costs_elsewhere(group: Sequence[Episode], horizon: float) -> list[Floats]:
    """Return, at each decision of each run, what the other runs of the group cost on average."""
    last = max(float(episode.trace.tick[-1]) for episode in group)
    grid = np.linspace(0.0, last, _GRID_STEPS)
    costs = np.array([cost_to_go(episode.run, grid, horizon) for episode in group])
    others = (costs.sum(axis=0) - costs) / (len(group) - 1)
    return [
        np.interp(episode.trace.tick, grid, other)
        for episode, other in zip(group, others, strict=True)
    ]


def _inputs(elsewhere: Floats, load: Floats) -> Floats:
    jobs, backlog, highest, ready = load.T
    columns = [elsewhere, jobs, backlog, jobs**2, backlog**2, jobs * backlog, np.sqrt(backlog)]
    columns += [elsewhere * jobs, elsewhere * backlog, highest, ready]
    return np.stack([np.ones(len(jobs)), *columns], axis=1)


def _fit(inputs: Floats, costs: Floats) -> Floats:
    """Return the costs as fitted by ridge regression."""
    scaled = inputs / np.maximum(np.abs(inputs).max(axis=0), np.finfo(float).tiny)
    normal = scaled.T @ scaled + _RIDGE * len(scaled) * np.eye(scaled.shape[1])
    return np.asarray(scaled @ np.linalg.solve(normal, scaled.T @ costs))
