"""Proximal policy optimisation of a team that searches designs."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.marl.agent import TEAM_HYPERPARAMETERS, TeamAgent
from archgym.agents.marl.exploration import Exploration
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from archgym.agents.marl.credit import CentralCredit, MeanCredit
    from archgym.agents.marl.exploring import Explorer
    from archgym.agents.marl.ppo import PpoLearner


class TeamPpoAgent(TeamAgent):
    """What IPPO and MAPPO share: draw designs, credit the agents, improve their policies."""

    hyperparameters: ClassVar = TEAM_HYPERPARAMETERS | {
        "learning_rate": Hyperparameter(
            5e-3, "step size of the policies", low=1e-6, high=1.0, log=True
        ),
        "epochs": Hyperparameter(4, "passes over the designs drawn", low=1, high=100),
        "minibatches": Hyperparameter(
            1, "parts of the designs per pass", low=1, high=64, log=True
        ),
        "clip": Hyperparameter(0.2, "largest change of probability ratios", low=0.01, high=1.0),
        "entropy": Hyperparameter(0.01, "weight of the entropy bonus", low=0.0, high=1.0),
    }

    def search(self, explorer: Explorer, evaluator: Evaluator) -> None:
        import torch

        learner, credit = self._make_learner(), self.make_credit()
        count = self.rollout(evaluator.remaining)
        nothing = np.zeros((1, self.team.layout.agents, 1), dtype=np.float32)
        exploration = Exploration(self.floor)
        while explorer.goes_on:
            with torch.no_grad():
                policy = learner.policy(torch.from_numpy(nothing))
            draws = explorer.draw(policy, count)
            if explorer.goes_on and len(draws.rewards):
                weights = self.team.effective(draws.batch)
                fitness = partial(self.fitness, explorer=explorer)
                gains = credit(draws, fitness, weights, policy)
                learner.update(nothing, draws.actions, gains, weights)
            learner.policy.floor = exploration.adapt(draws.spent, draws.drawn)

    @abstractmethod
    def make_credit(self) -> MeanCredit | CentralCredit:
        """Return what says how much of what the team earned is which agent's merit."""

    def _make_learner(self) -> PpoLearner:
        from archgym.agents.marl.policy import TeamPolicy
        from archgym.agents.marl.ppo import PpoLearner, PpoSettings

        values, shared = self.values, self.values["share_parameters"]
        policy = TeamPolicy(
            self.team.layout, 1, values["width"], shared, self.rng, floor=self.floor
        )
        names = ("learning_rate", "epochs", "minibatches", "clip", "entropy")
        settings = PpoSettings(**{name: values[name] for name in names})
        return PpoLearner(policy, settings, shared, self.rng)
