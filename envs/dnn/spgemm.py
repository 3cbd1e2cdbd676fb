"""Products of sparse matrices: dataflow, scratchpad, hash tables and threads (SMASH)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.spgemm.hardware import default_bandwidth, hardware
from archgym.cost_models.dnn.spgemm.model import DATAFLOWS, SpgemmModel
from archgym.cost_models.dnn.spgemm.workloads import list_products, load_product
from archgym.environment import Environment
from archgym.envs.dnn.parameters import Word
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.scalar_parameters import Ordinal, Real
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

KIB = 2**10
SCRATCHPADS = tuple(64 * KIB * 2**step for step in range(7))
THREADS = tuple(16 * 2**step for step in range(7))

SETTINGS = {
    "bandwidth_gb_per_s": Setting(
        default_bandwidth(), description="of memory, 10^9 bytes per second"
    ),
}

NOTES = """\
After SMASH. C = A B of sparse matrices, by rows (row i of C gathers row k of B for each entry
(i, k) of A, in a hash table in the scratchpad with atomic operations), by outer products (all
partial products go to memory and come back to be merged), or by inner products (a block of C at a
time, one element a thread, its rows of A and columns of B fetched for it).

All counts are made on the real index sets: multiplications, entries of C, slots that each hash
table looks at (linear probing, Knuth's multiplicative hash), products that spill. A row's table
has nnz(C_i) / hash_load_factor slots; where they do not fit in the scratchpad, products of columns
that find no room spill, out and back. The time is the longest of computing, memory and atomic
operations. Entries and partial products have 12 bytes, slots 16. scratchpad_B and hash_load_factor
act on row_wise alone; threads cost nothing, so the largest number is never worse in time.

Workloads: by name; as text, er:n=4096,density=1e-3,seed=0 or rmat:n=4096,density=1e-3,skew=0.76,
seed=0 (skew 0.5 is er); a Matrix-Market file, multiplied by itself; a JSON or YAML file
{"a": MATRIX, "b": MATRIX} with a Matrix-Market file or a text for each.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "latency": {"minimize": "time_s"},
    "traffic": {"minimize": "traffic_B"},
    "energy": {"minimize": "energy_pj"},
    "energy_delay": {"product": ["energy_pj", "time_s"]},
    "latency_scratchpad_pareto": {"pareto": ["time_s", "on_chip_B"]},
    "traffic_scratchpad_pareto": {"pareto": ["traffic_B", "on_chip_B"]},
    "latency_energy_scratchpad_pareto": {"pareto": ["time_s", "energy_pj", "on_chip_B"]},
}


def design_space(settings: Settings) -> DesignSpace:
    """Return the space; it is the same for all matrices.

    Raises:
        SettingError: The bandwidth is not positive.
    """
    if not settings["bandwidth_gb_per_s"] > 0:
        value = settings["bandwidth_gb_per_s"]
        raise SettingError(f"setting 'bandwidth_gb_per_s': {value!r} is not positive")
    row_wise = {"dataflow": DATAFLOWS[:1]}
    return DesignSpace(
        [
            Word(
                "dataflow",
                DATAFLOWS,
                role="mapping",
                description="products by rows of A, columns of A, or elements of C",
            ),
            Ordinal(
                "scratchpad_B",
                SCRATCHPADS,
                default=256 * KIB,
                legal=(SCRATCHPADS[0], SCRATCHPADS[-1]),
                role="memory",
                aliases=("scratchpad",),
                description="bytes for the hash table of a row",
            ),
            Real(
                "hash_load_factor",
                0.25,
                0.9,
                default=0.5,
                role="memory",
                active_when=row_wise,
                aliases=("load_factor",),
                description="share of a hash table's slots that may be filled",
            ),
            Ordinal(
                "threads",
                THREADS,
                default=64,
                legal=(THREADS[0], THREADS[-1]),
                role="cores",
                description="that multiply; also the elements of a block of inner products",
            ),
        ],
        blank_is_default=True,
    )


ENVIRONMENT = Environment(
    id="dnn.spgemm",
    version=0,
    description="products of sparse matrices: dataflow, scratchpad, hash tables, threads (SMASH)",
    space=design_space,
    cost_models=MappingProxyType(
        {"index_sets": lambda settings: SpgemmModel(hardware(settings["bandwidth_gb_per_s"]))}
    ),
    workloads=MappingProxyType({name: entry["about"] for name, entry in list_products().items()}),
    load_workload=lambda name, settings: load_product(name),
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
)
