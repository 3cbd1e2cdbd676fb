"""A team of agents that share the parameters of a design among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import ParallelEnv  # type: ignore[import-untyped]

from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.outcome import Outcomes
from archgym.parameter import Codes
from archgym.views.actions import Mask, MultiDiscreteActions
from archgym.views.checks import at_least_one, one_of
from archgym.views.designs import DesignReporter
from archgym.views.observations import Features
from archgym.views.roles import Roles, assign_roles, columns_of

_Step = tuple[
    dict[str, Features],
    dict[str, float],
    dict[str, bool],
    dict[str, bool],
    dict[str, dict[str, Any]],
]


class _Member:
    """One agent: the axes it decides and how it sees them."""

    def __init__(self, columns: list[int], actions: MultiDiscreteActions, seen: NDArray[np.int64]):
        self.columns, self.actions, self.seen = columns, actions, seen
        sizes = actions.space.nvec
        self._lone = len(columns) == 1
        self.action_space: spaces.Space[Any] = (
            spaces.Discrete(int(sizes[0])) if self._lone else actions.space
        )

    def decode(self, action: Any) -> Codes:
        """Return the codes of this agent's columns, shape (1, columns)."""
        return self.actions.decode(np.asarray(action).reshape(1, -1))


class DesignTeamEnv(ParallelEnv[str, Features, Any]):  # type: ignore[misc]
    """All agents choose at once; their choices together are one design, each step.

    An agent with one axis has a Discrete action space, others a MultiDiscrete one (real axes are
    cut into levels, see `archgym.views.actions`). Every agent observes the last design with its
    metrics and status, zeros after a reset. ``info`` of every agent is as in
    `archgym.views.one_shot.OneShotEnv`, and carries ``team_reward``.

    Args:
        evaluator: What evaluates the designs and counts them.
        roles: Which agents there are and what each decides, see `archgym.views.roles`.
        reward: "shared" gives every agent the design's reward. "difference" gives each what its
            choice added: the design's reward minus that of the same design with this agent's
            choice replaced by the default. That takes one more evaluation per agent and step
            (`evaluations_per_step`), in one batch, all counted.
        episode_length: Designs per episode.
        see_others: Whether agents observe the others' last choices, or their own only.

    Raises:
        SettingError: Roles that do not share the parameters out exactly once.
        UnknownNameError: An unknown word or parameter.
    """

    metadata = {  # noqa: RUF012
        "name": "archgym_design_team_v0",
        "render_modes": [],
        "is_parallelizable": True,
    }

    def __init__(
        self,
        evaluator: Evaluator,
        roles: Roles = "per_parameter",
        reward: str = "shared",
        episode_length: int = 1,
        see_others: bool = True,
    ):
        self.evaluator, self.problem = evaluator, evaluator.problem
        self._difference = one_of("team reward", reward, ("shared", "difference")) == "difference"
        self.episode_length = at_least_one("episode_length", episode_length)
        self._reporter, space = DesignReporter(evaluator), self.problem.space
        self.roles = assign_roles(space, roles)
        self.possible_agents = list(self.roles)
        self.agents = list(self.possible_agents)
        self._members = {
            agent: self._member(names, see_others) for agent, names in self.roles.items()
        }
        low, high = self._reporter.features.low, self._reporter.features.high
        self.action_spaces = {a: member.action_space for a, member in self._members.items()}
        self.observation_spaces = {
            agent: spaces.Box(low[member.seen], high[member.seen])
            for agent, member in self._members.items()
        }
        self._steps = 0

    @property
    def evaluations_per_step(self) -> int:
        """What one step spends of the evaluator's budget."""
        return 1 + len(self.possible_agents) * self._difference

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    def action_mask(self, agent: str) -> Mask:
        """Return which of an agent's values obey the constraints over one parameter, flat."""
        return self._members[agent].actions.mask

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Features], dict[str, dict[str, Any]]]:
        self.agents, self._steps = list(self.possible_agents), 0
        return self._observe(self._reporter.features.empty(1)[0]), {a: {} for a in self.agents}

    def step(self, actions: dict[str, Any]) -> _Step:
        codes = self._designs(actions)
        outcomes = self.evaluator.evaluate(Batch(self.problem.space, codes))
        observed = self._observe(self._reporter.features(codes, outcomes)[0])
        rewards, info = self._rewards(outcomes), self._reporter.info(codes, outcomes)
        info["team_reward"] = outcomes.reward.item(0)
        self._steps += 1
        over = self._steps >= self.episode_length
        played = self.possible_agents
        self.agents = [] if over else list(played)
        ended, going_on = dict.fromkeys(played, over), dict.fromkeys(played, False)
        return observed, rewards, ended, going_on, {agent: dict(info) for agent in played}

    def close(self) -> None:
        """End the cost model's process where it has one of its own."""
        self.evaluator.close()

    def _member(self, names: Sequence[str], see_others: bool) -> _Member:
        columns = columns_of(self.problem.space, names)
        visible = [see_others or o in ("", *names) for o in self._reporter.features.owners]
        actions = MultiDiscreteActions(self.problem.space, columns)
        return _Member(columns, actions, np.flatnonzero(visible))

    def _designs(self, actions: dict[str, Any]) -> Codes:
        """Return the team's design, and below it those in which one agent's choice is default."""
        default = self.problem.space.default.codes
        codes = np.repeat(default, self.evaluations_per_step, axis=0)
        for row, (agent, member) in enumerate(self._members.items(), start=1):
            codes[:, member.columns] = member.decode(actions[agent])
            if self._difference:
                codes[row, member.columns] = default[0, member.columns]
        return codes

    def _rewards(self, outcomes: Outcomes) -> dict[str, float]:
        team, *without = outcomes.reward.tolist()
        if not self._difference:
            return dict.fromkeys(self.possible_agents, team)
        pairs = zip(self.possible_agents, without, strict=True)
        return {agent: team - reward for agent, reward in pairs}

    def _observe(self, features: Features) -> dict[str, Features]:
        return {agent: features[member.seen] for agent, member in self._members.items()}
