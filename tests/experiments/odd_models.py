"""Environments with cost models that take their time or die; named by import path."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from archgym.batch import Batch
from archgym.environment import Environment
from archgym.outcome import Measurements
from archgym.scalar_parameters import Integer
from archgym.space import DesignSpace
from tests.toys import OBJECTIVES, DistanceModel, load_optimum

SECONDS, DESIGNS, DEADLY, LEAK_BYTES = 0.15, 64, 40, 2**28


class SlowModel(DistanceModel):
    """Rests before each design."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        time.sleep(SECONDS * len(batch))
        return super().evaluate(batch, workload)


class LeakyModel(DistanceModel):
    """Keeps 256 MiB of address space per call, none of which is ever touched."""

    kept: ClassVar[list[Any]] = []

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        self.kept.append(np.empty(LEAK_BYTES, dtype=np.uint8))
        return super().evaluate(batch, workload)


class DeadlyModel(DistanceModel):
    """Kills its process at one design."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        if (batch["x"] == DEADLY).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().evaluate(batch, workload)


def line(settings: Mapping[str, Any]) -> DesignSpace:
    """One integer."""
    return DesignSpace([Integer("x", 0, DESIGNS - 1)])


def _environment(model: type[DistanceModel]) -> Environment:
    return Environment(
        id="toy.line",
        version=0,
        description="one integer",
        space=line,
        cost_models={"distance": model},
        workloads={"plain": "optimum at the default"},
        load_workload=load_optimum,
        objectives={"latency": OBJECTIVES["latency"]},
    )


SLOW_TOY = _environment(SlowModel)
LEAKY_TOY = _environment(LeakyModel)
DEADLY_TOY = _environment(DeadlyModel)
