"""Agents that misbehave in planned ways; launches name them by import path."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import ClassVar

from archgym.agents.base import AskTellAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.outcome import Outcomes

HERE = "tests.experiments.odd_agents"


class PlainAgent(AskTellAgent):
    """Random designs, in batches whose size is drawn too, with a rest before each."""

    name, version = "plain", "1"
    summary = "random"
    constraint_handling = "mask"
    hyperparameters: ClassVar = {
        "pause_s": Hyperparameter(0.0, "rest before each batch", low=0.0, high=10.0),
        "largest": Hyperparameter(9, "largest batch", low=1, high=1000),
    }

    def setup(self) -> None:
        self.batch_size = self.values["largest"]

    def ask(self, count: int) -> Batch:
        time.sleep(self.values["pause_s"])
        return self.space.sample(self.rng, int(self.rng.integers(1, count + 1)))

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Learn nothing."""


class RaisingAgent(PlainAgent):
    """Raises after 40 evaluations."""

    name = "raising"

    def run(self, evaluator: Evaluator) -> None:
        while evaluator.spent < 40:
            evaluator.evaluate(self.ask(8))
        raise RuntimeError("this agent gives up\nfor reasons of its own")


class DyingAgent(PlainAgent):
    """Kills its process before it evaluates anything."""

    name = "dying"

    def run(self, evaluator: Evaluator) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class FiledAgent(PlainAgent):
    """Has a file that must name the workload."""

    name = "filed"
    hyperparameters: ClassVar = {
        "names": Hyperparameter(None, "names of workloads", kind=str, file=True)
    }

    def setup(self) -> None:
        self.batch_size = 10
        if self.problem.workload_name not in Path(self.values["names"]).read_text():
            raise SettingError(f"{self.values['names']}: no {self.problem.workload_name}")


class FickleAgent(PlainAgent):
    """Searches by a file's content instead of its seed, as a changed library would."""

    name = "fickle"
    hyperparameters: ClassVar = {
        "file": Hyperparameter("", "whose length shifts the search", kind=str)
    }

    def setup(self) -> None:
        self.batch_size = 10
        self.space.sample(self.rng, Path(self.values["file"]).stat().st_size + 1)

    def ask(self, count: int) -> Batch:
        if (Path(self.values["file"]).parent / "stop").exists() and self.asked > 2:
            raise KeyboardInterrupt
        self.asked += 1
        return self.space.sample(self.rng, count)

    asked = 0
