"""A team that shares the parameters of a design among its agents, whole batches at a time.

The same team as `archgym.views.multi_agent.DesignTeamEnv`, on arrays: N designs are one call of
the evaluator. Real axes, and ordered ones with many values, are numbers instead of levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.agents.marl.layout import ActionLayout, Floats, TeamActions
from archgym.batch import Batch
from archgym.encodings import stretch
from archgym.parameter import Axis, Codes
from archgym.space import DesignSpace
from archgym.views.actions import MultiDiscreteActions
from archgym.views.roles import Roles, assign_roles, columns_of

_MOST_VALUES = 64


@dataclass(frozen=True)
class _Member:
    """One agent: the columns of codes that it chooses from lists, and those it sets as numbers."""

    listed: list[int]
    numbered: list[int]

    @property
    def columns(self) -> list[int]:
        return [*self.listed, *self.numbered]


class DesignTeam:
    """Turns what a team chooses into designs.

    Agents are ordered by their first parameter, so that equal roles are equal teams.

    Args:
        space: The design space.
        roles: Which agents there are and what each decides, see `archgym.views.roles`.

    Attributes:
        roles: Agent -> its parameters, in the order of the space.
        layout: What the agents choose. Values that break a constraint over one parameter are
            forbidden.

    Raises:
        SettingError: Roles that do not share the parameters out exactly once.
        UnknownNameError: An unknown word or parameter.
    """

    def __init__(self, space: DesignSpace, roles: Roles):
        self.space = space
        self.roles = _in_order(space, assign_roles(space, roles))
        self._members = [_member(space, names) for names in self.roles.values()]
        self.layout = ActionLayout(
            tuple(tuple(_size(space.axes[c]) for c in m.listed) for m in self._members),
            tuple(len(member.numbered) for member in self._members),
            tuple(_forbidden(space, self._members)),
        )
        self._default = space.default.codes[0]

    def designs(self, actions: TeamActions) -> Batch:
        """Return the design of each sample."""
        codes = np.empty((len(actions), self.space.width), dtype=self.space.dtype)
        numbers = actions.numbers
        for agent, member in enumerate(self._members):
            for at, column in enumerate(member.listed):
                codes[:, column] = actions.index[:, agent, at]
            for at, column in enumerate(member.numbered):
                codes[:, column] = _code(self.space.axes[column], numbers[:, agent, at])
        return Batch(self.space, codes)

    def without(self, batch: Batch) -> Batch:
        """Return every design A times, in the a-th with agent a's choice replaced by the default.

        The A variants of a design stand one after another.
        """
        codes = np.repeat(batch.codes[:, None, :], len(self._members), axis=1)
        for agent, member in enumerate(self._members):
            codes[:, agent, member.columns] = self._default[member.columns]
        return Batch(self.space, codes.reshape(-1, self.space.width))

    def effective(self, batch: Batch) -> Floats:
        """Return 1 where an agent's choice has an effect on a design, else 0, shape (N, A)."""
        active = self.space.active(batch)
        columns = [
            np.logical_or.reduce([active[name] for name in names]) for names in self.roles.values()
        ]
        return np.stack(columns, axis=1).astype(np.float32)


def _in_order(
    space: DesignSpace, roles: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    sorted_roles = {
        agent: tuple(sorted(names, key=space.names.index)) for agent, names in roles.items()
    }
    agents = sorted(sorted_roles, key=lambda agent: space.names.index(sorted_roles[agent][0]))
    return {agent: sorted_roles[agent] for agent in agents}


def _member(space: DesignSpace, names: Sequence[str]) -> _Member:
    columns = columns_of(space, names)
    listed = [column for column in columns if _is_listed(space.axes[column])]
    return _Member(listed, [column for column in columns if column not in listed])


def _is_listed(axis: Axis) -> bool:
    return axis.size is not None and not (axis.ordered and axis.size > _MOST_VALUES)


def _size(axis: Axis) -> int:
    assert axis.size is not None
    return axis.size


def _code(axis: Axis, numbers: Floats) -> Codes:
    """Return the codes of numbers in [-1, 1] along an axis; a discrete one is cut into bins."""
    unit = (numbers.astype(np.float64) + 1.0) / 2.0
    if axis.size is None:
        return stretch(axis, unit)
    return np.minimum(np.floor(unit * axis.size), axis.size - 1)


def _forbidden(space: DesignSpace, members: Sequence[_Member]) -> list[tuple[int, int, int]]:
    places = []
    for agent, member in enumerate(members):
        for choice, column in enumerate(member.listed):
            mask: NDArray[np.bool_] = MultiDiscreteActions(space, [column]).mask
            places += [(agent, choice, int(value)) for value in np.flatnonzero(~mask)]
    return places
