"""Database hash join: build a table over the small relation, probe it with the large one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import (
    AccessLog,
    empty_log,
    load,
    logged,
    store,
    work,
)
from archgym.cost_models.dram.workloads.address_space import place_arrays
from archgym.cost_models.dram.workloads.compiled import compiled
from archgym.cost_models.dram.workloads.kernel_run import KernelRun
from archgym.cost_models.dram.workloads.kernels.hash_table import (
    EMPTY,
    empty_table,
    find,
    insert,
)

Rows = NDArray[np.int64]  # (n, 2): key, payload

ROW_BYTES = 16
ROW_INSTRUCTIONS = 3
ACCESSES_PER_ROW = 40  # room for the longest probe sequences on average


def run(
    rng: np.random.Generator, *, build_rows: int, probe_rows: int, match_share: float, bits: int
) -> KernelRun:
    """Join on distinct build keys; about ``match_share`` of the probe rows find a partner.

    The result holds a row (build payload, probe payload) per match, in probe order.
    """
    keys = rng.permutation(round(build_rows / match_share))
    build = np.stack([keys[:build_rows], rng.integers(0, 1 << 40, build_rows)], axis=1)
    probe_keys = rng.integers(0, len(keys), probe_rows)
    probe = np.stack([probe_keys, rng.integers(0, 1 << 40, probe_rows)], axis=1)
    table, output = empty_table(bits), np.empty((probe_rows, 2), dtype=np.int64)
    arrays = (build, probe, table, output)
    bases = place_arrays(rng, [array.nbytes for array in arrays])
    log = empty_log(ACCESSES_PER_ROW * (build_rows + probe_rows))
    matches = _join(log, (bases[0], bases[1], bases[2], bases[3]), *arrays)
    return KernelRun(logged(log), {"build": build, "probe": probe}, output[:matches])


@compiled
def _join(
    log: AccessLog,
    bases: tuple[int, int, int, int],
    build: Rows,
    probe: Rows,
    table: Rows,
    output: Rows,
) -> int:
    build_base, probe_base, table_base, output_base = bases
    for row in range(len(build)):
        load(log, build_base + ROW_BYTES * row)
        work(log, ROW_INSTRUCTIONS)
        insert(log, table_base, table, build[row, 0], build[row, 1])
    matches = 0
    for row in range(len(probe)):
        load(log, probe_base + ROW_BYTES * row)
        work(log, ROW_INSTRUCTIONS)
        payload = find(log, table_base, table, probe[row, 0])
        if payload != EMPTY:
            output[matches, 0], output[matches, 1] = payload, probe[row, 1]
            store(log, output_base + ROW_BYTES * matches)
            matches += 1
    return matches
