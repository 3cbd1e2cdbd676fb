"""Training a team on remembered experience: independent SAC on any PettingZoo environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from archgym.agents.marl.layout import TeamActions
from archgym.agents.marl.policy import TeamDistribution, TeamPolicy
from archgym.agents.marl.replay import ReplayBuffer, Transitions
from archgym.agents.marl.sac import SacLearner, SacSettings
from archgym.agents.marl.team import Situation, Step, TeamVector

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class OffPolicySettings:
    """How a team is trained.

    Attributes:
        sac: How policies are improved.
        share_parameters: One network for all agents, told which agent it is, instead of one each.
        width: Neurons per hidden layer.
        batch: Transitions per update.
        updates: Updates per step of all copies.
        warm_up: Steps of all copies before the first update.
        capacity: Transitions that are kept.
    """

    sac: SacSettings = field(default_factory=SacSettings)
    share_parameters: bool = True
    width: int = 64
    batch: int = 256
    updates: int = 1
    warm_up: int = 100
    capacity: int = 100_000


class OffPolicyTrainer:
    """Independent SAC.

    Args:
        team: The copies that are played.
        settings: How.
        seed: Of everything random; the environment's own seed is the team's.
    """

    def __init__(self, team: TeamVector, settings: OffPolicySettings, seed: int = 0):
        self.team, self.settings = team, settings
        self._rng = np.random.default_rng(seed)
        size, width, shared = team.observation_size, settings.width, settings.share_parameters
        self.policy = TeamPolicy(team.layout, size, width, shared, self._rng)
        self._learner = SacLearner(self.policy, settings.sac, size, width, shared, self._rng)
        self._replay = ReplayBuffer(settings.capacity)

    def train(self, steps: int, watch: Callable[[Floats], None] | None = None) -> None:
        """Let all copies act ``steps`` times; ``watch`` is given the rewards (1, N, A) of each."""
        situation = self.team.reset()
        for count in range(steps):
            action = self.act(situation)
            step = self.team.step(action)
            self._replay.add(_transitions(situation, action, step))
            if count >= self.settings.warm_up:
                for _ in range(self.settings.updates):
                    self._learner.update(self._replay.sample(self._rng, self.settings.batch)[1])
            situation = step.situation
            if watch is not None:
                watch(step.rewards[None])

    def act(self, situation: Situation, greedy: bool = False) -> TeamActions:
        """Return what the policy does."""
        with torch.no_grad():
            distribution: TeamDistribution = self.policy(torch.from_numpy(situation.observations))
        return distribution.best() if greedy else distribution.sample(self._rng)


def _transitions(situation: Situation, action: TeamActions, step: Step) -> Transitions:
    return Transitions(
        observations=situation.observations,
        index=action.index,
        raw=action.raw,
        rewards=step.rewards,
        following=step.last.observations,
        terminated=step.terminated.astype(np.float32),
        weights=situation.present,
    )
