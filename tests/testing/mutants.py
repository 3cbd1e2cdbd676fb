"""Agents, cost models and environments with one planned fault each."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.random import RandomAgent
from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.metric import Metric
from archgym.outcome import Measurements, Outcomes
from examples.own_environment import ENVIRONMENT, CacheModel


class SoundAgent(AskTellAgent):
    """Random search over valid designs that leans to the better half; nothing is wrong with it."""

    name, version, summary = "sound", "1", "Draws near the best design."
    constraint_handling = "mask"
    hyperparameters: ClassVar = {"spread": Hyperparameter(8, "batch", low=1, high=64)}

    def setup(self) -> None:
        self.batch_size, self.best, self.best_reward = self.values["spread"], None, -np.inf

    def ask(self, count: int) -> Batch:
        drawn = self.space.sample(self.rng, count)
        if self.best is not None and count > 1:
            drawn = Batch(self.space, np.concatenate([self.best.codes, drawn.codes[1:]]))
        return drawn

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        leader = int(np.argmax(outcomes.reward))
        if outcomes.reward[leader] > self.best_reward:
            self.best, self.best_reward = batch.select([leader]), outcomes.reward[leader]


class Forgetful(SoundAgent):
    """Stops early."""

    def run(self, evaluator: Evaluator) -> None:
        while evaluator.remaining > 5:
            evaluator.evaluate(self.ask(min(3, evaluator.remaining - 5)))


class Global(SoundAgent):
    """Draws from Python's global generator."""

    def ask(self, count: int) -> Batch:
        rng = np.random.default_rng(int(random.random() * 1e9))
        return self.space.sample(rng, count)


class HashSeeded(SoundAgent):
    """Depends on the hash seed of the process."""

    def setup(self) -> None:
        super().setup()
        self.rng = np.random.default_rng([self.seed, hash("archgym") % 2**32])


class Greedy(SoundAgent):
    """Asks for more than it may."""

    def ask(self, count: int) -> Batch:
        return self.space.sample(self.rng, count + 1)


class Lawless(SoundAgent):
    """Declares to obey constraints and does not."""

    def ask(self, count: int) -> Batch:
        sizes = [axis.size or 1 for axis in self.space.axes]
        codes = self.rng.integers(0, sizes, (count, len(sizes)))
        return Batch(self.space, codes.astype(self.space.dtype))


class Deaf(SoundAgent):
    """Claims to look at outcomes and does not."""

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Ignore them."""


class Lenient(SoundAgent):
    """Takes any hyper-parameter."""

    @classmethod
    def check(cls, hyperparameters: Any) -> dict[str, Any]:
        return {"spread": 8}


class Narrow(SoundAgent):
    """Never tries the last value of an axis."""

    def ask(self, count: int) -> Batch:
        sizes = np.array([axis.size or 1 for axis in self.space.axes])
        codes = super().ask(count).codes
        return Batch(self.space, np.minimum(codes, np.maximum(sizes - 2, 0)))


class Fixed(RandomAgent):
    """Searches the same under every seed."""

    def setup(self) -> None:
        super().setup()
        self.rng = np.random.default_rng(0)


# -- cost models ---------------------------------------------------------------------------------


class Noisy(CacheModel):
    """Adds noise."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        found = super().evaluate(batch, workload).metrics
        noise = np.random.default_rng().random(len(batch))
        return Measurements.of({name: values + noise for name, values in found.items()})


class Company(CacheModel):
    """Rates a design by its company."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        found = super().evaluate(batch, workload).metrics
        return Measurements.of({n: v / v.max() for n, v in found.items()})


class Undeclared(CacheModel):
    """Returns a metric that it does not declare."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        found = super().evaluate(batch, workload).metrics
        return Measurements.of({**found, "area_um2": found["access_time_ns"]})


class Infinite(CacheModel):
    """Returns infinities."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        found = super().evaluate(batch, workload).metrics
        return Measurements.of({name: values / 0.0 for name, values in found.items()})


class Meddling(CacheModel):
    """Changes the designs that it is given."""

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        found = super().evaluate(batch, workload)
        batch.codes[:] = 0
        return found


class Unnamed(CacheModel):
    """Has a metric in capitals."""

    metrics = (
        Metric("Access_time_ns", "ns", "minimize"),
        Metric("access_energy_pj", "pJ", "minimize"),
    )


class Unpicklable(CacheModel):
    """Holds what cannot travel."""

    def __init__(self) -> None:
        self.function = lambda: None


def with_model(model: type[CacheModel]) -> Any:
    return replace(ENVIRONMENT, cost_models={"cache_formula": lambda settings: model()})


# -- environments --------------------------------------------------------------------------------

CRASHING_DEFAULT = with_model(Infinite)
WRONG_ID = replace(ENVIRONMENT, id="My Cache")
WRONG_OBJECTIVE = replace(ENVIRONMENT, objectives={"latency": {"minimize": "acess_time_ns"}})
ANY_WORKLOAD = replace(ENVIRONMENT, load_workload=lambda name, settings: 8)
