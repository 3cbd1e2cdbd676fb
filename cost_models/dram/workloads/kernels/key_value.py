"""Key-value store under Zipf-distributed gets and puts: a hash index and 256-byte records."""

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
from archgym.cost_models.dram.workloads.kernels.hash_table import empty_table, find, insert
from archgym.cost_models.dram.workloads.skew import skewed_choices

Int = NDArray[np.int64]

RECORD_WORDS = 32  # int64, 256 bytes
LINE_WORDS = 8
LINE_INSTRUCTIONS = 4
REQUEST_INSTRUCTIONS = 60  # parsing and answering a request
ACCESSES_PER_REQUEST = 40


def run(
    rng: np.random.Generator,
    *,
    bits: int,
    keys: int,
    requests: int,
    put_share: float,
    exponent: float,
) -> KernelRun:
    """Serve requests on a filled store; the result is each request's checksum of its record.

    A put adds its request number to every word of the record, a get only reads it.
    """
    index, records = empty_table(bits), rng.integers(0, 1000, (keys, RECORD_WORDS))
    names = rng.permutation(4 * keys)[:keys]
    _fill(empty_log(ACCESSES_PER_REQUEST * keys), index, names)
    wanted = names[skewed_choices(rng, keys, requests, exponent)]
    puts = (rng.random(requests) < put_share).astype(np.uint8)
    inputs = {"names": names, "wanted": wanted, "puts": puts, "records": records.copy()}
    bases = place_arrays(rng, [index.nbytes, records.nbytes])
    log = empty_log(ACCESSES_PER_REQUEST * requests)
    checksums = np.zeros(requests, dtype=np.int64)
    _serve(log, (bases[0], bases[1]), index, records, wanted, puts, checksums)
    return KernelRun(logged(log), inputs, checksums)


@compiled
def _fill(log: AccessLog, index: Int, names: Int) -> None:
    for record in range(len(names)):
        insert(log, 0, index, names[record], record)


@compiled
def _serve(
    log: AccessLog,
    bases: tuple[int, int],
    index: Int,
    records: Int,
    wanted: Int,
    puts: NDArray[np.uint8],
    checksums: Int,
) -> None:
    index_base, record_base = bases
    for request in range(len(wanted)):
        work(log, REQUEST_INSTRUCTIONS)
        record = find(log, index_base, index, wanted[request])
        for word in range(RECORD_WORDS):
            address = record_base + 8 * (record * RECORD_WORDS + word)
            if word % LINE_WORDS == 0:
                load(log, address)
                work(log, LINE_INSTRUCTIONS)
            if puts[request]:
                records[record, word] += request
                if word % LINE_WORDS == 0:
                    store(log, address)
            checksums[request] += records[record, word]
