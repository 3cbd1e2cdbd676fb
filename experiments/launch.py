"""The launch file: which problems, agents, budgets and seeds an experiment is made of.

A list anywhere is a sweep, and sweeps multiply::

    name: memory-controller-quickstart
    problems:
      - env: dram
        workload: [stream, gemm, spmv]       # names, or files relative to the launch file
        objective: [latency, {minimize: energy_pj}]
        cost_model: simulator                # optional
        settings: {memory: ddr4_2400}
    agents:
      - random
      - {name: genetic, hyperparameters: {population: [16, 64]}}
      - {name: genetic, draw: 40}            # 40 configurations drawn from the declared ranges
      - {name: tpe, hyperparameters: tuned}  # the values shipped for the family, or of a file
    budget: 500                              # evaluations per trial; a list is a sweep
    seeds: 5                                 # 0 .. 4; or a list
    timeout_s: 10                            # optional: limit of one evaluation
    attempts: 3                              # optional: a trial may kill its process so often
    resources: {cores: 2, memory_mib: 4000}  # optional: of one trial; agents may have their own
    tensorboard: curves                      # optional: folder of curves, beside the launch file
    recheck: 20                              # optional: each trial's best designs, once more by
                                             # the default cost model; or {designs: 20,
                                             # cost_model: simulator}

``benchmark: NAME`` takes the place of problems, budget and seeds. With ``tune`` the agents'
hyper-parameters are searched, see `archgym.experiments.tuning`::

    agents:
      - genetic
      - {name: tpe, search: {startup: [5, 10, 20], candidates: {low: 8, high: 128, log: true}}}
    tune:
      method: tpe                            # or grid, random
      configurations: 40                     # tried per agent, beside its default
      train: {workload: [stream, gemm]}      # in place of the problems' own: score configurations
      held_out: {workload: [spmv, fft]}      # report the best one beside the default
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationError

from archgym.errors import LaunchError, MissingExtraError, UnknownNameError
from archgym.experiments.benchmark_launch import with_benchmark
from archgym.experiments.resources import Resources
from archgym.experiments.scalars import check_installed


def _as_list(value: Any) -> Any:
    if value == []:
        raise ValueError("an empty list sweeps over nothing")
    return value if isinstance(value, list) else [value]


def _as_seeds(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and value < 1:
        raise ValueError("a number of seeds is at least 1")
    return list(range(value)) if whole else _as_list(value)


def _as_agent(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _as_hyperparameters(value: Any) -> Any:
    if not isinstance(value, str | Mapping):
        raise ValueError("should be a mapping, the word tuned, or a file of tuned values")
    return value


def _as_recheck(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Mapping):
        raise ValueError("should be a number of designs, or a mapping with designs")
    return {"designs": value} if isinstance(value, int) else value


Names = Annotated[list[StrictStr], BeforeValidator(_as_list)]
Values = Annotated[list[Any], BeforeValidator(_as_list)]
Budgets = Annotated[
    list[Annotated[int, Field(strict=True, gt=0, lt=2**31)]], BeforeValidator(_as_list)
]
Seeds = Annotated[
    list[Annotated[int, Field(strict=True, ge=0, lt=2**63)]], BeforeValidator(_as_seeds)
]


Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProblemEntry(_Section):
    """One entry of ``problems``; None means the environment's default."""

    env: Names
    workload: Names | None = None
    objective: Values | None = None
    cost_model: Names | None = None
    settings: dict[StrictStr, Any] = {}


class AgentEntry(_Section):
    """One entry of ``agents``.

    Attributes:
        name: One or several agents.
        hyperparameters: Values or lists of values; ``tuned`` or a file takes tuned ones.
        draw: How many configurations are drawn, by seed, from ``search``.
        search: Hyper-parameter -> list of values or range ``{low, high, log}``; where there are
            none, all that declare a range or choices.
        budget: In place of the launch's.
        seeds: In place of the launch's.
        resources: In place of the launch's.
    """

    name: Names
    hyperparameters: Annotated[Any, BeforeValidator(_as_hyperparameters)] = {}
    draw: Count | None = None
    search: dict[StrictStr, Any] = {}
    budget: Budgets | None = None
    seeds: Seeds | None = None
    resources: Resources | None = None


class ProblemPart(_Section):
    """What ``tune`` puts into every entry of ``problems``; None leaves it as it is."""

    workload: Names | None = None
    objective: Values | None = None


class Tune(_Section):
    """The block ``tune``.

    Attributes:
        method: How configurations are chosen: all combinations, drawn, or proposed by Optuna.
        configurations: How many are tried per agent, its default not counted; not for grids.
        at_a_time: How many tpe proposes before it is told their scores.
        train: The problems that score a configuration.
        held_out: The problems on which the best one is reported.
    """

    method: Literal["grid", "random", "tpe"]
    configurations: Count | None = None
    at_a_time: Count | None = None
    train: ProblemPart
    held_out: ProblemPart


class Recheck(_Section):
    """The block ``recheck``: what each trial ends with.

    Attributes:
        designs: How many of its best designs are evaluated once more.
        cost_model: By which cost model, None for the environment's default.
    """

    designs: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    cost_model: StrictStr | None = None


class Launch(_Section):
    """A launch file, checked for its form; names and values are checked by the planner."""

    name: Annotated[StrictStr, Field(min_length=1)]
    problems: Annotated[list[ProblemEntry], Field(min_length=1)]
    agents: Annotated[list[Annotated[AgentEntry, BeforeValidator(_as_agent)]], Field(min_length=1)]
    budget: Budgets
    seeds: Seeds = [0]
    timeout_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    attempts: Annotated[int, Field(strict=True, ge=1, le=100)] = 3
    resources: Resources = Resources()
    tensorboard: StrictStr | None = None
    recheck: Annotated[Recheck | None, BeforeValidator(_as_recheck)] = None
    tune: Tune | None = None
    benchmark: StrictStr | None = None

    def resources_of(self, agent: str) -> Resources:
        """Return what a trial of an agent needs."""
        own = (entry.resources for entry in self.agents if agent in entry.name)
        return next((resources for resources in own if resources is not None), self.resources)

    @property
    def asked_resources(self) -> list[Resources]:
        """What the trials of the agents need, agent by agent."""
        return [self.resources_of(agent) for entry in self.agents for agent in entry.name]


_SECTIONS: dict[tuple[Any, ...], type[BaseModel]] = {
    (): Launch,
    ("problems",): ProblemEntry,
    ("agents",): AgentEntry,
    ("agents", "resources"): Resources,
    ("resources",): Resources,
    ("recheck",): Recheck,
    ("tune",): Tune,
    ("tune", "train"): ProblemPart,
    ("tune", "held_out"): ProblemPart,
}


def read_launch(path: Path) -> Launch:
    """Return the launch of a YAML file.

    Raises:
        LaunchError: It cannot be read, is not YAML, or has an unknown key or a wrong type. Names
            the file and the place in it.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _OnceLoader)
    except OSError as error:
        raise LaunchError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LaunchError(f"{path}: is not well-formed YAML: {_in_one_line(error)}") from None
    return parse_launch(content, str(path))


def parse_launch(content: Any, source: str) -> Launch:
    """Return the launch of plain data; ``source`` opens error messages.

    Raises:
        LaunchError: See `read_launch`.
    """
    if not isinstance(content, Mapping):
        raise LaunchError(f"{source}: a mapping with name, problems, agents, budget is needed")
    content = with_benchmark(content, source)
    try:
        launch = Launch.model_validate(content)
    except ValidationError as error:
        # A misspelt key is also a missing one; the misspelling is what helps.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        place = _place(first["loc"], content)
        raise LaunchError(f"{source}: {place}: {_message(first)}") from None
    _check_resources(launch, source)
    if launch.recheck is not None and launch.tune is not None:
        raise LaunchError(f"{source}: recheck: cannot stand beside tune, which goes by its trials")
    if launch.tensorboard is not None:
        try:
            check_installed()
        except MissingExtraError as error:
            raise LaunchError(f"{source}: tensorboard: {error}") from None
    return launch


def _check_resources(launch: Launch, source: str) -> None:
    """Refuse an agent whose entries ask for different resources: a trial is known by its agent."""
    for index, entry in enumerate(launch.agents):
        for agent in entry.name if entry.resources is not None else ():
            if entry.resources != launch.resources_of(agent):
                place = f"agents[{index}].resources"
                raise LaunchError(f"{source}: {place}: agent {agent!r} has other ones above")


def _place(location: Sequence[int | str], content: Any) -> str:
    """Return a path such as ``problems[0].workload``; an index counts only where a list is."""
    path = ""
    for step in location:
        if isinstance(step, int):
            if not isinstance(content, list):
                continue
            path += f"[{step}]"
            content = content[step] if step < len(content) else None
        else:
            path += f".{step}" if path else step
            content = content.get(step) if isinstance(content, Mapping) else None
    return path


def _message(error: Any) -> str:
    *above, key = error["loc"]
    if error["type"] == "extra_forbidden":
        section = _SECTIONS[tuple(step for step in above if isinstance(step, str))]
        return str(UnknownNameError("key", str(key), section.model_fields))
    if error["type"] == "missing":
        return "is missing"
    text = str(error["msg"]).removeprefix("Value error, ")
    text = text.replace("Input should be", "should be").replace("a valid dictionary", "a mapping")
    return f"{text}, not {_shown(error['input'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class _OnceLoader(yaml.SafeLoader):
    """YAML in which no key may stand twice in a mapping."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                mark = node.value[position][0].start_mark
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", mark
                )
        return super().construct_mapping(node, deep)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
