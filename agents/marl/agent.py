"""What all agents that search designs as a team have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.base import Agent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.roles_hyperparameter import RolesHyperparameter
from archgym.evaluator import Evaluator
from archgym.torch_session import torch_session

if TYPE_CHECKING:
    from archgym.agents.marl.designs import DesignTeam
    from archgym.agents.marl.exploring import Explorer

_UPDATES = 16
_ROLLOUT_RANGE = 16, 64
_DEVIATIONS, _MOST_EXPLORATION = 2.0, 0.2

TEAM_HYPERPARAMETERS = {
    "roles": RolesHyperparameter(
        "per_parameter",
        "one agent per parameter, per sub-system that the space names, or one for all",
    ),
    "reward": Hyperparameter(
        "shared",
        "shared: all agents earn the design's; difference: each what its choice adds to the"
        " default, at one more evaluation per agent and design",
        choices=("shared", "difference"),
    ),
    "share_parameters": Hyperparameter(
        False, "one network that is told whose turn it is, instead of one per agent"
    ),
    "remember": Hyperparameter(
        True, "designs known from earlier teach without being evaluated again"
    ),
    "exploration": Hyperparameter(
        None,
        "least probability that a choice is made uniformly, whatever was learned; none: such that"
        " two choices per design are, at most 0.2",
        low=0.0,
        high=0.9,
        kind=float,
    ),
    "fitness": Hyperparameter(
        "rarity",
        "what is learned from: minus the log of the share of known designs that are at least as"
        " good, or the reward itself",
        choices=("rarity", "reward"),
    ),
    "rollout": Hyperparameter(
        None, "evaluations between updates; none: by budget", low=2, high=65536, log=True, kind=int
    ),
    "width": Hyperparameter(64, "neurons per hidden layer, of two", low=4, high=1024, log=True),
}


class TeamAgent(Agent):
    """A team of learners that share the parameters of a design among them.

    All choose at once; their choices together are one design (`archgym.views.multi_agent`). A
    batch of designs is one call of the cost model. Designs whose outcome is known, because they
    were evaluated before or break a constraint, teach without spending budget. Subclasses say how
    the team learns.

    Attributes:
        team: Who decides what.
    """

    extra = "rl"
    library = "torch"
    requires = ("torch",)
    constraint_handling = "mask"
    hyperparameters: ClassVar = TEAM_HYPERPARAMETERS

    team: DesignTeam

    def setup(self) -> None:
        from archgym.agents.marl.designs import DesignTeam

        self.team = DesignTeam(self.space, self.values["roles"])

    def run(self, evaluator: Evaluator) -> None:
        from archgym.agents.marl.exploring import Explorer

        if evaluator.remaining <= 0:
            return
        with torch_session():
            difference = self.values["reward"] == "difference"
            explorer = Explorer(
                evaluator, self.team, self.values["remember"], difference, self.rng
            )
            self.search(explorer, evaluator)

    @abstractmethod
    def search(self, explorer: Explorer, evaluator: Evaluator) -> None:
        """Draw designs and learn from them until the explorer goes no further."""

    def rollout(self, budget: int) -> int:
        """Return how many evaluations are spent between updates; 16 or more if possible."""
        low, high = _ROLLOUT_RANGE
        return int(self.values["rollout"] or min(max(budget // _UPDATES, low), high))

    def fitness(self, rewards: NDArray[np.float64], explorer: Explorer) -> NDArray[np.float64]:
        """Return rewards of designs in the form that is learned from."""
        from archgym.agents.marl.fitness import shaped

        rarity = self.values["fitness"] == "rarity"
        return shaped(rewards, explorer.memory.rewards()) if rarity else rewards

    @property
    def floor(self) -> float:
        """The share of every choice that stays uniform."""
        given = self.values["exploration"]
        return float(
            min(_MOST_EXPLORATION, _DEVIATIONS / self.space.width) if given is None else given
        )
