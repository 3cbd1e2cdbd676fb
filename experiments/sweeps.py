"""Lists in a launch multiply: every combination of the values they hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from archgym.environment import Environment
from archgym.errors import ArchgymError, LaunchError, UnknownNameError
from archgym.experiments.hyperparameter_search import domains_of, draw
from archgym.experiments.launch import AgentEntry, ProblemEntry
from archgym.experiments.tuned_values import read_tuned
from archgym.experiments.user_files import located, located_model, located_workloads


def problem_choices(
    entry: ProblemEntry, environment: Environment, folder: Path
) -> Iterator[dict[str, Any]]:
    """Yield each combination of settings, cost_model, workload and objective of an entry.

    Args:
        entry: The entry of the launch.
        environment: One of its environments.
        folder: Files of the user are looked up here first.

    Raises:
        LaunchError: A setting is unknown or has a wrong value, or a folder no workload; begins
            with the place.
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
    given = entry.workload or named[:1]
    workloads = [each for name in given for each in located_workloads(name, environment, folder)]
    objectives = entry.objective or list(environment.objectives)[:1]
    first = list(environment.cost_models)[:1]
    models = [located_model(name, folder) for name in entry.cost_model or first]
    for settings in combinations(swept):
        for model, workload, objective in itertools.product(models, workloads, objectives):
            chosen = {"cost_model": model, "workload": workload, "objective": objective}
            yield {"settings": settings, **chosen}


def agent_choices(
    entry: AgentEntry, agent: Any, family: str, folder: Path
) -> Iterator[dict[str, Any]]:
    """Yield each configuration of an entry, defaults filled in.

    Args:
        entry: The entry of the launch.
        agent: One of its agents.
        family: The family of the problems, whose tuned values are taken.
        folder: Files of the user are looked up here first.

    Raises:
        LaunchError: A hyper-parameter is unknown or has a wrong value; begins with the place.
    """
    given = fixed_values(entry, agent, family, folder)
    drawn: list[dict[str, Any]] = [{}]
    if entry.draw is not None:
        drawn = draw(domains_of(agent, entry.search, given), entry.draw)
    elif entry.search:
        raise LaunchError("search: is of use only with draw, or in a launch with tune")
    for values in combinations(given):
        for configuration in drawn:
            yield agent.check(values | configuration)


def fixed_values(entry: AgentEntry, agent: Any, family: str, folder: Path) -> dict[str, list[Any]]:
    """Return the hyper-parameters that an entry gives itself, name -> the values swept over.

    Raises:
        LaunchError: See `agent_choices`.
    """
    given = entry.hyperparameters
    if isinstance(given, str):
        tuned = read_tuned(given, agent, family, folder)
        return {name: [value] for name, value in tuned.items()}
    owner = f"hyper-parameter of agent {agent.name!r}"
    types = {name: declared.type for name, declared in agent.hyperparameters.items()}

    def check(name: str, value: Any) -> Any:
        is_file = agent.hyperparameters[name].file
        return agent.check({name: located(value, (), folder) if is_file else value})[name]

    return _check_each(given, "hyperparameters", owner, types, check)


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
                raise UnknownNameError(owner, str(name), types)
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
