"""An environment of your own: sizing a cache for a loop over an array, with a formula as model."""

import numpy as np

import archgym
from archgym import CostModel, DesignSpace, Environment, Measurements, Metric, Ordinal
from archgym.errors import UnknownNameError

WORKLOADS = {"small_array": 8, "large_array": 96}  # KiB touched again and again


class CacheModel(CostModel):
    """Cycles by the share of the array that fits, energy by the size of the cache."""

    name, version = "cache_formula", "1"
    metrics = (
        Metric("access_time_ns", "ns", "minimize", "mean over all accesses"),
        Metric("access_energy_pj", "pJ", "minimize", "of one access"),
    )

    def evaluate(self, batch, workload):
        """Return both metrics of each design; ``workload`` is the array's size in KiB."""
        hit_rate = np.minimum(1.0, batch["capacity_kib"] / workload)
        lookup_ns = 0.5 + 0.1 * np.log2(batch["ways"])
        energy = 2.0 * np.sqrt(batch["capacity_kib"]) * batch["ways"] ** 0.3
        time = lookup_ns + (1.0 - hit_rate) * 60.0
        return Measurements.of({"access_time_ns": time, "access_energy_pj": energy})


def load_workload(name, settings):
    """Return the array's size in KiB."""
    if name not in WORKLOADS:
        raise UnknownNameError("workload", name, WORKLOADS)
    return WORKLOADS[name]


ENVIRONMENT = Environment(
    id="cache",
    version=0,
    description="Capacity and associativity of a first-level cache",
    space=lambda settings: DesignSpace(
        [
            Ordinal("capacity_kib", (4, 8, 16, 32, 64, 128), role="array"),
            Ordinal("ways", (1, 2, 4, 8), role="lookup"),
        ]
    ),
    cost_models={"cache_formula": lambda settings: CacheModel()},
    workloads={name: f"{kib} KiB, again and again" for name, kib in WORKLOADS.items()},
    load_workload=load_workload,
    objectives={"latency": {"minimize": "access_time_ns"}},
)

if __name__ == "__main__":
    problem = ENVIRONMENT.make_problem(workload="large_array")
    agent = archgym.make_agent("random", problem, seed=0)
    print(archgym.search(problem, agent, budget=20).best)
