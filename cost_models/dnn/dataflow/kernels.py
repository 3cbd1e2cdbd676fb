"""What one layer costs under a template dataflow: closed forms, compiled by Numba.

Source: MAESTRO (Kwon et al., MICRO 2019; maestro-project/maestro, MIT) in the behaviour of commit
4eb08d1 at stride 1. A template cuts the layer into steps; each takes as long as the work of one
cluster or as the words that the step fetches, whichever is longer. The work of a cluster is the
MACs of one PE after the words of the cluster have come in over the network.

Every template returns (steps, MACs of a PE, words of a cluster, words of a step, outputs of a
step, input words fetched in all, weight words fetched in all, partial sums written in all, words
that a PE holds). Their arguments: ``k, c`` channels of one group, ``p, q`` output size, ``r, s``
filter size, ``rows, columns`` what a window covers of the input while it slides along it.
"""

from __future__ import annotations

from pathlib import Path

from archgym.cost_models.compiled import Array, Compiler

Costs = tuple[int, ...]
COMPILER = Compiler("dnn-dataflow", Path(__file__).parent)
kernel, inlined = COMPILER.kernel, COMPILER.inlined

KCP_WS, YXP_OS, XP_WS, RS = range(4)  # in the order of `templates.DATAFLOWS`
MOST_CHANNELS = 64  # of one cluster of kcp_ws
CLUSTER_COLUMNS = 8  # output columns of one cluster of yxp_os
FILTERS, CHANNELS = 2, 3  # of one step of rs

# The results of a layer, in the order of `layer_costs.LayerCosts`.
RESULTS = (
    "runtime_cycles",
    "macs",
    "l2_input_reads",
    "l2_weight_reads",
    "l2_partial_writes",
    "outputs",
    "l1_words",
    "l2_words",
)


@inlined
def _up(a: int, b: int) -> int:
    return (a + b - 1) // b


@inlined
def _kcp_ws(k: int, c: int, p: int, q: int, r: int, s: int, columns: int, pes: int) -> Costs:
    """NVDLA-like: filters over clusters, channels over the PEs of one; weights stay."""
    cluster = min(c, MOST_CHANNELS, pes)
    filters = min(pes // cluster, k)
    filter_rounds, channel_rounds = _up(k, filters), _up(c, cluster)
    taps = r * s
    return (
        filter_rounds * channel_rounds * p * q,
        taps,
        2 * taps * cluster,
        taps * cluster * (1 + filters),
        filters,
        filter_rounds * c * p * r * columns,
        k * c * taps,
        k * p * q * channel_rounds,
        3 * taps,
    )


@inlined
def _kcp_ws_depthwise(c: int, p: int, q: int, r: int, s: int, columns: int, pes: int) -> Costs:
    """The same for depthwise layers: channels over the PEs, no clusters."""
    channels, taps = min(pes, c), r * s
    return (
        _up(c, channels) * p * q,
        taps,
        0,
        2 * taps * channels,
        channels,
        c * p * r * columns,
        c * taps,
        c * p * q,
        3 * taps,
    )


@inlined
def _yxp_os(k: int, c: int, p: int, q: int, r: int, s: int, columns: int, pes: int) -> Costs:
    """ShiDianNao-like: output rows over clusters, columns over the PEs of one; outputs stay."""
    width, taps = min(CLUSTER_COLUMNS, pes), r * s
    rows = pes // width
    used_rows, used_columns = min(rows, p), min(width, q)
    return (
        k * c * _up(p, rows) * _up(q, width),
        taps,
        r * (used_columns - 1 + s) + taps,
        used_rows * r * (used_columns - 1 + s) + taps,
        used_rows * used_columns,
        k * c * p * r * columns,
        k * c * taps,
        k * c * p * q,
        3 * taps,
    )


@inlined
def _xp_ws(
    k: int, c: int, p: int, q: int, r: int, s: int, rows: int, columns: int, pes: int, step: int
) -> Costs:
    """Output columns over the PEs, rows in time; weights stay.

    Rows of inputs are kept from step to step where one round takes a whole output row.
    """
    used, taps, rounds = min(pes, q), r * s, _up(q, pes)
    halo = (rounds - 1) * max(s - step, 0)
    return (
        k * c * p * rounds,
        taps,
        0,
        (used + 1) * taps,
        used,
        k * c * (rows * columns if rounds == 1 else p * r * (columns + halo)),
        k * c * taps,
        k * c * p * q,
        3 * taps,
    )


@inlined
def _rs(k: int, c: int, p: int, q: int, r: int, s: int, columns: int, pes: int) -> Costs:
    """Eyeriss-like: output rows over clusters of a PE per filter row; rows stay."""
    height = min(r, pes)
    rows, taps = pes // height, r * s
    used = min(rows, p)
    filter_rounds, channel_rounds = _up(k, FILTERS), _up(c, CHANNELS)
    return (
        filter_rounds * channel_rounds * _up(p, rows) * q,
        FILTERS * CHANNELS * s * _up(r, height),
        (CHANNELS + FILTERS * CHANNELS) * taps,
        CHANNELS * taps * used + FILTERS * CHANNELS * taps,
        FILTERS * used,
        filter_rounds * channel_rounds * CHANNELS * p * r * columns,
        k * channel_rounds * CHANNELS * taps,
        k * p * q * channel_rounds,
        (FILTERS * CHANNELS + CHANNELS + FILTERS) * s,
    )


@inlined
def cost_layer(layer: Array, dataflow: int, pes: int, noc_bw: int, offchip_bw: int) -> Costs:
    """Return the `RESULTS` of one layer.

    Groups run one after another, and so do the images of a batch; the channels of a depthwise
    layer run together. A cluster is no larger than the array.
    """
    n, k, c, p, q, r, s, stride, groups = layer
    depthwise = 1 < groups == c == k
    macs, outputs = n * k * (c // groups) * p * q * r * s, n * k * p * q
    repeats = n if depthwise else n * groups
    k, c = (1, c) if depthwise else (k // groups, c // groups)
    rows, columns = (p - 1) * min(stride, r) + r, (q - 1) * min(stride, s) + s
    if dataflow == KCP_WS and depthwise:
        found = _kcp_ws_depthwise(c, p, q, r, s, columns, pes)
    elif dataflow == KCP_WS:
        found = _kcp_ws(k, c, p, q, r, s, columns, pes)
    elif dataflow == YXP_OS:
        found = _yxp_os(k, c, p, q, r, s, columns, pes)
    elif dataflow == XP_WS:
        found = _xp_ws(k, c, p, q, r, s, rows, columns, pes, stride)
    else:
        found = _rs(k, c, p, q, r, s, columns, pes)
    steps, work, cluster, words, step_outputs, inputs, weights, partials, l1_words = found
    if depthwise:  # channels are not summed
        partials = c * p * q
    cycles = max(work + _up(cluster, noc_bw), words // offchip_bw, words // noc_bw)
    return (
        repeats * steps * cycles,
        macs,
        repeats * inputs,
        repeats * weights,
        repeats * partials,
        outputs,
        l1_words,
        words + step_outputs,
    )


@kernel
def cost_layers(
    layers: Array,
    dataflows: Array,
    pes: Array,
    noc_bw: Array,
    offchip_bw: Array,
    results: Array,
) -> None:
    """Write the costs of each layer under each design.

    Args:
        layers: int64 (1, m, 9), or (n, 1, 9) where each design has its own layer.
        dataflows: int64 (n,), index in `templates.DATAFLOWS`.
        pes: int64 (n,), processing elements.
        noc_bw: int64 (n,), words per cycle between the shared buffer and the PEs.
        offchip_bw: int64 (n,), words per cycle from memory.
        results: Result, float64 (8, n, m), in the order of `RESULTS`.
    """
    own = 1 if layers.shape[0] > 1 else 0
    for row in range(len(dataflows)):
        for at in range(layers.shape[1]):
            found = cost_layer(
                layers[row * own, at], dataflows[row], pes[row], noc_bw[row], offchip_bw[row]
            )
            for place, value in enumerate(found):
                results[place, row, at] = value
