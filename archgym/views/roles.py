"""Who decides what: names of agents and the parameters that each of them chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archgym.errors import SettingError, UnknownNameError
from archgym.space import DesignSpace

Roles = str | Mapping[str, Sequence[str]]
NAMED_ROLES = ("per_parameter", "subsystem", "single")
SINGLE_AGENT = "designer"


def assign_roles(space: DesignSpace, roles: Roles) -> dict[str, tuple[str, ...]]:
    """Return agent -> its parameters.

    Args:
        space: The design space.
        roles: "per_parameter" (an agent for each), "subsystem" (one for each role that the
            parameters declare), "single" (one for all), or a mapping agent -> parameters.

    Raises:
        UnknownNameError: An unknown word or parameter.
        SettingError: A parameter belongs to no agent or to several, or an agent has none.
    """
    if isinstance(roles, Mapping):
        return _checked(space, roles)
    if roles == "per_parameter":
        return {name: (name,) for name in space.names}
    if roles == "subsystem":
        return space.roles
    if roles == "single":
        return {SINGLE_AGENT: space.names}
    raise UnknownNameError("roles", str(roles), NAMED_ROLES)


def _checked(space: DesignSpace, roles: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    owners: dict[str, list[str]] = {name: [] for name in space.names}
    for agent, parameters in roles.items():
        if isinstance(parameters, str) or not parameters:
            raise SettingError(f"roles: agent {agent!r} needs a list of parameters")
        for name in parameters:
            space[name]
            owners[name].append(agent)
    for name, agents in owners.items():
        if len(agents) != 1:
            listed = " and ".join(agents) or "no agent"
            raise SettingError(f"roles: {name!r} belongs to {listed}, not to exactly one")
    return {agent: tuple(parameters) for agent, parameters in roles.items()}


def columns_of(space: DesignSpace, parameters: Sequence[str]) -> list[int]:
    """Return the columns of codes that hold these parameters."""
    slices = [space.columns[name] for name in parameters]
    return [column for part in slices for column in range(part.start, part.stop)]
