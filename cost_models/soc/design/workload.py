"""Task graphs with budgets and a block library: registered ones and those of users' files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from archgym.errors import UnknownNameError, WorkloadError

if TYPE_CHECKING:
    from archgym.cost_models.soc.design.schema import Hardware, Task, Workload, WorkloadFile

REGISTERED = "soc_design.yaml"
ABOUT = MappingProxyType(
    {
        "edge_detection": "6 tasks on images of 6.5 MB, up to 94 accelerators of each kind",
        "audio_decoder": "15 tasks of an ambisonic audio decoder, and a join",
        "hpvm_cava": "a camera pipeline of 7 stages, one of them far heavier than the rest",
    }
)


@dataclass(frozen=True, eq=False)
class TaskGraph:
    """What runs, on which kinds of blocks, within which budgets.

    Attributes:
        name: What messages call it.
        spec: Tasks, edges and budgets.
        hardware: Block library and constants.

    Raises:
        WorkloadError: Tasks repeat, an edge or the last task names none, or edges form a cycle.
    """

    name: str
    spec: Workload
    hardware: Hardware

    def __post_init__(self) -> None:
        names = self.task_names
        if len(set(names)) < len(names):
            raise WorkloadError(f"workload {self.name!r}: a task's name is given twice")
        ends = [end for edge in self.spec.edges_bytes for end in edge[:2]]
        for name in (*ends, self.spec.last_task):
            if name not in names:
                raise UnknownNameError(f"task of workload {self.name!r}", name, names)
        pairs = [edge[:2] for edge in self.spec.edges_bytes]
        if len(set(pairs)) < len(pairs):
            raise WorkloadError(f"workload {self.name!r}: an edge is given twice")
        self._check_tasks()

    def _check_tasks(self) -> None:
        facts = ("acc_cycles", "acc_energy_fj", "acc_area_um2")
        for task in self.spec.tasks:
            given = [getattr(task, fact) is not None for fact in facts]
            if any(given) != all(given) or any(given) != bool(task.unroll):
                raise WorkloadError(
                    f"workload {self.name!r}, task {task.name!r}: an accelerator needs all of"
                    f" {', '.join(facts)}, unroll"
                )
            if task.unroll and not task.cpu_cycles:
                raise WorkloadError(
                    f"workload {self.name!r}, task {task.name!r}: takes no time, so it needs no"
                    " accelerator"
                )
        if len(self.topological_order) < len(self.spec.tasks):
            raise WorkloadError(f"workload {self.name!r}: edges form a cycle")

    @cached_property
    def task_names(self) -> tuple[str, ...]:
        """Names of the tasks, in order."""
        return tuple(task.name for task in self.spec.tasks)

    @cached_property
    def edges(self) -> tuple[tuple[int, int, int], ...]:
        """Parent, child and bytes of each edge."""
        place = {name: at for at, name in enumerate(self.task_names)}
        return tuple((place[a], place[b], volume) for a, b, volume in self.spec.edges_bytes)

    @cached_property
    def parents(self) -> tuple[tuple[int, ...], ...]:
        """Of each task, its parents in the order of edges."""
        tasks = range(len(self.task_names))
        return tuple(tuple(a for a, b, _ in self.edges if b == task) for task in tasks)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Of each task, its children in the order of edges."""
        tasks = range(len(self.task_names))
        return tuple(tuple(b for a, b, _ in self.edges if a == task) for task in tasks)

    @cached_property
    def topological_order(self) -> tuple[int, ...]:
        """Tasks after their parents; those of a cycle are left out."""
        order: list[int] = []
        left = [len(parents) for parents in self.parents]
        ready = [task for task, count in enumerate(left) if not count]
        while ready:
            order.append(ready.pop(0))
            for child in self.children[order[-1]]:
                left[child] -= 1
                if not left[child]:
                    ready.append(child)
        return tuple(order)

    def is_end(self, task: int) -> bool:
        """Return whether a task is a mere beginning or end (``source``, ``sink``): no work."""
        idle = not self.spec.tasks[task].cpu_cycles
        return idle and not (self.parents[task] and self.children[task])

    def accelerated(self) -> list[tuple[int, Task]]:
        """Return the tasks for which accelerators exist, with their numbers."""
        return [(at, task) for at, task in enumerate(self.spec.tasks) if task.unroll]

    def content_hash(self) -> str:
        """Return a hash of everything that results depend on."""
        text = self.spec.model_dump_json() + self.hardware.model_dump_json()
        return hashlib.sha256(text.encode()).hexdigest()

    def summary(self) -> list[dict[str, Any]]:
        """Return one row per task, as `archgym describe` shows them."""
        return [
            {
                "task": at,
                "name": task.name,
                "cpu_cycles": task.cpu_cycles,
                "accelerators": len(task.unroll) * len(self.hardware.accelerator.freq_multiples),
                "reads": " ".join(str(parent) for parent in self.parents[at]),
            }
            for at, task in enumerate(self.spec.tasks)
        ]


def load_task_graph(name: str, chosen: str = "") -> TaskGraph:
    """Return the task graph of a registered name or of a YAML file of the same form.

    Args:
        name: A registered name, or a path.
        chosen: Which of several workloads in a file.

    Raises:
        UnknownNameError: Neither a name nor a file, or the file has no such workload.
        WorkloadError: The file is not of the form of `schema.WorkloadFile`. Says where.
    """
    registered = _registered()
    if name in registered.workloads:
        assert registered.hardware is not None
        return TaskGraph(name, registered.workloads[name], registered.hardware)
    if not Path(name).is_file():
        hint = "; a YAML file of the form of soc_design.yaml will do"
        raise UnknownNameError("task graph or file", name, registered.workloads, hint)
    found = _read(name, _text_of(name))
    if not chosen and len(found.workloads) == 1:
        chosen = next(iter(found.workloads))
    if chosen not in found.workloads:
        hint = "; choose one with the setting task_graph=NAME"
        raise UnknownNameError(f"task graph in {name}", chosen, found.workloads, hint)
    hardware = found.hardware or registered.hardware
    assert hardware is not None
    return TaskGraph(f"{name}, {chosen}", found.workloads[chosen], hardware)


@cache
def _registered() -> WorkloadFile:
    text = files("archgym.cost_models.soc.design").joinpath(REGISTERED).read_text("utf-8")
    return _read(REGISTERED, text)


def _text_of(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"{name}: cannot be read ({error})") from None


def _read(name: str, text: str) -> WorkloadFile:
    from pydantic import ValidationError

    from archgym.cost_models.soc.design.schema import WorkloadFile

    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise WorkloadError(f"{name}: not well-formed YAML ({reason})") from None
    if not isinstance(fields, Mapping):
        raise WorkloadError(f"{name}: expected a mapping with 'workloads', as in {REGISTERED}")
    try:
        return WorkloadFile.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise WorkloadError(f"{name}: {where}: {first['msg']}") from None
