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
    budget: 500                              # evaluations per trial; a list is a sweep
    seeds: 5                                 # 0 .. 4; or a list
    timeout_s: 10                            # optional: limit of one evaluation
    attempts: 3                              # optional: a trial may kill its process so often
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationError

from archgym.errors import LaunchError, UnknownNameError


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


Names = Annotated[list[StrictStr], BeforeValidator(_as_list)]
Values = Annotated[list[Any], BeforeValidator(_as_list)]
Budgets = Annotated[
    list[Annotated[int, Field(strict=True, gt=0, lt=2**31)]], BeforeValidator(_as_list)
]
Seeds = Annotated[
    list[Annotated[int, Field(strict=True, ge=0, lt=2**63)]], BeforeValidator(_as_seeds)
]


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
    """One entry of ``agents``."""

    name: Names
    hyperparameters: dict[StrictStr, Any] = {}


class Launch(_Section):
    """A launch file, checked for its form; names and values are checked by the planner."""

    name: Annotated[StrictStr, Field(min_length=1)]
    problems: Annotated[list[ProblemEntry], Field(min_length=1)]
    agents: Annotated[list[Annotated[AgentEntry, BeforeValidator(_as_agent)]], Field(min_length=1)]
    budget: Budgets
    seeds: Seeds = [0]
    timeout_s: Annotated[float, Field(strict=True, gt=0)] | None = None
    attempts: Annotated[int, Field(strict=True, ge=1, le=100)] = 3


_SECTIONS: dict[Any, type[_Section]] = {"problems": ProblemEntry, "agents": AgentEntry}


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
    try:
        return Launch.model_validate(content)
    except ValidationError as error:
        # A misspelt key is also a missing one; the misspelling is what helps.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        place = _place(first["loc"], content)
        raise LaunchError(f"{source}: {place}: {_message(first)}") from None


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
        section = _SECTIONS[above[0]] if above else Launch
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
