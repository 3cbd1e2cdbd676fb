"""Environments and agents by name, found through entry points.

Our own and third-party packages register alike, in their ``pyproject.toml``::

    [project.entry-points."archgym.envs"]
    my_family = "my_package.my_family:ENVIRONMENT"

    [project.entry-points."archgym.agents"]
    my_agent = "my_package.my_agent:MyAgent"

    [project.entry-points."archgym.cost_models"]
    my_kind = "my_package.my_kind:load"

The last makes ``my_kind:REST`` a cost model of every environment: it is
``load(REST, environment, settings, workload_name)``.

Programs may also register objects directly, for example from a notebook, and any object can be
named by its import path, ``my_package.my_family:ENVIRONMENT``, without being registered.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from archgym.errors import UnknownNameError

if TYPE_CHECKING:
    from archgym.environment import Environment
    from archgym.objective_spec import Spec
    from archgym.problem import Problem

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Names to objects; those of entry points are imported when first asked for.

    Args:
        kind: What messages call an entry.
        group: The entry-point group.
    """

    def __init__(self, kind: str, group: str):
        self._kind, self._group = kind, group
        self._added: dict[str, Entry] = {}

    def names(self) -> list[str]:
        """Return all registered names, sorted."""
        return sorted({*self._points(), *self._added})

    def add(self, name: str, entry: Entry) -> None:
        """Register an object under a name, in this process only."""
        self._added[name] = entry

    def remove(self, name: str) -> None:
        """Forget an object that was registered by `add`.

        Raises:
            KeyError: There is none of that name.
        """
        del self._added[name]

    def get(self, name: str) -> Entry:
        """Return the object of that name or import path.

        Raises:
            UnknownNameError: There is none. Guesses which was meant.
        """
        if ":" in name:
            return self._imported(name)
        if name not in self._added:
            points = self._points()
            if name not in points:
                raise UnknownNameError(self._kind, name, self.names())
            self._added[name] = points[name].load()
        return self._added[name]

    def _imported(self, path: str) -> Entry:
        try:
            entry: Entry = resolve_name(path)
        except (ImportError, AttributeError, ValueError) as error:
            raise UnknownNameError(self._kind, path, self.names(), f": {error}") from error
        return entry

    def _points(self) -> dict[str, Any]:
        return _entry_points(self._group)


@cache
def _entry_points(group: str) -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=group)}


environments: Registry[Environment] = Registry("environment", "archgym.envs")
agents: Registry[Any] = Registry("agent", "archgym.agents")
cost_model_loaders: Registry[Any] = Registry("kind of cost model", "archgym.cost_models")


def make_problem(
    env: str,
    workload: str | None = None,
    objective: Spec | None = None,
    cost_model: Any = None,
    **settings: Any,
) -> Problem:
    """Return a problem of a registered environment; what is not given takes its default.

    Example:
        >>> import archgym
        >>> problem = archgym.make_problem("dram", workload="stream", objective="latency")

    Raises:
        UnknownNameError: An unknown environment, workload, objective, cost model or setting.
        SettingError: A setting or the objective has a value it cannot take.
    """
    return environments.get(env).make_problem(workload, objective, cost_model, **settings)


def make_agent(name: str, problem: Problem, seed: int = 0, **hyperparameters: Any) -> Any:
    """Return a registered agent for a problem.

    Raises:
        UnknownNameError: An unknown agent or hyper-parameter.
        SettingError: A hyper-parameter is out of range, or the agent cannot search this space.
        MissingExtraError: The agent's library is not installed.
    """
    return agents.get(name)(problem, seed=seed, **hyperparameters)
