"""From a launch to its trials, with everything checked before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archgym import registry
from archgym.errors import ArchgymError, LaunchError
from archgym.experiments.launch import Launch, read_launch
from archgym.experiments.sweeps import agent_choices, problem_choices
from archgym.experiments.user_files import content_hashes
from archgym.problem import Problem
from archgym.results.spec import TrialSpec

_IN_ORDER = ("settings", "cost_model", "workload", "objective")


@dataclass(frozen=True)
class Plan:
    """The trials of a launch.

    Attributes:
        launch: The launch.
        source: The file it came from.
        trials: All different trials; every problem and agent of a seed comes before the next seed.
    """

    launch: Launch
    source: Path
    trials: tuple[TrialSpec, ...]


def read_plan(path: Path) -> Plan:
    """Return the plan of a launch file.

    Raises:
        LaunchError: Anything in it is wrong. Names the file and the place in it.
    """
    return make_plan(read_launch(path), path)


def make_plan(launch: Launch, source: Path) -> Plan:
    """Return the plan of a launch that was read from ``source``.

    Raises:
        LaunchError: A name is unknown, a value not allowed, or an agent cannot do a problem.
    """
    agents = list(_agents(launch, source))
    checked: set[str] = set()
    pairs = []
    for problem, spec in _problems(launch, source):
        for place, agent in agents:
            with _at(source, place):
                _check_suits(agent, problem, checked)
            pairs.append(replace(spec, **agent))
    swept = itertools.product(launch.seeds, launch.budget, pairs)
    trials = [replace(spec, seed=seed, budget=budget) for seed, budget, spec in swept]
    return Plan(launch, source, tuple({trial.run_id: trial for trial in trials}.values()))


def _problems(launch: Launch, source: Path) -> Iterator[tuple[Problem, TrialSpec]]:
    """Yield each problem and its spec, in which agent, seed and budget are still open."""
    for index, entry in enumerate(launch.problems):
        place = f"problems[{index}]"
        for env in entry.env:
            with _at(source, f"{place}.env"):
                environment = registry.environments.get(env)
            with _at(source, place):
                choices = list(problem_choices(entry, environment, source.parent))
            for choice in choices:
                problem = _make_problem(env, choice, source, place)
                yield problem, _open_spec(env, choice, problem, launch.timeout_s)


def _make_problem(env: str, choice: dict[str, Any], source: Path, place: str) -> Problem:
    """Return a problem; where it is refused, find out which key is to blame."""
    try:
        return _make(env, choice)
    except ArchgymError as error:
        for count, key in enumerate(_IN_ORDER, start=1):
            given = {name: choice[name] for name in _IN_ORDER[:count]}
            with _at(source, f"{place}.{key}"):
                _make(env, given)
        raise LaunchError(f"{source}: {place}: {error}") from None


def _make(env: str, given: dict[str, Any]) -> Problem:
    settings = given.get("settings", {})
    others = {key: value for key, value in given.items() if key != "settings"}
    return registry.make_problem(env, **others, **settings)


def _open_spec(
    env: str, choice: dict[str, Any], problem: Problem, timeout_s: float | None
) -> TrialSpec:
    environment = registry.environments.get(env)
    return TrialSpec(
        env=env,
        env_version=environment.version,
        workload=problem.workload_name,
        objective=problem.objective_spec,
        settings=problem.settings,
        cost_model=choice["cost_model"],
        cost_model_version=problem.cost_model.version,
        agent="",
        agent_version="",
        hyperparameters={},
        seed=0,
        budget=0,
        timeout_s=timeout_s,
        content=content_hashes(problem, environment),
    )


def _agents(launch: Launch, source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each agent's place in the launch and its part of the spec."""
    for index, entry in enumerate(launch.agents):
        place = f"agents[{index}]"
        for name in entry.name:
            with _at(source, f"{place}.name"):
                agent = registry.agents.get(name)
            with _at(source, place):
                choices = list(agent_choices(entry, agent))
            for values in choices:
                part = {"agent": name, "agent_version": agent.version, "hyperparameters": values}
                yield place, part


def _check_suits(agent: dict[str, Any], problem: Problem, checked: set[str]) -> None:
    """Construct the agent once per kind of problem; it refuses what it cannot do."""
    key = repr((problem.env, problem.settings, problem.objective_spec, agent))
    if key not in checked:
        registry.make_agent(agent["agent"], problem, 0, **agent["hyperparameters"])
        checked.add(key)


@contextmanager
def _at(source: Path, place: str) -> Iterator[None]:
    """Put file and place before the message of an error; inner places are appended."""
    try:
        yield
    except LaunchError as error:
        raise LaunchError(f"{source}: {place}.{error}") from None
    except ArchgymError as error:
        raise LaunchError(f"{source}: {place}: {error}") from None
