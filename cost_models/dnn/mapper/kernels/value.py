"""What one mapping is worth on one machine."""

from __future__ import annotations

import math

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapper.kernels import layout as m
from archgym.cost_models.dnn.mapping.kernels import layout as at
from archgym.cost_models.dnn.mapping.kernels.evaluate import check, cost
from archgym.cost_models.dnn.mapping.kernels.tiles import (
    input_words,
    output_words,
    weight_words,
)

helper = m.COMPILER.helper


@helper
def fits(bounds: Array, sizes: Array, machine: Array, rf_tile: Array, glb_tile: Array) -> bool:
    """Return whether a mapping runs on a machine; write its tiles."""
    reason, _ = check(0, bounds, sizes, machine, rf_tile, glb_tile)
    if reason != at.FEASIBLE:
        return False
    if weight_words(rf_tile) > machine[m.WEIGHT_WORDS]:
        return False
    if input_words(rf_tile, sizes[at.STRIDE]) > machine[m.INPUT_WORDS]:
        return False
    if output_words(rf_tile) > machine[m.OUTPUT_WORDS]:
        return False
    return bool(machine[m.MESH_Y] == 1) or fits_mesh(bounds, machine)


@helper
def fits_mesh(bounds: Array, machine: Array) -> bool:
    """Return whether the spatial loops can be dealt out to rows and columns of PEs."""
    for chosen in range(1 << at.N_DIMENSIONS):
        columns, rows = 1, 1
        for d in range(at.N_DIMENSIONS):
            bound = bounds[0, at.SPATIAL * at.N_DIMENSIONS + d]
            if chosen >> d & 1:
                columns *= bound
                if bound == 1:
                    columns = 0
                    break
            else:
                rows *= bound
        if 0 < columns <= machine[m.MESH_X] and rows <= machine[m.MESH_Y]:
            return True
    return False


@helper
def value(
    bounds: Array,
    orders: Array,
    sizes: Array,
    machine: Array,
    weights: Array,
    work: tuple[Array, Array, Array, Array, Array, Array],
) -> float:
    """Return the logarithm of cycles and energy to the power of their weights; inf if unfit.

    Args:
        bounds: int64 (1, 28).
        orders: int64 (1, 28).
        sizes: The layer, int64 (>= 8,).
        machine: float64 (N_MACHINE,).
        weights: float64 (2,), exponents of cycles and energy.
        work: Tiles of RF and GLB, loops, events, spatial loops, as in the mapping model; last the
            results, float64 (N_RESULTS, 1), what the mapping costs.
    """
    rf_tile, glb_tile, loops, events, spatial, results = work
    if not fits(bounds, sizes, machine, rf_tile, glb_tile):
        return math.inf
    cost(0, bounds, orders, sizes, machine, rf_tile, glb_tile, loops, events, spatial, results)
    results[at.ENERGY, 0] += register_energy(machine, results)
    cycles, energy = results[at.CYCLES, 0], results[at.ENERGY, 0]
    return float(weights[0] * math.log(cycles) + weights[1] * math.log(max(energy, 1e-300)))


@helper
def register_energy(machine: Array, results: Array) -> float:
    """Return the energy of the PEs' memories, which the model is told to count as free."""
    weights = results[at.RF_W_READS, 0] + results[at.RF_W_FILLS, 0]
    inputs = results[at.RF_I_READS, 0] + results[at.RF_I_FILLS, 0]
    outputs = results[at.RF_O_READS, 0] + results[at.RF_O_FILLS, 0] + results[at.RF_O_UPDATES, 0]
    energy = weights * machine[m.E_WEIGHTS]
    energy += inputs * machine[m.E_INPUTS] + outputs * machine[m.E_OUTPUTS]
    return float(energy * results[at.UTILIZED_PES, 0])
