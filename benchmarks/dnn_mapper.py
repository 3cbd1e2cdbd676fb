"""Compare the mapper with random valid mappings, and with Timeloop's mapper where given.

Usage: python -m benchmarks.dnn_mapper [mapper_reference.csv]

For each layer: the best of 100,000 random valid mappings on the default machine of `dnn.mapping`,
the mapper's figure over it (below 1 is better) for three metrics, and its process time. A file has
the best mappings that another mapper found, in the columns of `dnn.mapping`.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

import archgym
from archgym.cost_models.dnn.layer import DIMENSIONS, Layer
from archgym.cost_models.dnn.mapper.machines import machine_row
from archgym.cost_models.dnn.mapper.search import METRICS, find_mappings
from archgym.cost_models.dnn.mapping.columns import HARDWARE
from archgym.cost_models.dnn.network import LAYER_FIELDS
from archgym.cost_models.dnn.workloads import load_network
from benchmarks.timing import median_seconds

EVALUATIONS = 64_000
RANDOM = 100_000
OTHERS = ("mobilenet_v1/dw1", "mobilenet_v1/dw7", "bert_base_128")
DRAWN_AT_ONCE = 20_000


def layers() -> dict[str, Layer]:
    found: dict[str, Layer] = {}
    for name in ("resnet18", *OTHERS):
        network = load_network(name)
        for label, layer in zip(network.labels, network.layers, strict=True):
            found[label if "/" in label else f"{name}/{label}"] = one_group(layer)
    return found


def one_group(layer: Layer) -> Layer:
    sizes = {name: getattr(layer, name) for name in LAYER_FIELDS} | {"groups": 1}
    sizes["K"], sizes["C"] = layer.K // layer.groups, layer.C // layer.groups
    return Layer(**sizes)


def layer_text(layer: Layer) -> str:
    pairs = [f"{name}={getattr(layer, name)}" for name in (*DIMENSIONS, "stride")]
    return "conv:" + ",".join(pairs)


def best_random(layer: Layer) -> dict[str, float]:
    """Return the best of random mappings for each metric."""
    problem = archgym.make_problem("dnn.mapping", layer_text(layer))
    rng = np.random.default_rng(0)
    best = dict.fromkeys(METRICS, np.inf)
    for _ in range(RANDOM // DRAWN_AT_ONCE):
        drawn = problem.outcomes(problem.space.sample(rng, DRAWN_AT_ONCE))
        found = figures(drawn.metrics["cycles"], drawn.metrics["energy_pj"])
        best = {name: min(best[name], float(found[name].min())) for name in METRICS}
    return best


def figures(
    cycles: NDArray[np.float64], energy: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    return {"edp": cycles * energy, "latency": cycles, "energy": energy}


def default_machine() -> Mapping[str, float]:
    default = archgym.make_problem("dnn.mapping").space.default
    return {name: float(default[name][0]) for name in HARDWARE}


def best_found(layer: Layer, machine: Mapping[str, float], metric: str, evaluations: int) -> float:
    rows = np.array([[getattr(layer, name) for name in LAYER_FIELDS]], dtype=np.int64)
    found = find_mappings(rows, machine_row(machine)[None], evaluations, metric)
    return float(figures(found.results[0], found.results[2])[metric][0])


def against_random() -> None:
    machine = default_machine()
    print(f"{'layer':28} {'EDP':>7} {'latency':>8} {'energy':>7}   ms")
    ratios: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for name, layer in layers().items():
        random = best_random(layer)
        for metric in METRICS:
            found = best_found(layer, machine, metric, EVALUATIONS)
            ratios[metric].append(found / random[metric])

        def call(layer: Layer = layer) -> object:
            return best_found(layer, machine, "edp", EVALUATIONS)

        ms = 1e3 * median_seconds(call, time.process_time, 5)
        now = [ratios[metric][-1] for metric in METRICS]
        print(f"{name:28} {now[0]:7.3f} {now[1]:8.3f} {now[2]:7.3f} {ms:4.0f}", flush=True)
    for metric, values in ratios.items():
        mean = np.exp(np.mean(np.log(values)))
        print(f"{metric}: geometric mean {mean:.3f}, worst {max(values):.3f}")


def effort() -> None:
    """Print what fewer evaluations cost: EDP against the longest search, mean over layers."""
    machine = default_machine()
    chosen = list(layers().values())
    longest = [best_found(layer, machine, "edp", EVALUATIONS) for layer in chosen]
    for evaluations in (0, 200, 1_000, 2_000, 5_000, 20_000, EVALUATIONS):
        started = time.process_time()
        found = [best_found(layer, machine, "edp", evaluations) for layer in chosen]
        ms = 1e3 * (time.process_time() - started) / len(chosen)
        ratio = np.exp(np.mean(np.log(found) - np.log(longest)))
        print(f"{evaluations:6} evaluations: EDP {ratio:.3f} of the longest search, {ms:.2f} ms")


def against_file(path: str) -> None:
    with open(path) as file:
        rows = list(csv.DictReader(file))
    ratios = []
    for row in rows:
        layer = Layer(**{name: int(row[name]) for name in (*DIMENSIONS, "stride")})
        machine = {name: float(row[name]) for name in HARDWARE}
        ratio = best_found(layer, machine, "edp", EVALUATIONS) / float(row["best_edp_pj_cycles"])
        ratios.append(ratio)
        print(f"{row['layer_name']} best of {row['valid_mappings_tried']}: EDP {ratio:.3f} of it")
    print(f"geometric mean {np.exp(np.mean(np.log(ratios))):.3f}")


def main() -> None:
    effort()
    for path in sys.argv[1:]:
        against_file(path)
    against_random()


if __name__ == "__main__":
    main()
