"""Training a team on its own experience: IPPO and MAPPO on any PettingZoo environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from archgym.agents.marl.advantages import generalised_advantages, standardised
from archgym.agents.marl.critics import ValueCritic
from archgym.agents.marl.layout import TeamActions, concatenate_actions
from archgym.agents.marl.policy import TeamDistribution, TeamPolicy
from archgym.agents.marl.ppo import PpoLearner, PpoSettings
from archgym.agents.marl.team import Situation, TeamVector

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class OnPolicySettings:
    """How a team is trained.

    Attributes:
        central: True for MAPPO (the critic sees the team's state), False for IPPO (it sees an
            agent's observation).
        share_parameters: One network for all agents, told which agent it is, instead of one each.
        steps: Steps of every copy between two updates.
        learning_rate: Of policies and critics, falling linearly to zero.
        epochs: Passes over the samples.
        minibatches: Parts of the samples per pass.
        clip: Largest change of probability ratios.
        entropy: Weight of the entropy bonus.
        discount: Of rewards per step.
        decay: Lambda of the advantage estimator.
        width: Neurons per hidden layer.
    """

    central: bool = True
    share_parameters: bool = True
    steps: int = 128
    learning_rate: float = 7e-4
    epochs: int = 10
    minibatches: int = 1
    clip: float = 0.2
    entropy: float = 0.01
    discount: float = 0.99
    decay: float = 0.95
    width: int = 64


class OnPolicyTrainer:
    """IPPO or MAPPO.

    Args:
        team: The copies that are played.
        settings: How.
        seed: Of everything random; the environment's own seed is the team's.
    """

    def __init__(self, team: TeamVector, settings: OnPolicySettings, seed: int = 0):
        self.team, self.settings = team, settings
        self._rng = np.random.default_rng(seed)
        layout, shared = team.layout, settings.share_parameters
        self.policy = TeamPolicy(layout, team.observation_size, settings.width, shared, self._rng)
        ppo = PpoSettings(
            settings.learning_rate,
            settings.epochs,
            settings.minibatches,
            settings.clip,
            settings.entropy,
        )
        self._learner = PpoLearner(self.policy, ppo, shared, self._rng)
        inputs = team.state_size if settings.central else team.observation_size
        self.critic = ValueCritic(
            layout.agents, inputs, settings.width, shared, settings.learning_rate, self._rng
        )

    def train(self, updates: int, watch: Callable[[Floats], None] | None = None) -> None:
        """Play and learn ``updates`` times; ``watch`` is given the rewards (T, N, A) of each."""
        situation = self.team.reset()
        for update in range(updates):
            rate = self.settings.learning_rate * (1.0 - update / updates)
            self._learner.set_learning_rate(rate)
            self.critic.set_learning_rate(rate)
            situation, rewards = self._play_and_learn(situation)
            if watch is not None:
                watch(rewards)

    def act(self, situation: Situation, greedy: bool = False) -> TeamActions:
        """Return what the policy does."""
        with torch.no_grad():
            distribution: TeamDistribution = self.policy(torch.from_numpy(situation.observations))
        return distribution.best() if greedy else distribution.sample(self._rng)

    def _play_and_learn(self, situation: Situation) -> tuple[Situation, Floats]:
        seen, actions, steps = [], [], []
        for _ in range(self.settings.steps):
            action = self.act(situation)
            step = self.team.step(action)
            seen.append(situation)
            actions.append(action)
            steps.append(step)
            situation = step.situation
        rewards = np.stack([step.rewards for step in steps])
        values = np.stack([self._values(past) for past in seen])
        advantages = generalised_advantages(
            rewards,
            values,
            self._values(situation),
            np.stack([step.terminated for step in steps]),
            np.stack([step.cut for step in steps]),
            np.stack([self._values(s.last) if s.cut.any() else s.rewards for s in steps]),
            self.settings.discount,
            self.settings.decay,
        )
        self._learn(seen, concatenate_actions(actions), advantages, advantages + values)
        return situation, rewards

    def _learn(
        self, seen: list[Situation], actions: TeamActions, advantages: Floats, returns: Floats
    ) -> None:
        present = np.concatenate([past.present for past in seen])
        agents = present.shape[1]
        gains = standardised(advantages.reshape(-1, agents), present)
        observations = np.concatenate([past.observations for past in seen])
        self._learner.update(observations, actions, gains, present)
        situations = np.concatenate([self._judged(past) for past in seen])
        settings = self.settings
        self.critic.fit(
            situations,
            returns.reshape(-1, agents),
            present,
            settings.epochs,
            settings.minibatches,
            self._rng,
        )

    def _values(self, situation: Situation) -> Floats:
        return self.critic(self._judged(situation))

    def _judged(self, situation: Situation) -> Floats:
        """Return what the critic looks at, shape (N, A, features)."""
        if not self.settings.central:
            return situation.observations
        shape = (*situation.present.shape, self.team.state_size)
        return np.ascontiguousarray(np.broadcast_to(situation.state[:, None, :], shape))
