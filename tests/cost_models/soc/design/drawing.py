"""Random chips and random task graphs, as users might write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from archgym.cost_models.soc.design.library import alphabets_of
from archgym.cost_models.soc.design.schema import Workload
from archgym.cost_models.soc.design.workload import TaskGraph, load_task_graph

MOST_EACH = 5


def random_chip(graph: TaskGraph, rng: np.random.Generator, tree: bool) -> dict[str, str]:
    """Return the columns of a sound design: any blocks, several memories on a bus, any tree."""
    words = alphabets_of(graph)
    cores, memories, buses = rng.integers(1, MOST_EACH, 3).tolist()
    pes = [words.pes[0]] * cores
    names, task_pe = graph.task_names, []
    for name in names:
        own = [word for word in words.pes if word.startswith(f"ip:{name}:")]
        if own and rng.random() < 0.5:
            task_pe.append(len(pes))
            pes.append(str(rng.choice(own)))
        else:
            task_pe.append(int(rng.integers(cores)))
    turned = rng.permutation(len(pes))  # PE 0, where walks begin, may be an accelerator
    places = np.argsort(turned)
    links = [f"{rng.integers(bus)}-{bus}" for bus in range(1, buses)] if tree else []
    return {
        "pes": ";".join(pes[at] for at in turned),
        "mems": ";".join(rng.choice(words.mems, memories).tolist()),
        "buses": ";".join(rng.choice(words.buses, buses).tolist()),
        "pe_bus": _list(rng.integers(buses, size=len(pes))),
        "mem_bus": _list(rng.integers(buses, size=memories)),
        "bus_links": ";".join(links),
        "task_pe": _list([places[pe] for pe in task_pe]),
        "task_mem": _list(rng.integers(memories, size=len(names))),
    }


def _list(numbers: Any) -> str:
    return ";".join(str(int(number)) for number in numbers)


def random_graph(rng: np.random.Generator, inner: int) -> TaskGraph:
    """Return a task graph between ``source`` and ``sink``, some tasks without an accelerator."""
    names = ["source", *(f"t{at}" for at in range(inner)), "sink"]
    tasks: list[dict[str, Any]] = [{"name": name, "cpu_cycles": 0} for name in names]
    edges = []
    for at in range(1, inner + 1):
        tasks[at] = _random_task(names[at], rng)
        count = int(rng.integers(1, min(at, 3) + 1))
        parents = rng.choice(at, count, replace=False).tolist()
        edges += [(names[parent], names[at], _random_bytes(rng)) for parent in parents]
    used = {parent for parent, _, _ in edges}
    edges += [(name, "sink", _random_bytes(rng)) for name in names[1:-1] if name not in used]
    rng.shuffle(edges)
    budgets = {"latency_s": 0.01, "power_w": 0.01, "area_m2": 1e-5}
    spec = {"budgets": budgets, "last_task": names[inner], "tasks": tasks, "edges_bytes": edges}
    hardware = load_task_graph("edge_detection").hardware
    return TaskGraph("random", Workload.model_validate(spec), hardware)


def _random_task(name: str, rng: np.random.Generator) -> dict[str, Any]:
    task = {"name": name, "cpu_cycles": int(10 ** rng.uniform(2, 7))}
    if rng.random() < 0.2:
        return task
    return task | {
        "acc_cycles": int(10 ** rng.uniform(2, 6)),
        "acc_energy_fj": float(10 ** rng.uniform(0, 6)),
        "acc_area_um2": float(10 ** rng.uniform(3, 6)),
        "unroll": [1, 2, 8, 64],
    }


def _random_bytes(rng: np.random.Generator) -> int:
    return int(10 ** rng.uniform(0, 5.5))
