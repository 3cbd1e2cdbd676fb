"""An environment with a true cost model and one that believes otherwise; named by import path.

Files in the current directory make the true one misbehave: ``absent`` is a tool that is missing,
``interrupt`` a Ctrl-C at x = 14, ``kill`` the end of its process there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.environment import Environment, Settings
from archgym.errors import SettingError
from archgym.outcome import Measurements
from archgym.scalar_parameters import Categorical, Integer, Ordinal
from archgym.space import DesignSpace
from tests.toys import ENERGY, LATENCY, load_optimum

BELIEVED, BEST, RAISES, INFEASIBLE, FATAL = 20, 25, 22, 24, 14


def space(settings: Settings) -> DesignSpace:
    """Sixty-four places; behind them a size that only matters where there is a cache."""
    return DesignSpace(
        [
            Integer("x", 0, 63),
            Categorical("cache", ("none", "some")),
            Ordinal("ways", (1, 2, 4), active_when={"cache": ("some",)}),
        ]
    )


class Belief(CostModel):
    """Latency is least at x = 20, and smaller than in truth; remembers how often it was asked."""

    name, version = "belief", "1"
    metrics = (LATENCY, ENERGY)
    asked: ClassVar[list[int]] = []

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        self.asked.append(len(batch))
        return _measured(batch, 10.0 + np.abs(batch["x"] - BELIEVED))


class Truth(CostModel):
    """Latency is least at x = 25; x = 22 cannot be simulated, x = 24 is infeasible."""

    name, version = "truth", "3"
    metrics = (LATENCY, ENERGY)
    calls: ClassVar[list[int]] = []

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        if (batch["x"] == RAISES).any():
            raise RuntimeError("the solver does not converge")
        if (batch["x"] == FATAL).any():
            _misbehave()
        self.calls.append(len(batch))
        measured = _measured(batch, 20.0 + np.abs(batch["x"] - BEST))
        violation = np.where(batch["x"] == INFEASIBLE, 0.5, 0.0)
        return Measurements.of(measured.metrics, violation)


def _measured(batch: Batch, latency: Any) -> Measurements:
    ways = np.where(batch["cache"] == "some", batch["ways"], 0)
    metrics = {"latency_ns": latency + 0.125 * (4 - ways), "energy_pj": 5.0 + ways}
    return Measurements.of(metrics)


def _misbehave() -> None:
    if Path("interrupt").exists():
        raise KeyboardInterrupt
    if Path("kill").exists():
        os.kill(os.getpid(), signal.SIGKILL)


def truth(settings: Mapping[str, Any]) -> Truth:
    """Return the true model, unless its tool is missing."""
    if Path("absent").exists():
        raise SettingError("the simulator is not installed")
    return Truth()


def belief(settings: Mapping[str, Any]) -> Belief:
    """Return the other one."""
    return Belief()


DOUBTFUL = Environment(
    id="toy.doubtful",
    version=0,
    description="what is believed of it is not true",
    space=space,
    cost_models={"truth": truth, "belief": belief},
    workloads={"plain": "nothing to know"},
    load_workload=load_optimum,
    objectives={"latency": {"minimize": "latency_ns"}, "frugal": {"minimize": "energy_pj"}},
)
