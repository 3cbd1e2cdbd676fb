"""Which workloads the environments of the family offer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from archgym.cost_models.dnn.network import PER_DESIGN, Network
from archgym.cost_models.dnn.workloads import list_layers, list_networks, load_network
from archgym.errors import WorkloadError

COLUMNS = PER_DESIGN.name
_COLUMNS_TEXT = "each design carries its own layer in the columns N, K, C, ... or gemm_m, ..."


def network_workloads(default: str) -> Mapping[str, str]:
    """Return all networks and layers with one line each, the default first."""
    found = {default: "", COLUMNS: _COLUMNS_TEXT}
    for name, network in {**list_networks(), **list_layers()}.items():
        found[name] = _describe(network)
    return MappingProxyType(found)


def layer_workloads(default: str) -> Mapping[str, str]:
    """Return the layers of one group, which can be mapped, the default first."""
    found = {default: "", COLUMNS: _COLUMNS_TEXT}
    for name, network in list_layers().items():
        if network.layers[0].groups == 1:
            found[name] = _describe(network)
    return MappingProxyType(found)


def load_single_layer(name: str) -> Network:
    """Return a layer that can be mapped.

    Raises:
        UnknownNameError: Neither a name nor the text of a layer.
        WorkloadError: A network, or a layer of several groups.
    """
    network = load_network(name)
    if network.is_per_design:
        return network
    if len(network.layers) > 1:
        layers = ", ".join(f"{name}/{label}" for label in network.labels[:3])
        raise WorkloadError(
            f"workload {name!r}: each layer of a network needs its own mapping; take one, for"
            f" example {layers}"
        )
    layer = network.layers[0]
    if layer.groups > 1:
        k, c = layer.K // layer.groups, layer.C // layer.groups
        one = f"conv:N={layer.N},K={k},C={c},R={layer.R},S={layer.S},P={layer.P},Q={layer.Q}"
        raise WorkloadError(
            f"workload {name!r}: {layer.groups} groups are mapped one by one; take"
            f" {one},stride={layer.stride}"
        )
    return network


def _describe(network: Network) -> str:
    if len(network.layers) > 1:
        return f"{sum(network.counts)} layers, {network.macs / 1e9:,.3f} GMACs"
    layer = network.layers[0]
    shape = ", ".join(f"{name} {getattr(layer, name)}" for name in "NKCPQRS")
    return f"{shape}, stride {layer.stride}, groups {layer.groups}"
