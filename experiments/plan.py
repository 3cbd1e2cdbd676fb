"""From a launch to its trials, with everything checked before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from archgym import registry
from archgym.errors import ArchgymError, LaunchError, SettingError
from archgym.experiments.launch import Launch, Recheck, read_launch
from archgym.experiments.sweeps import agent_choices, problem_choices
from archgym.experiments.user_files import (
    content_hashes,
    hyperparameter_hashes,
    located_model,
)
from archgym.problem import Problem
from archgym.results.spec import TrialSpec
from archgym.results.store import Store

_IN_ORDER = ("settings", "cost_model", "workload", "objective")


class Rounds(Protocol):
    """What can be run: trials in rounds, the later ones perhaps chosen by what came out before."""

    @property
    def launch(self) -> Launch:
        """The launch."""

    @property
    def source(self) -> Path:
        """The file it came from."""

    @property
    def trials(self) -> Sequence[TrialSpec]:
        """The trials that are known beforehand."""

    @property
    def size(self) -> int:
        """How many trials there are at most."""

    def rounds(self, store: Store) -> Iterator[Sequence[TrialSpec]]:
        """Yield the trials of each round; ask for the next when they ended in the store."""


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

    @property
    def size(self) -> int:
        """How many trials there are."""
        return len(self.trials)

    def rounds(self, store: Store) -> Iterator[Sequence[TrialSpec]]:
        """Yield the trials round by round; a plan has one round."""
        yield self.trials


@dataclass(frozen=True)
class AgentPart:
    """What one agent with one configuration puts into a spec, and how it is run.

    Attributes:
        place: Where it stands in the launch.
        spec: See `agent_spec`.
        seeds: Its seeds.
        budgets: Its budgets.
    """

    place: str
    spec: Mapping[str, Any]
    seeds: Sequence[int]
    budgets: Sequence[int]


def read_plan(path: Path) -> Rounds:
    """Return the plan of a launch file.

    Raises:
        LaunchError: Anything in it is wrong. Names the file and the place in it.
    """
    from archgym.experiments.tuning import make_tuning

    launch = read_launch(path)
    return make_plan(launch, path) if launch.tune is None else make_tuning(launch, path)


def make_plan(launch: Launch, source: Path) -> Plan:
    """Return the plan of a launch that was read from ``source``; it has no ``tune`` block.

    Raises:
        LaunchError: A name is unknown, a value not allowed, or an agent cannot do a problem.
    """
    of_family: dict[str, list[AgentPart]] = {}
    checked: set[str] = set()
    pairs = []
    for problem, open_one in problem_specs(launch, source):
        spec = with_recheck(open_one, problem, launch.recheck, source)
        family = registry.environments.get(spec.env).family
        if family not in of_family:
            of_family[family] = list(_agents(launch, source, family))
        for part in of_family[family]:
            with at(source, part.place):
                check_suits(part.spec, problem, checked)
            pairs.append((with_agent(spec, part.spec), part))
    if launch.recheck is not None:
        _check_rechecked(launch.recheck, [spec for spec, _ in pairs], source)
    return Plan(launch, source, _trials(pairs))


def with_recheck(
    spec: TrialSpec, problem: Problem, asked: Recheck | None, source: Path
) -> TrialSpec:
    """Return the spec of a problem with what re-checks its best designs in the end.

    It stays as it is where none is asked for, or where it is that very cost model's.

    Raises:
        LaunchError: There is no such cost model, or it is not of the same designs.
    """
    if asked is None:
        return spec
    given, declared = asked.cost_model, registry.environments.get(spec.env).cost_models
    model = next(iter(declared)) if given is None else located_model(given, source.parent)
    if model == spec.cost_model:
        return spec
    choice = {"workload": spec.workload, "objective": spec.objective, "cost_model": model}
    with at(source, "recheck" if given is None else "recheck.cost_model"):
        truth = _make(spec.env, {"settings": spec.settings, **choice})
        if truth.space.axes != problem.space.axes:
            raise SettingError(f"{model!r} is not of the same designs as {spec.cost_model!r}")
    how = {"designs": asked.designs, "cost_model": model}
    return replace(spec, recheck={**how, "cost_model_version": truth.cost_model.version})


def _check_rechecked(asked: Recheck, specs: Sequence[TrialSpec], source: Path) -> None:
    """Refuse a launch in which no trial is re-checked."""
    if not any(spec.recheck for spec in specs):
        raise LaunchError(
            f"{source}: recheck: there is nothing to re-check, since all problems are evaluated by"
            f" {specs[0].cost_model!r} itself; name another one: recheck: {{designs:"
            f" {asked.designs}, cost_model: NAME}}"
        )


def _trials(pairs: Sequence[tuple[TrialSpec, AgentPart]]) -> tuple[TrialSpec, ...]:
    """Return each pair with all its seeds and budgets: first seeds first, each trial once."""
    numbered = [
        (seed, budget, replace(spec, seed=part.seeds[seed], budget=part.budgets[budget]))
        for spec, part in pairs
        for seed, budget in itertools.product(range(len(part.seeds)), range(len(part.budgets)))
    ]
    numbered.sort(key=lambda item: item[:2])
    return tuple({trial.run_id: trial for _, _, trial in numbered}.values())


def problem_specs(
    launch: Launch, source: Path, part: str = "", replaced: Mapping[str, Any] | None = None
) -> Iterator[tuple[Problem, TrialSpec]]:
    """Yield each problem and its spec, in which agent, seed and budget are still open.

    Args:
        launch: The launch.
        source: Its file.
        part: The place in the launch of what is replaced.
        replaced: Keys of all entries that take another value.

    Raises:
        LaunchError: A name is unknown or a value not allowed.
    """
    for index, entry in enumerate(launch.problems):
        place = f"problems[{index}]"
        places = {key: f"{place}.{key}" for key in _IN_ORDER}
        places |= {key: f"{part}.{key}" for key in replaced or {}}
        entry = entry.model_copy(update=dict(replaced or {}))
        for env in entry.env:
            with at(source, f"{place}.env"):
                environment = registry.environments.get(env)
            with at(source, place):
                choices = list(problem_choices(entry, environment, source.parent))
            for choice in choices:
                problem = _make_problem(env, choice, source, places)
                model = choice["cost_model"]
                yield problem, open_spec(env, problem, model, launch.timeout_s)


def _make_problem(
    env: str, choice: dict[str, Any], source: Path, places: Mapping[str, str]
) -> Problem:
    """Return a problem; where it is refused, find out which key is to blame."""
    try:
        return _make(env, choice)
    except ArchgymError as error:
        for count, key in enumerate(_IN_ORDER, start=1):
            given = {name: choice[name] for name in _IN_ORDER[:count]}
            with at(source, places[key]):
                _make(env, given)
        raise LaunchError(f"{source}: {', '.join(places.values())}: {error}") from None


def _make(env: str, given: dict[str, Any]) -> Problem:
    settings = given.get("settings", {})
    others = {key: value for key, value in given.items() if key != "settings"}
    return registry.make_problem(env, **others, **settings)


def open_spec(
    env: str, problem: Problem, cost_model: str, timeout_s: float | None = None
) -> TrialSpec:
    """Return the spec of a problem, in which agent, seed and budget are still open."""
    environment = registry.environments.get(env)
    return TrialSpec(
        env=env,
        env_version=environment.version,
        workload=problem.workload_name,
        objective=problem.objective_spec,
        settings=problem.settings,
        cost_model=cost_model,
        cost_model_version=problem.cost_model.version,
        agent="",
        agent_version="",
        hyperparameters={},
        seed=0,
        budget=0,
        timeout_s=timeout_s,
        content=content_hashes(problem, environment, cost_model),
    )


def _agents(launch: Launch, source: Path, family: str) -> Iterator[AgentPart]:
    """Yield each agent with each of its configurations; tuned ones are those of the family."""
    for index, entry in enumerate(launch.agents):
        place = f"agents[{index}]"
        for name in entry.name:
            with at(source, f"{place}.name"):
                agent = registry.agents.get(name)
            with at(source, place):
                choices = list(agent_choices(entry, agent, family, source.parent))
            for values in choices:
                spec = agent_spec(name, values)
                seeds, budgets = entry.seeds or launch.seeds, entry.budget or launch.budget
                yield AgentPart(place, spec, seeds, budgets)


def agent_spec(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent's part of a spec: its version, hyper-parameters, and files among these."""
    agent = registry.agents.get(name)
    return {
        "agent": name,
        "agent_version": agent.version,
        "hyperparameters": values,
        "content": hyperparameter_hashes(agent, values),
    }


def with_agent(problem: TrialSpec, agent: Mapping[str, Any]) -> TrialSpec:
    """Return the spec of a problem with an agent's part, see `agent_spec`."""
    return replace(problem, **{**agent, "content": {**problem.content, **agent["content"]}})


def check_suits(agent: Mapping[str, Any], problem: Problem, checked: set[str]) -> None:
    """Construct the agent once per kind of problem; it refuses what it cannot do.

    One that has files is constructed for every workload, of which they may not be.
    """
    workload = problem.workload_name if agent["content"] else ""
    key = repr((problem.env, workload, problem.settings, problem.objective_spec, agent))
    if key not in checked:
        registry.make_agent(agent["agent"], problem, 0, **agent["hyperparameters"])
        checked.add(key)


@contextmanager
def at(source: Path, place: str) -> Iterator[None]:
    """Put file and place before the message of an error; inner places are appended."""
    try:
        yield
    except LaunchError as error:
        raise LaunchError(f"{source}: {place}.{error}") from None
    except ArchgymError as error:
        raise LaunchError(f"{source}: {place}: {error}") from None
