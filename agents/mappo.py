"""Multi-agent proximal policy optimisation: decentralised policies, a central critic."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.marl.ppo_agent import TeamPpoAgent

if TYPE_CHECKING:
    from archgym.agents.marl.credit import CentralCredit


class MappoAgent(TeamPpoAgent):
    """A team of PPO learners with a central critic that knows what all agents chose.

    The critic learns from all designs evaluated so far what a whole design is worth. An agent's
    advantage is what the team earned less what the critic expects if this agent alone chose anew
    from its policy: a baseline that depends on the others' choices, which takes their noise out of
    the agent's credit and leaves its gradient unbiased.

    Sources: Yu et al., The surprising effectiveness of PPO in cooperative multi-agent games, arXiv
    2103.01955; the baseline: Foerster et al., Counterfactual multi-agent policy gradients, arXiv
    1705.08926.
    """

    name = "mappo"
    summary = "A team of PPO learners with a central, counterfactual critic (own, PyTorch)."
    hyperparameters: ClassVar = TeamPpoAgent.hyperparameters | {
        "critic_learning_rate": Hyperparameter(
            3e-3, "step size of the critic", low=1e-6, high=1.0, log=True
        ),
        "critic_steps": Hyperparameter(
            8, "mini-batches that the critic learns from per update", low=1, high=1000, log=True
        ),
        "critic_batch": Hyperparameter(
            128, "designs per mini-batch of the critic", low=16, high=4096, log=True
        ),
        "alternatives": Hyperparameter(
            1, "how often an agent's choice is drawn anew for its baseline", low=1, high=64
        ),
    }

    def make_credit(self) -> CentralCredit:
        from archgym.agents.marl.credit import CentralCredit
        from archgym.agents.marl.joint_critic import JointCritic

        values = self.values
        critic = JointCritic(
            self.team.layout,
            values["width"],
            values["critic_learning_rate"],
            values["alternatives"],
            self.rng,
        )
        return CentralCredit(critic, values["critic_steps"], values["critic_batch"])
