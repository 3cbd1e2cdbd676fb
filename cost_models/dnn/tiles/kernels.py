"""What a two-level tile mapping of a layer costs, compiled by Numba.

Source: the mapping space of GAMMA (Kao and Krishna, ICCAD 2020; maestro-project/gamma, MIT), with
a compute time that ranks mappings as MAESTRO does, and reuse as of a plain loop nest. Dimensions
are numbered in the order KCPQRS, orders hold them from the outermost loop inwards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archgym.cost_models.compiled import Array, Compiler

COMPILER = Compiler("dnn-tiles", Path(__file__).parent)
kernel, helper, inlined = COMPILER.kernel, COMPILER.helper, COMPILER.inlined

N_DIMENSIONS = 6
K, C, P, Q, R, S = range(N_DIMENSIONS)
WEIGHTS = 1 << K | 1 << C | 1 << R | 1 << S
INPUTS = 1 << C | 1 << P | 1 << Q | 1 << R | 1 << S
OUTPUTS = 1 << K | 1 << P | 1 << Q
TILE_SIZE, PE_COUNT = 1, 2  # index in `columns.REASONS`

# The results of a mapping, in order.
RESULTS = (
    "runtime_cycles",
    "compute_cycles",
    "macs",
    "l2_accesses",
    "dram_words",
    "l1_words",
    "l2_words",
)


@inlined
def _up(a: int, b: int) -> int:
    return (a + b - 1) // b


@inlined
def _spread_rounds(size: int, tile: int, units: int) -> int:
    """Return the summed lengths of rounds in which ``units`` take one tile each.

    A round lasts as long as its largest tile; only the last tile may be smaller.
    """
    whole, rest = size // tile, size % tile
    return _up(whole, units) * tile + (rest if whole % units == 0 else 0)


@helper
def _steps(size: int, l2: int, l1: int, clusters: int, cluster: int) -> int:
    """Return one dimension's factor of the compute time.

    ``clusters`` and ``cluster`` are the units it is spread over on either level, else 0.
    """
    whole, rest = size // l2, size % l2
    of_whole = _spread_rounds(l2, l1, cluster) if cluster else l2
    of_rest = _spread_rounds(rest, min(l1, rest), cluster) if cluster and rest else rest
    if clusters == 0:
        return whole * of_whole + of_rest
    return _up(whole, clusters) * of_whole + (of_rest if whole % clusters == 0 else 0)


@inlined
def _volume(tile: Array, tensor: int, stride: int) -> int:
    """Return the words of a tensor in a tile; of inputs, the box that the windows span."""
    height, width = (tile[P] - 1) * stride + tile[R], (tile[Q] - 1) * stride + tile[S]
    words: int = tile[C] * height * width
    if tensor == WEIGHTS:
        words = tile[K] * tile[C] * tile[R] * tile[S]
    elif tensor == OUTPUTS:
        words = tile[K] * tile[P] * tile[Q]
    return words


@inlined
def _visits(order: Array, trips: Array, tensor: int, visits: int) -> int:
    """Return how often a tile is fetched, given the ``visits`` by the loops further in.

    Loops of other dimensions fetch nothing anew until a loop of the tensor's own has moved.
    """
    for place in range(N_DIMENSIONS - 1, -1, -1):
        dimension = order[place]
        if visits > 1 or tensor >> dimension & 1:
            visits *= trips[dimension]
    return visits


@inlined
def _distinct(trips: Array, tensor: int) -> int:
    """Return how many different tiles the loops visit."""
    found = 1
    for dimension in range(N_DIMENSIONS):
        if tensor >> dimension & 1:
            found *= trips[dimension]
    return found


@helper
def _fit(asked: Array, size: Array, l2: Array, l1: Array) -> float:
    """Write the sizes asked for, cut to the layer and to each other; return what was too much."""
    too_large = 0.0
    for d in range(N_DIMENSIONS):
        l2[d] = min(asked[0, d], size[d])
        l1[d] = min(asked[1, d], l2[d])
        too_large += asked[0, d] / l2[d] + asked[1, d] / l1[d] - 2.0
    return too_large


@helper
def _compute(size: Array, l2: Array, l1: Array, units: Array) -> int:
    """Return the cycles of all MACs, one per PE and cycle; the slowest PE sets the pace."""
    cycles = 1
    for d in range(N_DIMENSIONS):
        cycles *= _steps(size[d], l2[d], l1[d], units[0, d], units[1, d])
    return cycles


@helper
def _trips(size: Array, tile: Array, units: Array, trips: Array) -> None:
    """Write how often each loop over tiles runs, those that units share taken together."""
    for d in range(N_DIMENSIONS):
        trips[d] = _up(_up(size[d], tile[d]), max(units[d], 1))


@helper
def _busy(size: Array, tile: Array, units: Array, tensor: int) -> int:
    """Return how many units hold different tiles of a tensor; others share by multicast."""
    busy = 1
    for d in range(N_DIMENSIONS):
        if units[d] and tensor >> d & 1:
            busy *= min(units[d], _up(size[d], tile[d]))
    return busy


@helper
def _traffic(
    size: Array, l2: Array, l1: Array, units: Array, orders: Array, trips: Array, stride: int
) -> tuple[int, int, int, int, int]:
    """Return the words that move and those that are held.

    In order: in and out of L2 towards the PEs; over the network; from and to memory; of an L1
    tile; of the L2 tiles of all clusters.

    Tiles at a layer's edge count as whole ones. Partial sums that leave a level return to it,
    except for the first visit.
    """
    _trips(l2, l1, units[1], trips[1])
    _trips(size, l2, units[0], trips[0])
    l2_words = noc_words = dram_words = l1_size = l2_size = 0
    for tensor in (WEIGHTS, INPUTS, OUTPUTS):
        small = _volume(l1, tensor, stride)
        large = _volume(l2, tensor, stride) * _busy(size, l2, units[0], tensor)
        pes = _busy(size, l2, units[0], tensor) * _busy(l2, l1, units[1], tensor)
        fetches = _visits(orders[0], trips[0], tensor, _visits(orders[1], trips[1], tensor, 1))
        different, outer = _distinct(trips[0], tensor), _visits(orders[0], trips[0], tensor, 1)
        towards, down = small * pes * fetches, large * outer
        l1_size, l2_size = l1_size + small, l2_size + large
        if tensor == OUTPUTS:
            first = small * pes * different * _distinct(trips[1], tensor)
            l2_words += 2 * towards
            noc_words += 2 * towards - first
            dram_words += 2 * down - large * different
        else:
            l2_words += towards
            noc_words += towards
            dram_words += down
    return l2_words, noc_words, dram_words, l1_size, l2_size


@inlined
def _refuse(too_large: float, cluster: int, pes: int) -> tuple[int, float]:
    if too_large > 0.0:
        return TILE_SIZE, too_large
    if cluster > pes:
        return PE_COUNT, cluster / pes - 1.0
    return 0, 0.0


@kernel
def cost_tiles(
    layers: Array,
    hardware: Array,
    spread: Array,
    orders: Array,
    tiles: Array,
    fitted: Array,
    results: Array,
    reasons: Array,
    excess: Array,
) -> None:
    """Write the costs of mappings, each of its own layer or all of the first.

    Args:
        layers: int64 (1 or n, 9), columns as `LAYER_FIELDS`; groups are 1.
        hardware: int64 (4, n): PEs, words per cycle to the PEs and from memory, PEs of a cluster
            (0: as many as the L1 tiles of the dimension that is spread over them).
        spread: int64 (2, n), the dimension spread over clusters and that over PEs.
        orders: int64 (n, 2, 6), of L2 tiles and of L1 tiles.
        tiles: int64 (2, 6, n), sizes of L2 tiles and of L1 tiles.
        fitted: bool (n,), whether what is too large is cut instead of refused.
        results: Result, float64 (7, n), in the order of `RESULTS`; NaN where refused.
        reasons: Result, int64 (n,), index in `columns.REASONS`.
        excess: Result, float64 (n,), by how much a refused mapping is too large, else 0.
    """
    own = 1 if len(layers) > 1 else 0
    size, l2, l1 = np.empty((3, N_DIMENSIONS), np.int64)
    units, trips = np.empty((2, 2, N_DIMENSIONS), np.int64)
    for row in range(hardware.shape[1]):
        n, size[K], size[C], size[P], size[Q], size[R], size[S], stride, _ = layers[row * own]
        pes, noc_bw, offchip_bw, cluster = hardware[:, row]
        over, within = spread[:, row]
        too_large = _fit(tiles[:, :, row], size, l2, l1)
        if cluster == 0:
            cluster = min(pes, _up(l2[within], l1[within]))
        if not fitted[row]:
            reasons[row], excess[row] = _refuse(too_large, cluster, pes)
            if reasons[row]:
                results[:, row] = np.nan
                continue
        cluster = min(cluster, pes)
        units[:] = 0
        units[0, over], units[1, within] = pes // cluster, cluster
        compute = n * _compute(size, l2, l1, units)
        l2_words, noc_words, dram_words, l1_size, l2_size = _traffic(
            size, l2, l1, units, orders[row], trips, stride
        )
        results[0, row] = max(compute, n * noc_words // noc_bw, n * dram_words // offchip_bw)
        results[1, row] = compute
        results[2, row] = n * np.prod(size)
        results[3, row] = n * l2_words
        results[4, row] = n * dram_words
        results[5, row] = l1_size
        results[6, row] = l2_size
