"""What is to be learnt: tasks, the networks that they may get, and how accurate these are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from archgym.errors import UnknownNameError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """One task with the hyper-parameters of its network.

    Attributes:
        name: For people.
        backbone: Kind of network, a key of `archgym.cost_models.dnn.hetero.backbones.BACKBONES`.
        size: Height and width of the input.
        classes: Outputs of the network (per pixel under ``unet``).
        choices: Hyper-parameter -> its values, ascending.
        lowest: Accuracy of the smallest network.
        highest: Accuracy of the largest one.
    """

    name: str
    backbone: str
    size: int
    classes: int
    choices: Mapping[str, tuple[int, ...]]
    lowest: float
    highest: float

    def accuracy(self, chosen: Mapping[str, Ints]) -> Floats:
        """Return a surrogate of the accuracy of networks, float64 (n,), 0 .. 1.

        No network is trained. Every hyper-parameter weighs alike, and every step up halves what
        its value lacks to the largest one: monotone, with diminishing returns, without
        interactions.

        Args:
            chosen: Hyper-parameter -> int64 (n,), its values.
        """
        lacks = [_lack(values, chosen[name]) for name, values in self.choices.items()]
        lost = (self.highest - self.lowest) * np.mean(lacks, axis=0)
        return np.asarray(self.highest - lost)


def _lack(values: tuple[int, ...], chosen: Ints) -> Floats:
    """Return 1 for the smallest value, 0 for the largest, by halves between them."""
    least = 0.5 ** (len(values) - 1)
    steps = np.searchsorted(np.array(values), chosen)
    return np.asarray((0.5**steps - least) / (1.0 - least))


@dataclass(frozen=True)
class TaskSet:
    """Tasks that share one chip, the workload of this model."""

    name: str
    tasks: tuple[Task, ...]


@cache
def list_task_sets() -> Mapping[str, TaskSet]:
    """Return the registered sets of tasks by name."""
    text = files("archgym.cost_models.dnn.hetero").joinpath("tasks.yaml").read_text("utf-8")
    tables: Mapping[str, Any] = yaml.safe_load(text)
    tasks = {name: _task(name, fields) for name, fields in tables["tasks"].items()}
    return {
        name: TaskSet(name, tuple(tasks[task] for task in members))
        for name, members in tables["pairs"].items()
    }


def load_task_set(name: str) -> TaskSet:
    """Return the tasks of a registered name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in list_task_sets():
        raise UnknownNameError("set of tasks", name, list_task_sets())
    return list_task_sets()[name]


def _task(name: str, fields: Mapping[str, Any]) -> Task:
    choices = {key: tuple(values) for key, values in fields["choices"].items()}
    return Task(name, **{**fields, "choices": choices})
