"""The hyper-parameter that says which agents a team has and what each of them decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archgym.agents.hyperparameter import Hyperparameter
from archgym.views.roles import NAMED_ROLES


@dataclass(frozen=True)
class RolesHyperparameter(Hyperparameter):
    """A named way of sharing the parameters out, or a mapping agent -> list of parameters.

    Whether the parameters exist and belong to one agent each is checked when an agent is made for
    a problem, see `archgym.views.roles.assign_roles`.
    """

    choices: tuple[Any, ...] = NAMED_ROLES

    @property
    def allowed(self) -> str:
        return f"{super().allowed}, or a mapping of agents to lists of parameters"

    def _parse(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return super()._parse(value)
        proper = value and all(
            isinstance(agent, str) and _is_list_of_names(names) for agent, names in value.items()
        )
        return {agent: list(names) for agent, names in value.items()} if proper else None


def _is_list_of_names(names: Any) -> bool:
    listed = isinstance(names, list | tuple) and bool(names)
    return listed and all(isinstance(name, str) for name in names)
