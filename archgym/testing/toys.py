"""Small environments for tests, with known optima and planned failures.

A toy's workload says where its optimum lies, so tests know the best design and its metrics. Every
function and class is importable, so toys travel to other processes, and each toy is reachable
there under its import path, for example ``archgym.testing.toys:TOY``.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.constraint import Constraint
from archgym.cost_model import CostModel
from archgym.encodings import to_unit
from archgym.environment import Environment, Settings
from archgym.errors import UnknownNameError, WorkloadError
from archgym.metric import Metric
from archgym.outcome import Measurements
from archgym.problem import Problem
from archgym.scalar_parameters import Categorical, Integer, Ordinal, Real
from archgym.setting import Setting
from archgym.space import DesignSpace
from archgym.word_parameters import Permutation, Sequence

LATENCY = Metric("latency_ns", "ns", "minimize", "10 ns at the workload's optimum, 100 ns at most")
ENERGY = Metric("energy_pj", "pJ", "minimize", "5 pJ at the default design, 50 pJ at most")
HITS = Metric("hits", "1", "maximize", "1,000 at the workload's optimum, 100 at least")
BEST_LATENCY_NS, BEST_ENERGY_PJ, BEST_HITS = 10.0, 5.0, 1000.0

# -- the mixed toy: choices, numbers, a condition and a constraint ------------------------------


def fits(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Whether the buffers of all banks fit."""
    return np.asarray(columns["banks"] * columns["buffer_entries"] <= 32)


def mixed_space(settings: Settings) -> DesignSpace:
    """540 combinations; 399 different designs that obey the constraint."""
    return DesignSpace(
        [
            Categorical("policy", ("open", "closed", "adaptive"), role="scheduler"),
            Ordinal("buffer_entries", (1, 2, 4, 8), role="buffer", default=2),
            Integer("banks", 1, settings["max_banks"], role="buffer", default=2),
            Categorical("cache", ("none", "small", "large"), role="cache"),
            Ordinal(
                "cache_ways", (1, 2, 4), role="cache", active_when={"cache": ("small", "large")}
            ),
        ],
        [Constraint("fits", ("banks", "buffer_entries"), fits, "banks x buffer_entries <= 32")],
    )


MIXED_OPTIMUM = {
    "policy": "adaptive",
    "buffer_entries": 8,
    "banks": 4,
    "cache": "large",
    "cache_ways": 4,
}
MIXED_OTHER = {"policy": "closed", "buffer_entries": 4, "banks": 5, "cache": "none"}

# -- one toy per further kind of parameter -------------------------------------------------------


def real_space(settings: Settings) -> DesignSpace:
    """Real parameters on both scales beside a choice and an integer."""
    return DesignSpace(
        [
            Real("voltage_v", 0.6, 1.2, role="power", default=0.9),
            Real("clock_hz", 1e6, 1e9, role="power", default=1e8, log=True),
            Integer("lanes", 1, 16, role="datapath"),
            Categorical("adder", ("ripple", "select", "prefix"), role="datapath"),
        ]
    )


REAL_OPTIMUM = {"voltage_v": 0.75, "clock_hz": 2.5e8, "lanes": 12, "adder": "prefix"}


def words_space(settings: Settings) -> DesignSpace:
    """An order of four loops (24) and up to three passes (15): 360 different designs."""
    return DesignSpace(
        [
            Permutation("loops", ("n", "m", "k", "c"), role="mapping"),
            Sequence("passes", ("balance", "rewrite"), 3, role="recipe"),
        ]
    )


WORDS_OPTIMUM = {"loops": ("c", "k", "n", "m"), "passes": ("rewrite", "balance")}


def flat_space(settings: Settings) -> DesignSpace:
    """Integers alone: separable, without traps, as large as asked."""
    count, values = settings["parameters"], settings["values"]
    return DesignSpace([Integer(f"x{i}", 0, values - 1, role=f"r{i % 2}") for i in range(count)])


FLAT_OPTIMUM = {f"x{i}": 1 + i % 3 for i in range(64)}


class DistanceModel(CostModel):
    """Metrics that grow with the distance to the workload's optimum; exact and separable."""

    name = "distance"
    version = "1"
    fidelity = "analytical"
    metrics = (LATENCY, ENERGY, HITS)

    def __init__(self, settings: Settings):
        self.settings = dict(settings)

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        space = batch.space
        known = {name: workload[name] for name in space.names if name in workload}
        far = distance(batch, space.encode([known]))
        spent = distance(batch, space.default)
        return Measurements.of(
            {
                "latency_ns": BEST_LATENCY_NS * (1 + 9 * far),
                "energy_pj": BEST_ENERGY_PJ * (1 + 9 * spent),
                "hits": BEST_HITS / (1 + 9 * far),
            }
        )


class RoughModel(DistanceModel):
    """The same with an error of up to 10 %: a second, cheaper fidelity."""

    name = "rough"

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        exact = super().evaluate(batch, workload)
        error = 1 + 0.1 * np.sin(batch.codes.sum(axis=1))
        return Measurements.of({name: values * error for name, values in exact.metrics.items()})


def distance(batch: Batch, target: Batch) -> NDArray[np.float64]:
    """Return the mean distance over the axes, in [0, 1], shape (n,)."""
    space = batch.space
    ordered = np.array([axis.ordered for axis in space.axes])
    codes, wanted = space.canonical(batch.codes), space.canonical(target.codes)
    apart = np.abs(to_unit(space, codes) - to_unit(space, wanted))
    return np.asarray(np.where(ordered, apart, codes != wanted).mean(axis=1))


# -- the failing toy -----------------------------------------------------------------------------

FAILURES = ("raises", "nan", "infeasible", "hangs", "dies")


def failing_space(settings: Settings) -> DesignSpace:
    """A behaviour out of those that the setting lists, and a level."""
    behaviours = ("fine", *settings["failures"].split())
    return DesignSpace([Categorical("behaviour", behaviours), Integer("level", 0, 9)])


class FailingModel(CostModel):
    """Fails in the way that a design's ``behaviour`` says."""

    name = "failing"
    version = "1"
    metrics = (LATENCY, ENERGY)

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        behaviour = batch["behaviour"]
        if (behaviour == "raises").any():
            raise RuntimeError("this design cannot be simulated")
        if (behaviour == "hangs").any():
            time.sleep(3600)
        if (behaviour == "dies").any():
            os.kill(os.getpid(), signal.SIGKILL)
        latency = np.where(behaviour == "nan", np.nan, 20.0 - batch["level"])
        metrics = {"latency_ns": latency, "energy_pj": 1.0 + batch["level"]}
        return Measurements.of(metrics, np.where(behaviour == "infeasible", 0.5, 0.0))


def failing_model(settings: Settings) -> FailingModel:
    """Return the model; it has no settings."""
    return FailingModel()


# -- two objectives with a known front -----------------------------------------------------------


def front_space(settings: Settings) -> DesignSpace:
    """A trade-off and a waste."""
    return DesignSpace([Integer("trade", 0, 20), Integer("waste", 0, 20, default=20)])


class FrontModel(CostModel):
    """Latency 1 + trade, energy 21 - trade, both times 1 + waste: the front has 21 designs."""

    name = "front"
    version = "1"
    metrics = (LATENCY, ENERGY)

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        trade, waste = batch["trade"], 1 + batch["waste"]
        return Measurements.of(
            {"latency_ns": (1 + trade) * waste, "energy_pj": (21 - trade) * waste}
        )


def front_model(settings: Settings) -> FrontModel:
    """Return the model; it has no settings."""
    return FrontModel()


# -- descriptors ---------------------------------------------------------------------------------

OPTIMA: dict[str, Mapping[str, Any]] = {
    "mixed": MIXED_OPTIMUM,
    "other": MIXED_OTHER,
    "real": REAL_OPTIMUM,
    "words": WORDS_OPTIMUM,
    "flat": FLAT_OPTIMUM,
    "plain": {},
}
OBJECTIVES: dict[str, Any] = {
    "latency": {"minimize": "latency_ns"},
    "energy": {"minimize": "energy_pj"},
    "energy_delay": {"product": ["latency_ns", "energy_pj"]},
    "tradeoff": {"pareto": ["latency_ns", "energy_pj"]},
    "goal": {"targets": {"latency_ns": 30.0, "energy_pj": 40.0}},
    "frugal": {"minimize": "latency_ns", "subject_to": {"energy_pj": {"max": 20.0}}},
}


def load_optimum(name: str, settings: Settings) -> Mapping[str, Any]:
    """Return the optimum of a named workload, or of a JSON file that holds a design."""
    if name in OPTIMA:
        return OPTIMA[name]
    if not Path(name).is_file():
        raise UnknownNameError("workload", name, OPTIMA)
    try:
        return dict(json.loads(Path(name).read_text()))
    except ValueError as error:
        raise WorkloadError(f"{name}: {error}") from None


TOY = Environment(
    id="toy",
    version=0,
    description="choices, numbers, a condition and a constraint",
    space=mixed_space,
    cost_models={"distance": DistanceModel, "rough": RoughModel},
    workloads={"mixed": "optimum far from the default", "other": "optimum without a cache"},
    load_workload=load_optimum,
    workload_suffixes=(".json",),
    objectives=OBJECTIVES,
    settings={
        "max_banks": Setting(5, choices=(5, 6, 7, 8), description="largest number of banks"),
        "flavour": Setting("plain", choices=("plain", "spicy"), description="does nothing"),
    },
)
TOY_REAL = Environment(
    id="toy.real",
    version=0,
    description="real parameters on a linear and a logarithmic scale",
    space=real_space,
    cost_models={"distance": DistanceModel},
    workloads={"real": "optimum inside"},
    load_workload=load_optimum,
    objectives=OBJECTIVES,
)
TOY_WORDS = Environment(
    id="toy.words",
    version=1,
    description="a permutation and a sequence",
    space=words_space,
    cost_models={"distance": DistanceModel},
    workloads={"words": "optimum with two passes"},
    load_workload=load_optimum,
    objectives=OBJECTIVES,
)
TOY_FLAT = Environment(
    id="toy.flat",
    version=0,
    description="integers only",
    space=flat_space,
    cost_models={"distance": DistanceModel},
    workloads={"flat": "optimum near the default"},
    load_workload=load_optimum,
    objectives=OBJECTIVES,
    settings={"parameters": Setting(8), "values": Setting(16)},
)
TOY_FAILING = Environment(
    id="toy.failing",
    version=0,
    description="fails in chosen ways",
    space=failing_space,
    cost_models={"failing": failing_model},
    workloads={"plain": "nothing to know"},
    load_workload=load_optimum,
    objectives={"latency": {"minimize": "latency_ns"}, "energy": {"minimize": "energy_pj"}},
    settings={
        "failures": Setting("raises nan infeasible", description="words out of FAILURES"),
    },
)
TOY_FRONT = Environment(
    id="toy.front",
    version=0,
    description="two objectives with a known front",
    space=front_space,
    cost_models={"front": front_model},
    workloads={"plain": "nothing to know"},
    load_workload=load_optimum,
    objectives={
        "tradeoff": {"pareto": ["latency_ns", "energy_pj"]},
        "latency": {"minimize": "latency_ns"},
    },
)
TOYS = {toy.id: toy for toy in (TOY, TOY_REAL, TOY_WORDS, TOY_FLAT, TOY_FAILING, TOY_FRONT)}


def toy_problem(toy: str = "toy", **arguments: Any) -> Problem:
    """Return a toy's problem; arguments as for `archgym.make_problem`.

    Example:
        >>> toy_problem("toy.flat", parameters=4, objective="energy_delay")
    """
    return TOYS[toy].make_problem(**arguments)


@contextmanager
def registered_toys() -> Iterator[None]:
    """Put the toys into the registry of environments, and take them out again."""
    from archgym.registry import environments

    for name, toy in TOYS.items():
        environments.add(name, toy)
    try:
        yield
    finally:
        for name in TOYS:
            environments.remove(name)
