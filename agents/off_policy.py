"""What the agents that learn from all past designs share: SAC and DQN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.sb3_agent import BUFFER, LEARNING_BATCH, N_ENVS, WIDTH

_BUDGET_PER_ENV = 64
# Small budgets afford a gradient step per evaluation, large ones about this many in all.
_GRADIENT_STEPS = 1000
_FEWEST_GRADIENT_STEPS = 0.1
_LARGEST_START = 500

OFF_POLICY: dict[str, Hyperparameter] = {
    "n_envs": N_ENVS,
    "learning_rate": Hyperparameter(
        3e-3, "step size of the optimiser", low=1e-6, high=1.0, log=True
    ),
    "learning_starts": Hyperparameter(
        0.1, "share of the budget that is spent at random first", low=0.0, high=1.0
    ),
    "gradient_steps": Hyperparameter(
        None,
        "gradient steps per evaluation; none: by budget",
        low=0.001,
        high=100.0,
        log=True,
        kind=float,
    ),
    "learning_batch": LEARNING_BATCH,
    "buffer": BUFFER,
    "width": WIDTH,
}


@dataclass(frozen=True)
class Rhythm:
    """When and how much an agent learns.

    Attributes:
        n_envs: Designs evaluated at a time.
        learning_starts: Steps before the first gradient step.
        train_freq: Vector steps between times of learning.
        gradient_steps: Gradient steps at each of these times.
    """

    n_envs: int
    learning_starts: int
    train_freq: int
    gradient_steps: int


def rhythm(values: Mapping[str, Any], budget: int, largest: int) -> Rhythm:
    """Return a rhythm that suits the budget.

    Args:
        values: Hyper-parameters.
        budget: Evaluations that may be spent.
        largest: Most designs at a time, unless more are asked for.
    """
    n_envs = values["n_envs"] or min(max(budget // _BUDGET_PER_ENV, 1), largest)
    learning_starts = min(int(values["learning_starts"] * budget), _LARGEST_START)
    per_step = (values["gradient_steps"] or _gradient_steps(budget)) * n_envs
    train_freq = max(1, round(1.0 / per_step))
    return Rhythm(n_envs, learning_starts, train_freq, max(1, round(per_step * train_freq)))


def _gradient_steps(budget: int) -> float:
    return min(max(_GRADIENT_STEPS / budget, _FEWEST_GRADIENT_STEPS), 1.0)
