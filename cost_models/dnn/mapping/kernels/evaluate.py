"""What mappings cost: feasibility, access counts, cycles and energy."""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at
from archgym.cost_models.dnn.mapping.kernels.fit import fit_bounds, list_divisors
from archgym.cost_models.dnn.mapping.kernels.forwarding import forwarded_inputs
from archgym.cost_models.dnn.mapping.kernels.inputs import input_fills
from archgym.cost_models.dnn.mapping.kernels.loops import (
    OUTPUT_DIMENSIONS,
    WEIGHT_DIMENSIONS,
    list_loops,
    visits,
)
from archgym.cost_models.dnn.mapping.kernels.spatial import distinct_offsets
from archgym.cost_models.dnn.mapping.kernels.tiles import (
    input_words,
    output_words,
    tile_words,
    weight_words,
)

kernel, helper, inlined = at.COMPILER.kernel, at.COMPILER.helper, at.COMPILER.helper

BLOCK_WORDS = 4  # GLB and DRAM move whole blocks; energy is paid for all of a block


@kernel
def cost_mappings(
    bounds: Array,
    orders: Array,
    fitted: Array,
    layers: Array,
    hardware: Array,
    most_divisors: int,
    results: Array,
    reasons: Array,
    excess: Array,
) -> None:
    """Write the costs of n mappings.

    Args:
        bounds: int64 (n, 28); those of fitted designs are replaced by what they stand for.
        orders: int64 (n, 28).
        fitted: bool (n,), whether bounds are wishes that are made to fit.
        layers: int64 (n, 8), or (1, 8) for all.
        hardware: float64 (n, N_HARDWARE), or (1, N_HARDWARE) for all.
        most_divisors: No dimension of a layer has more.
        results: float64 (N_RESULTS, n); NaN for mappings that cannot run.
        reasons: int64 (n,), FEASIBLE or the first reason.
        excess: float64 (n,), by how much what is required is exceeded, relative to it.
    """
    left = np.empty(at.N_DIMENSIONS, np.int64)
    rf_tile = np.empty(at.N_DIMENSIONS, np.int64)
    glb_tile = np.empty(at.N_DIMENSIONS, np.int64)
    loops = np.empty((at.MOST_LOOPS, at.N_LOOP_FIELDS), np.int64)
    events = np.empty((at.MOST_LOOPS, at.N_EVENT_FIELDS), np.int64)
    spatial = np.empty((at.N_DIMENSIONS, at.N_SPATIAL_FIELDS), np.int64)
    divisors = np.empty((at.N_DIMENSIONS, most_divisors), np.int64)
    counts = np.empty(at.N_DIMENSIONS, np.int64)
    listed = -1
    for row in range(len(bounds)):
        own = row if len(layers) > 1 else 0
        sizes, machine = layers[own], hardware[row if len(hardware) > 1 else 0]
        if fitted[row]:
            if listed != own:
                for d in range(at.N_DIMENSIONS):
                    counts[d] = list_divisors(sizes[d], divisors, d)
                listed = own
            fit_bounds(row, bounds, orders, sizes, machine, divisors, counts, left, glb_tile)
        reasons[row], excess[row] = check(row, bounds, sizes, machine, rf_tile, glb_tile)
        if reasons[row] == at.FEASIBLE:
            cost(
                row,
                bounds,
                orders,
                sizes,
                machine,
                rf_tile,
                glb_tile,
                loops,
                events,
                spatial,
                results,
            )
        else:
            results[:, row] = np.nan


@helper
def check(
    row: int, bounds: Array, sizes: Array, machine: Array, rf_tile: Array, glb_tile: Array
) -> tuple[int, float]:
    """Return the first reason why a mapping cannot run, and by how much; write its tiles."""
    pes, error = 1.0, 0.0
    for d in range(at.N_DIMENSIONS):
        rf = bounds[row, at.RF * at.N_DIMENSIONS + d]
        spread = bounds[row, at.SPATIAL * at.N_DIMENSIONS + d]
        glb = bounds[row, at.GLB * at.N_DIMENSIONS + d]
        pes *= spread
        product = float(rf) * spread * glb * bounds[row, d]
        if product != sizes[d]:
            error += abs(math.log(product / sizes[d]))
        rf_tile[d], glb_tile[d] = rf, rf * spread * glb
    if error > 0:
        return at.FACTOR_PRODUCT, error
    if pes > machine[at.NUM_PES]:
        return at.PE_COUNT, pes / machine[at.NUM_PES] - 1.0
    words = tile_words(rf_tile, sizes[at.STRIDE])
    if words > machine[at.RF_WORDS]:
        return at.RF_CAPACITY, words / machine[at.RF_WORDS] - 1.0
    words = tile_words(glb_tile, sizes[at.STRIDE])
    if words > machine[at.GLB_WORDS]:
        return at.GLB_CAPACITY, words / machine[at.GLB_WORDS] - 1.0
    return at.FEASIBLE, 0.0


@helper
def cost(
    row: int,
    bounds: Array,
    orders: Array,
    sizes: Array,
    machine: Array,
    rf_tile: Array,
    glb_tile: Array,
    loops: Array,
    events: Array,
    spatial: Array,
    results: Array,
) -> None:
    """Write the results of a mapping that can run."""
    glb_loops, all_loops = list_loops(row, bounds, orders, loops)
    pes, compute = 1, 1
    for d in range(at.N_DIMENSIONS):
        pes *= bounds[row, at.SPATIAL * at.N_DIMENSIONS + d]
        compute *= bounds[row, at.RF * at.N_DIMENSIONS + d]
    if all_loops:
        compute *= loops[0, at.BOUND] * loops[0, at.OUTER]
    results[at.COMPUTE_CYCLES, row], results[at.UTILIZED_PES, row] = compute, pes
    results[at.MACS, row] = compute * pes
    count_weights(row, bounds, rf_tile, glb_tile, loops, glb_loops, all_loops, compute, results)
    count_outputs(row, bounds, rf_tile, glb_tile, loops, glb_loops, all_loops, compute, results)
    fills = input_fills(glb_tile, sizes[at.STRIDE], loops, glb_loops, all_loops, events)
    results[at.GLB_I_FILLS, row] = results[at.DRAM_I_READS, row] = fills
    fills = input_fills(rf_tile, sizes[at.STRIDE], loops, 0, all_loops, events)
    results[at.RF_I_FILLS, row] = fills
    distinct = distinct_offsets(row, bounds, sizes[at.STRIDE])
    reads, links = distinct * fills, 0
    if machine[at.FORWARDING] and pes > 1:
        stride, words = sizes[at.STRIDE], input_words(rf_tile, sizes[at.STRIDE])
        reads, links = forwarded_inputs(
            row, bounds, orders, stride, pes, distinct, words, events, all_loops, spatial
        )
    results[at.GLB_I_READS, row] = reads
    results[at.RF_I_READS, row] = compute + links // pes
    results[at.AREA, row] = machine[at.MACHINE_AREA]
    add_up(row, machine, results)


@inlined
def copies(row: int, bounds: Array, dimensions: int) -> int:
    """Return how many different tiles of a tensor the PEs hold."""
    product = 1
    for d in range(at.N_DIMENSIONS):
        if dimensions >> d & 1:
            product *= bounds[row, at.SPATIAL * at.N_DIMENSIONS + d]
    return product


@inlined
def count_weights(
    row: int,
    bounds: Array,
    rf_tile: Array,
    glb_tile: Array,
    loops: Array,
    glb_loops: int,
    all_loops: int,
    compute: int,
    results: Array,
) -> None:
    """Write the accesses to weights; PEs with the same weights are served by one multicast."""
    coming, _ = visits(loops, 0, all_loops, WEIGHT_DIMENSIONS)
    fills = coming * weight_words(rf_tile)
    results[at.RF_W_READS, row], results[at.RF_W_FILLS, row] = compute, fills
    results[at.GLB_W_READS, row] = fills * copies(row, bounds, WEIGHT_DIMENSIONS)
    coming, _ = visits(loops, glb_loops, all_loops, WEIGHT_DIMENSIONS)
    fills = coming * weight_words(glb_tile)
    results[at.GLB_W_FILLS, row] = results[at.DRAM_W_READS, row] = fills


@inlined
def count_outputs(
    row: int,
    bounds: Array,
    rf_tile: Array,
    glb_tile: Array,
    loops: Array,
    glb_loops: int,
    all_loops: int,
    compute: int,
    results: Array,
) -> None:
    """Write the accesses to outputs; partial sums of several PEs are added on their way."""
    coming, different = visits(loops, 0, all_loops, OUTPUT_DIMENSIONS)
    words, apart = output_words(rf_tile), copies(row, bounds, OUTPUT_DIMENSIONS)
    results[at.RF_O_UPDATES, row] = compute
    results[at.RF_O_READS, row] = compute - different * words
    results[at.RF_O_FILLS, row] = (coming - different) * words
    updates = coming * words * apart
    coming, different = visits(loops, glb_loops, all_loops, OUTPUT_DIMENSIONS)
    words = output_words(glb_tile)
    results[at.GLB_O_UPDATES, row] = updates
    results[at.GLB_O_FILLS, row] = (coming - different) * words
    results[at.GLB_O_READS, row] = updates - different * words
    results[at.DRAM_O_UPDATES, row] = coming * words
    results[at.DRAM_O_READS, row] = (coming - different) * words


@inlined
def add_up(row: int, machine: Array, results: Array) -> None:
    """Write cycles, energy and utilisation from the counts; all of them are exact in float64."""
    reads = results[at.GLB_W_READS, row] + results[at.GLB_I_READS, row]
    reads += results[at.GLB_O_READS, row]
    writes = results[at.GLB_W_FILLS, row] + results[at.GLB_I_FILLS, row]
    writes += results[at.GLB_O_FILLS, row] + results[at.GLB_O_UPDATES, row]
    rf, glb, dram, traffic = 0.0, 0.0, 0.0, 0.0
    for count in range(at.RF_W_READS, at.RF_O_UPDATES + 1):
        rf += results[count, row]
    for count in range(at.GLB_W_READS, at.GLB_O_UPDATES + 1):
        glb += whole_blocks(results[count, row])
    for count in range(at.DRAM_W_READS, at.DRAM_O_UPDATES + 1):
        dram += whole_blocks(results[count, row])
        traffic += results[count, row]
    cycles = max(results[at.COMPUTE_CYCLES, row], reads / machine[at.GLB_READ_BW])
    cycles = max(cycles, writes / machine[at.GLB_WRITE_BW], traffic / machine[at.DRAM_BW])
    cycles = math.ceil(cycles)
    macs, pes = results[at.MACS, row], results[at.UTILIZED_PES, row]
    results[at.CYCLES, row] = cycles
    results[at.UTILIZATION, row] = macs / (machine[at.NUM_PES] * cycles)
    results[at.ENERGY, row] = (
        macs * machine[at.E_MAC]
        + pes * rf * machine[at.E_RF]
        + glb * machine[at.E_GLB]
        + dram * machine[at.E_DRAM]
    )


@inlined
def whole_blocks(words: float) -> float:
    """Return the words of all blocks that hold some of ``words``."""
    return math.ceil(words / BLOCK_WORDS) * float(BLOCK_WORDS)
