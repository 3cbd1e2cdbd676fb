"""The search: chains of simulated annealing, each from the best of some mappings built by plans.

Each step moves prime factors between levels or swaps loops, and is taken when it helps, or by
chance as the temperature allows (Kirkpatrick et al., Science 1983). All random numbers are handed
in, the same for every layer and machine, so a result depends on its own layer and machine alone.
"""

from __future__ import annotations

import math

import numpy as np

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapper.kernels import layout as m
from archgym.cost_models.dnn.mapper.kernels.factors import change, list_factors, move
from archgym.cost_models.dnn.mapper.kernels.value import fits, value
from archgym.cost_models.dnn.mapping.kernels import layout as at

kernel, helper = m.COMPILER.kernel, m.COMPILER.helper


@kernel
def search_mappings(
    layers: Array,
    machines: Array,
    weights: Array,
    plans: Array,
    start_orders: Array,
    draws: Array,
    shares: Array,
    temperatures: Array,
    bounds: Array,
    orders: Array,
    results: Array,
) -> None:
    """Write the best mapping of each layer on its machine, and what it costs.

    Args:
        layers: int64 (n, >= 8), of one group.
        machines: float64 (n, N_MACHINE); the energy of RF accesses is 0 in the model's own entry.
        weights: float64 (2,), exponents of cycles and energy in what is minimised.
        plans: int64 (chains, starts, entries, 3); see `build`.
        start_orders: int64 (chains, starts, 28), their orders of loops.
        draws: float64 (chains, steps, N_DRAWS) in [0, 1).
        shares: float64 (4,), of the kinds of steps; see `change`.
        temperatures: float64 (2,), at the first and after the last step of each chain.
        bounds: Result, int64 (n, 28).
        orders: Result, int64 (n, 28).
        results: Result, float64 (N_RESULTS, n); NaN where not even unit tiles fit.
    """
    rf_tile = np.empty(at.N_DIMENSIONS, np.int64)
    glb_tile = np.empty(at.N_DIMENSIONS, np.int64)
    loops = np.empty((at.MOST_LOOPS, at.N_LOOP_FIELDS), np.int64)
    events = np.empty((at.MOST_LOOPS, at.N_EVENT_FIELDS), np.int64)
    spatial = np.empty((at.N_DIMENSIONS, at.N_SPATIAL_FIELDS), np.int64)
    costs = np.empty((at.N_RESULTS, 1))
    work = rf_tile, glb_tile, loops, events, spatial, costs
    factors = np.empty((m.MOST_FACTORS, m.N_FACTOR_FIELDS), np.int64)
    now, trial = np.empty_like(factors), np.empty_like(factors)
    now_bounds = np.empty((1, at.N_BOUNDS), np.int64)
    trial_bounds, now_orders = np.empty_like(now_bounds), np.empty_like(now_bounds)
    trial_orders = np.empty_like(now_bounds)
    chains, steps = draws.shape[:2]
    cooling = (temperatures[1] / temperatures[0]) ** (1.0 / max(steps, 1))
    for row in range(len(layers)):
        sizes, machine = layers[row], machines[row]
        forwarding = machine[at.FORWARDING] != 0
        bounds[row], orders[row] = 1, start_orders[0, 0]
        results[:, row], best = np.nan, math.inf
        for chain in range(chains):
            least = math.inf
            for start in range(plans.shape[1]):
                plan, trial_orders[0] = plans[chain, start], start_orders[chain, start]
                count = build(sizes, machine, plan, trial, trial_bounds, rf_tile, glb_tile)
                found = value(trial_bounds, trial_orders, sizes, machine, weights, work)
                if start == 0 or found < least:
                    least = found
                    copy(trial, trial_bounds, trial_orders, now, now_bounds, now_orders, count)
            current, temperature = math.inf, temperatures[0]
            for step in range(steps + 1):
                copy(now, now_bounds, now_orders, trial, trial_bounds, trial_orders, count)
                allowance = 0.0
                if step > 0 and count > 0:
                    numbers = draws[chain, step - 1]
                    change(trial_bounds, trial_orders, trial, count, forwarding, shares, numbers)
                    temperature *= cooling
                    allowance = -temperature * math.log(1.0 - numbers[m.ACCEPT])
                found = value(trial_bounds, trial_orders, sizes, machine, weights, work)
                if math.isinf(found) or found > current + allowance:
                    continue
                current = found
                copy(trial, trial_bounds, trial_orders, now, now_bounds, now_orders, count)
                if found < best:
                    best = found
                    bounds[row], orders[row] = trial_bounds[0], trial_orders[0]
                    results[:, row] = costs[:, 0]


@helper
def build(
    sizes: Array,
    machine: Array,
    plan: Array,
    factors: Array,
    bounds: Array,
    rf_tile: Array,
    glb_tile: Array,
) -> int:
    """Write the mapping that a plan builds; return how many prime factors the layer has.

    All loops begin in DRAM. Each entry (level, dimension, most) of the plan then takes up to so
    many factors of its dimension, the smallest first, as long as the mapping still fits.
    """
    count = list_factors(sizes, factors)
    for d in range(at.N_DIMENSIONS):
        bounds[0, d] = sizes[d]
    bounds[0, at.N_DIMENSIONS :] = 1
    for entry in range(len(plan)):
        left = plan[entry, 2]
        for factor in range(count):
            if left == 0:
                break
            if factors[factor, m.DIMENSION] != plan[entry, 1]:
                continue
            if factors[factor, m.LEVEL] != at.DRAM:
                continue
            move(bounds, factors, factor, plan[entry, 0])
            left -= 1
            if not fits(bounds, sizes, machine, rf_tile, glb_tile):
                move(bounds, factors, factor, at.DRAM)
                left = 0
    return count


@helper
def copy(
    factors: Array,
    bounds: Array,
    orders: Array,
    to_factors: Array,
    to_bounds: Array,
    to_orders: Array,
    count: int,
) -> None:
    """Copy a mapping."""
    for factor in range(count):
        for field in range(m.N_FACTOR_FIELDS):
            to_factors[factor, field] = factors[factor, field]
    for place in range(at.N_BOUNDS):
        to_bounds[0, place] = bounds[0, place]
        to_orders[0, place] = orders[0, place]
