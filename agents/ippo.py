"""Independent proximal policy optimisation: every agent learns for itself from what it earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archgym.agents.marl.ppo_agent import TeamPpoAgent

if TYPE_CHECKING:
    from archgym.agents.marl.credit import MeanCredit


class IppoAgent(TeamPpoAgent):
    """A team of PPO learners, each with a policy, a probability ratio and a clip of its own.

    Every design is an episode of one step that all agents begin with the same, empty observation,
    so an agent's critic is one number, the mean of what it earned over the present draws.

    Sources: Schulman et al., Proximal policy optimization algorithms, arXiv 1707.06347; de Witt et
    al., Is independent learning all you need in the StarCraft multi-agent challenge?, arXiv
    2011.09533.
    """

    name = "ippo"
    summary = "A team of independent PPO learners that share the parameters out (own, PyTorch)."

    def make_credit(self) -> MeanCredit:
        from archgym.agents.marl.credit import MeanCredit

        return MeanCredit()
