"""Applications: directed acyclic graphs of tasks with data volumes on their edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from archgym.cost_models.soc.schedule.fields import integer, listed, mapping, number
from archgym.errors import UnknownNameError, WorkloadError


@dataclass(frozen=True)
class Application:
    """A task graph; task 0 is its only head, the last task its only tail.

    Attributes:
        name: As in arrivals.
        tasks: Names, as in the platform's ``exec_us``.
        edges: (source, target, volume), sorted by target, then source.
    """

    name: str
    tasks: tuple[str, ...]
    edges: tuple[tuple[int, int, float], ...]


@cache
def _shipped() -> Mapping[str, Any]:
    path = files("archgym.cost_models.soc.schedule").joinpath("applications.yaml")
    return yaml.safe_load(path.read_text("utf-8"))["applications"]  # type: ignore[no-any-return]


def application_names() -> list[str]:
    """Return the names of the shipped applications."""
    return list(_shipped())


def load_applications(value: Any, where: str) -> tuple[Application, ...]:
    """Return applications given as a list of names and graphs, or a mapping name -> graph.

    Raises:
        UnknownNameError: There is no shipped application of that name.
        WorkloadError: A graph is wrong. Names the task.
    """
    if isinstance(value, Mapping):
        value = [{name: graph} for name, graph in value.items()]
    loaded: list[Application] = []
    for entry in listed(f"{where}, applications", value):
        loaded += _named(entry) if isinstance(entry, str) else _inline(entry, where)
    names = [application.name for application in loaded]
    if len(set(names)) != len(names):
        raise WorkloadError(f"{where}: an application is listed twice ({', '.join(names)})")
    return tuple(loaded)


def _named(name: str) -> list[Application]:
    if name not in _shipped():
        raise UnknownNameError("application", name, _shipped())
    return [_application(name, _shipped()[name], f"application {name}")]


def _inline(value: Any, where: str) -> list[Application]:
    graphs = mapping(f"{where}, applications", value, (), tuple(value or ()))
    return [
        _application(str(name), graph, f"{where}, application {name}")
        for name, graph in graphs.items()
    ]


def _application(name: str, value: Any, where: str) -> Application:
    fields = mapping(where, value, ("tasks", "edges"), ("title", "source"))
    tasks = tuple(str(task) for task in listed(f"{where}, tasks", fields["tasks"]))
    given = fields["edges"] if fields["edges"] or len(tasks) > 1 else [[]]
    edges = [_edge(edge, tasks, where) for edge in listed(f"{where}, edges", given) if edge]
    pairs = [edge[:2] for edge in edges]
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise WorkloadError(f"{where}: edge {list(pair)} is given twice")
    application = Application(name, tasks, tuple(sorted(edges, key=lambda e: (e[1], e[0]))))
    _check_ends(application, where)
    topological_order(application, where)
    return application


def _edge(value: Any, tasks: Sequence[str], where: str) -> tuple[int, int, float]:
    source, target, volume = listed(f"{where}, edge {value}", value, 3)
    for end in (source, target):
        if integer(f"{where}, edge {value}", end) >= len(tasks):
            raise WorkloadError(f"{where}, edge {value}: there are tasks 0 to {len(tasks) - 1}")
    return int(source), int(target), number(f"{where}, edge {value}, volume", volume)


def _check_ends(application: Application, where: str) -> None:
    """Check that task 0 alone needs nothing and the last task alone feeds nothing."""
    count = len(application.tasks)
    targets = {target for _, target, _ in application.edges}
    sources = {source for source, _, _ in application.edges}
    for task in range(count):
        if task not in targets and task != 0:
            raise WorkloadError(f"{where}: task {_label(application, task)} has no predecessor")
        if task not in sources and task != count - 1:
            raise WorkloadError(f"{where}: task {_label(application, task)} has no successor")


def topological_order(application: Application, where: str = "") -> list[int]:
    """Return the tasks in an order in which inputs come first.

    Raises:
        WorkloadError: There is a cycle. Names a task on it.
    """
    missing = [0] * len(application.tasks)
    for _, target, _ in application.edges:
        missing[target] += 1
    order = [task for task, count in enumerate(missing) if count == 0]
    for task in order:
        for source, target, _ in application.edges:
            if source == task:
                missing[target] -= 1
                if missing[target] == 0:
                    order.append(target)
    if len(order) < len(application.tasks):
        stuck = next(task for task, count in enumerate(missing) if count)
        label = _label(application, stuck)
        raise WorkloadError(f"{where}: task {label} lies on or behind a cycle")
    return order


def _label(application: Application, task: int) -> str:
    return f"{task} ({application.tasks[task]})"
