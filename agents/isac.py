"""Independent soft actor-critic: every agent learns from all that the team ever tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.marl.agent import TEAM_HYPERPARAMETERS, TeamAgent
from archgym.agents.marl.exploration import Exploration
from archgym.evaluator import Evaluator

if TYPE_CHECKING:
    from archgym.agents.marl.exploring import Draws, Explorer
    from archgym.agents.marl.replay import ReplayBuffer
    from archgym.agents.marl.sac import SacLearner

_CAPACITY = 8192
_FIRST_ENTROPY = 0.9


class IsacAgent(TeamAgent):
    """A team of SAC learners, each with an actor, twin critics and a temperature of its own.

    Discrete choices take discrete SAC, numbers squashed normal distributions. Every design is an
    episode of one step, so critics learn what a choice earned on average among the designs drawn
    lately. Each agent's entropy is steered from nine tenths of the largest down to the given
    share, as the budget is spent.

    Sources: Haarnoja et al., Soft actor-critic algorithms and applications, arXiv 1812.05905;
    Christodoulou, Soft actor-critic for discrete action settings, arXiv 1910.07207.
    """

    name = "isac"
    summary = "A team of independent SAC learners that share the parameters out (own, PyTorch)."
    hyperparameters: ClassVar = TEAM_HYPERPARAMETERS | {
        "learning_rate": Hyperparameter(
            1e-2, "step size of actors, critics and temperatures", low=1e-6, high=1.0, log=True
        ),
        "batch": Hyperparameter(256, "designs per learning step", low=16, high=4096, log=True),
        "steps": Hyperparameter(
            8, "learning steps after each rollout", low=1, high=1000, log=True
        ),
        "entropy_share": Hyperparameter(
            0.2, "entropy that is left at the end, as a share of the largest", low=0.0, high=1.0
        ),
        "memory": Hyperparameter(
            1024, "newest designs drawn that are learned from", low=16, high=10**6, log=True
        ),
    }

    def search(self, explorer: Explorer, evaluator: Evaluator) -> None:
        import torch

        from archgym.agents.marl.replay import ReplayBuffer

        learner, replay = self._make_learner(), ReplayBuffer(self.values["memory"])
        budget, count = evaluator.remaining, self.rollout(evaluator.remaining)
        nothing = torch.zeros((1, self.team.layout.agents, 1))
        exploration = Exploration(self.floor)
        while explorer.goes_on:
            with torch.no_grad():
                policy = learner.policy(nothing)
            draws = explorer.draw(policy, count)
            if explorer.goes_on and len(draws.rewards):
                left = evaluator.remaining / budget
                last = self.values["entropy_share"]
                learner.entropy_share = last + (_FIRST_ENTROPY - last) * left
                self._remember(replay, draws)
                self._learn(learner, replay, explorer)
            learner.policy.floor = exploration.adapt(draws.spent, draws.drawn)

    def _remember(self, replay: ReplayBuffer, draws: Draws) -> None:
        """Keep draws with the plain rewards of team and counterfactuals; fitness comes later."""
        from archgym.agents.marl.replay import Transitions

        count, agents = len(draws.rewards), self.team.layout.agents
        nothing = np.zeros((count, agents, 1), dtype=np.float32)
        replay.add(
            Transitions(
                observations=nothing,
                index=draws.actions.index,
                raw=draws.actions.raw,
                rewards=np.column_stack([draws.rewards, draws.without]),
                following=nothing,
                terminated=np.ones((count, agents), dtype=np.float32),
                weights=self.team.effective(draws.batch),
            )
        )

    def _learn(self, learner: SacLearner, replay: ReplayBuffer, explorer: Explorer) -> None:
        from dataclasses import replace

        import torch

        from archgym.agents.marl.credit import scaled

        rewards = replay.column("rewards")
        fitness = self.fitness(rewards, explorer)
        earned = fitness[:, :1] - fitness[:, 1:] if fitness.shape[1] > 1 else fitness
        layout, batch = self.team.layout, self.values["batch"]
        known = np.broadcast_to(scaled(earned), (len(earned), layout.agents))
        nothing = torch.zeros((batch if layout.most_numbers else 1, layout.agents, 1))
        for _ in range(self.values["steps"]):
            rows, sample = replay.sample(self.rng, batch)
            told = torch.from_numpy(known[rows])
            learner.update(replace(sample, rewards=told, observations=nothing, following=nothing))

    def _make_learner(self) -> SacLearner:
        from archgym.agents.marl.policy import TeamPolicy
        from archgym.agents.marl.sac import SacLearner, SacSettings

        values, layout = self.values, self.team.layout
        width, shared = values["width"], values["share_parameters"]
        policy = TeamPolicy(layout, 1, width, shared, self.rng, floor=self.floor)
        settings = SacSettings(learning_rate=values["learning_rate"], temperature=0.5)
        return SacLearner(policy, settings, 1, width, shared, self.rng)
