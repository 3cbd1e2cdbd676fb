"""Training from a recipe to a policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from archgym.cost_models.soc.schedule.graphs import task_graphs
from archgym.cost_models.soc.schedule.policies import Arrays
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload, load_workload
from archgym.experiments.schedule_policy.advantages import advantages
from archgym.experiments.schedule_policy.collecting import Episode, collect, fresh, mean_latency
from archgym.experiments.schedule_policy.network import PolicyNetwork
from archgym.experiments.schedule_policy.recipe import Recipe
from archgym.experiments.schedule_policy.updating import Decisions, Updater
from archgym.torch_session import torch_session

_SEEDS = 2**31


@dataclass(frozen=True)
class Measured:
    """The policy after some iterations.

    Attributes:
        iteration: How many.
        latencies: Mean job latency on each validation workload, us.
        score: Mean over them of the latency relative to the untrained policy's.
        seconds: Since training began.
    """

    iteration: int
    latencies: tuple[float, ...]
    score: float
    seconds: float


def train(
    recipe: Recipe, threads: int = 2, report: Callable[[Measured], None] = lambda measured: None
) -> tuple[Arrays, list[Measured]]:
    """Train a policy.

    Args:
        recipe: What to do.
        threads: That simulate; the result does not depend on it.
        report: Called after each validation.

    Returns:
        The layers that did best in validation, and all validations.

    Raises:
        UnknownNameError: A workload that there is not.
        WorkloadError: A workload that is wrong.
    """
    with torch_session(), ThreadPoolExecutor(threads) as pool:
        torch.manual_seed(recipe.seed)
        network, best, measured = PolicyNetwork(recipe), {}, list[Measured]()
        began = time.perf_counter()
        for iteration in _iterations(recipe, network, pool):
            arrays = network.arrays()
            latencies = _validate(recipe, arrays, pool)
            first = measured[0].latencies if measured else latencies
            score = float(np.mean(np.divide(latencies, first)))
            if not measured or score < min(found.score for found in measured):
                best = arrays
            measured.append(Measured(iteration, latencies, score, time.perf_counter() - began))
            report(measured[-1])
    return best, measured


def _iterations(recipe: Recipe, network: PolicyNetwork, pool: ThreadPoolExecutor) -> Iterator[int]:
    """Train, and say after how many iterations it is time to validate."""
    rng = np.random.default_rng(recipe.seed)
    updater = Updater(network, recipe, rng)
    yield 0
    for iteration in range(recipe.iterations):
        sets = [_practise(recipe, network, name, rng, pool) for name in recipe.workloads]
        updater.update(sets, 1.0 - iteration / recipe.iterations)
        done = iteration + 1
        if done % recipe.validate_every == 0 or done == recipe.iterations:
            yield done


def _practise(
    recipe: Recipe,
    network: PolicyNetwork,
    name: str,
    rng: np.random.Generator,
    pool: ThreadPoolExecutor,
) -> Decisions:
    """Return decisions on newly drawn arrivals of a workload."""
    drawn = [fresh(name, recipe.jobs, int(rng.integers(_SEEDS))) for _ in range(recipe.groups)]
    workloads = [workload for workload in drawn for _ in range(recipe.repeats)]
    seeds = rng.integers(_SEEDS, size=len(workloads)).tolist()
    episodes = collect(network.arrays(), workloads, seeds, pool)
    horizon = recipe.horizon * task_graphs(drawn[0].case).scale
    groups = _grouped(episodes, recipe.repeats)
    return Decisions.of(episodes, advantages(groups, horizon))


def _grouped(episodes: Sequence[Episode], size: int) -> list[Sequence[Episode]]:
    return [episodes[at : at + size] for at in range(0, len(episodes), size)]


def _validate(recipe: Recipe, arrays: Arrays, pool: ThreadPoolExecutor) -> tuple[float, ...]:
    workloads: list[ScheduleWorkload] = [load_workload(name) for name in recipe.validation]
    return tuple(pool.map(lambda workload: mean_latency(arrays, workload), workloads))


def provenance(recipe: Recipe, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return how a policy came about, for its file; nothing in it depends on when or where."""
    best = min(measured, key=lambda found: found.score)
    return {
        "recipe": recipe.model_dump(mode="json"),
        "torch": torch.__version__,
        "iteration": best.iteration,
        "validation_us": dict(zip(recipe.validation, best.latencies, strict=True)),
    }
