"""Lists in a launch multiply: every combination of the values they hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from archgym.environment import Environment
from archgym.errors import ArchgymError, LaunchError, UnknownNameError
from archgym.experiments.launch import AgentEntry, ProblemEntry
from archgym.experiments.user_files import located


def problem_choices(
    entry: ProblemEntry, environment: Environment, folder: Path
) -> Iterator[dict[str, Any]]:
    """Yield each combination of settings, cost_model, workload and objective of an entry.

    Args:
        entry: The entry of the launch.
        environment: One of its environments.
        folder: Files of the user are looked up here first.

    Raises:
        LaunchError: A setting is unknown or has a wrong value; begins with the place.
    """
    declared = environment.settings
    owner = f"setting of environment {environment.id!r}"
    types = {name: setting.kind or type(setting.default) for name, setting in declared.items()}

    def check(name: str, value: Any) -> Any:
        setting = declared[name]
        known = setting.choices if setting.or_file else (value,)
        return setting.check(name, located(value, known, folder))

    swept = _check_each(entry.settings, "settings", owner, types, check)
    named = tuple(environment.workloads)
    workloads = [located(name, named, folder) for name in entry.workload or named[:1]]
    objectives = entry.objective or list(environment.objectives)[:1]
    models = entry.cost_model or list(environment.cost_models)[:1]
    for settings in combinations(swept):
        for model, workload, objective in itertools.product(models, workloads, objectives):
            chosen = {"cost_model": model, "workload": workload, "objective": objective}
            yield {"settings": settings, **chosen}


def agent_choices(entry: AgentEntry, agent: Any) -> Iterator[dict[str, Any]]:
    """Yield each combination of hyper-parameters of an entry, defaults filled in.

    Raises:
        LaunchError: One is unknown or has a wrong value; begins with the place.
    """
    owner = f"hyper-parameter of agent {agent.name!r}"
    types = {name: declared.type for name, declared in agent.hyperparameters.items()}

    def check(name: str, value: Any) -> Any:
        return agent.check({name: value})[name]

    swept = _check_each(entry.hyperparameters, "hyperparameters", owner, types, check)
    for values in combinations(swept):
        yield agent.check(values)


def combinations(swept: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every way of taking one value of each name; one empty way where there are none."""
    for values in itertools.product(*swept.values()):
        yield dict(zip(swept, values, strict=True))


def _check_each(
    given: Mapping[str, Any],
    place: str,
    owner: str,
    types: Mapping[str, type],
    check: Callable[[str, Any], Any],
) -> dict[str, list[Any]]:
    """Return name -> the values it sweeps over, each of them checked."""
    swept = {}
    for name, value in given.items():
        try:
            if name not in types:
                raise UnknownNameError(owner, name, types)
            swept[name] = [check(name, item) for item in _values(value, types[name])]
        except ArchgymError as error:
            raise LaunchError(f"{place}.{name}: {error}") from None
    return swept


def _values(value: Any, kind: type) -> list[Any]:
    """Return the values of a sweep; where a value is itself a list, a sweep is a list of lists."""
    if not isinstance(value, list):
        return [value]
    if issubclass(kind, list | tuple) and not all(isinstance(item, list) for item in value):
        return [value]
    if not value:
        raise LaunchError("an empty list sweeps over nothing")
    return value
