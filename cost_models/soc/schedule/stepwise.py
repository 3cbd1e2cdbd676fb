"""A workload decision by decision: what the sequential views share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.schedule.engine import observing, state
from archgym.cost_models.soc.schedule.engine.state import Run
from archgym.cost_models.soc.schedule.governor import start_of
from archgym.cost_models.soc.schedule.running import Options, new_run
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload

Features = NDArray[np.float32]
Mask = NDArray[np.int8]


@dataclass(frozen=True)
class Decisions:
    """How decisions on a workload are presented.

    Attributes:
        workload: What is scheduled.
        window: Tasks that are shown.
        slots: Ready tasks that may be chosen, the first ones of the list.
        governor: By name; None where somebody outside sets the operating points.
        power: Whether energy and temperature are followed.
        throttling: Whether hot clusters are slowed down.
    """

    workload: ScheduleWorkload
    window: int
    slots: int
    governor: str | None
    power: bool
    throttling: bool = False

    @cached_property
    def pes(self) -> int:
        """Number of PEs."""
        return self.workload.platform.pe_count

    @cached_property
    def actions(self) -> int:
        """Number of actions: slot x PEs + PE."""
        return self.slots * self.pes

    @cached_property
    def scale(self) -> float:
        """Mean time of a task on a PE that can run it, us: what times are compared with."""
        times = self.workload.case.exec_us
        return max(float(times[np.isfinite(times)].mean()), 1.0)

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Parts of an observation, in order, with their shapes."""
        return {
            "general": (observing.GENERAL_SIZE,),
            "tasks": (self.window, observing.TASK_SIZE),
            "pes": (self.pes, observing.PROCESSOR_SIZE),
            "pairs": (self.slots, self.pes, observing.PAIR_SIZE),
            "adjacency": (self.window, self.window),
        }

    @cached_property
    def width(self) -> int:
        """Length of an observation."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def split(self, observation: Features) -> dict[str, Features]:
        """Return the parts of an observation (..., width), shaped as graphs are."""
        parts, at = {}, 0
        for name, shape in self.shapes.items():
            size = int(np.prod(shape))
            part = observation[..., at : at + size]
            parts[name] = part.reshape(*observation.shape[:-1], *shape)
            at += size
        return parts

    def start(self, workload: ScheduleWorkload) -> Run:
        """Return a new run of a workload of the same case."""
        number, points = start_of(self.governor or "performance", workload.platform)
        if self.governor is None:
            number = state.EXTERNAL
        return new_run(workload, Options(number, points, self.power, self.throttling))
