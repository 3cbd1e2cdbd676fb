"""Numbers of a network that decide what it costs on any accelerator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.layer import gemm
from archgym.cost_models.dnn.network import LAYER_FIELDS, Network, single

Column = NDArray[np.float64]
_SHARES = ("pointwise", "depthwise", "strided")
_ANY = single("any", gemm(1, 1, 1))


def network_features(network: Network) -> dict[str, float]:
    """Return the features of a network; all are 0 where designs bring their own layers.

    Returns:
        ``layers``, ``macs``, ``weights``, ``inputs`` and ``outputs`` (words of all layers);
        ``largest_layer``, its share of the MACs; ``mean_log2_*`` of input and output channels of
        a group, output positions, filter positions and groups, and the ``*_share`` of pointwise,
        depthwise and strided layers, each weighted with MACs.
    """
    if network.is_per_design:
        return dict.fromkeys(network_features(_ANY), 0.0)
    size = dict(zip(LAYER_FIELDS, network.rows.T.astype(np.float64), strict=True))
    counts, groups = np.array(network.counts, dtype=np.float64), size["groups"]
    inside = {
        "inputs": size["C"] / groups,
        "outputs": size["K"] / groups,
        "positions": size["N"] * size["P"] * size["Q"],
        "filter": size["R"] * size["S"],
        "groups": groups,
    }
    macs = counts * np.prod([*inside.values()], axis=0)
    share = macs / macs.sum()
    totals = {
        "layers": counts.sum(),
        "macs": macs.sum(),
        "weights": counts @ (size["K"] * inside["inputs"] * inside["filter"]),
        "inputs": counts @ _inputs(size),
        "outputs": counts @ (size["K"] * inside["positions"]),
        "largest_layer": (share / counts).max(),
    }
    means = {f"mean_log2_{name}": share @ np.log2(values) for name, values in inside.items()}
    kinds = dict(zip(_SHARES, _kinds(network, inside["filter"], size["stride"]), strict=True))
    shares = {f"{name}_share": share @ which for name, which in kinds.items()}
    return {name: float(value) for name, value in (totals | means | shares).items()}


def _inputs(size: dict[str, Column]) -> Column:
    """Return the words of each layer's input, halo included."""
    high = (size["P"] - 1) * size["stride"] + size["R"]
    wide = (size["Q"] - 1) * size["stride"] + size["S"]
    return size["N"] * size["C"] * high * wide


def _kinds(network: Network, filters: Column, strides: Column) -> tuple[Column, Column, Column]:
    depthwise = np.array([layer.is_depthwise for layer in network.layers], dtype=np.float64)
    return (filters == 1.0).astype(np.float64), depthwise, (strides > 1.0).astype(np.float64)
