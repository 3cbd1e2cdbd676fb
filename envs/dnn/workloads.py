"""Which workloads the environments of the family offer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dnn.network import PER_DESIGN, Network
from archgym.cost_models.dnn.onnx_network import REFUSE, SKIP, OnnxOptions, parse_dims
from archgym.cost_models.dnn.workloads import list_layers, list_networks, load_network
from archgym.errors import SettingError, WorkloadError
from archgym.setting import Setting

COLUMNS = PER_DESIGN.name
_COLUMNS_TEXT = "each design carries its own layer in the columns N, K, C, ... or gemm_m, ..."

ONNX_SETTINGS = {
    "unsupported": Setting(
        REFUSE,
        choices=(REFUSE, SKIP),
        description="of an ONNX file: what happens to operators whose MACs cannot be counted",
    ),
    "batch": Setting(
        None, kind=int, description="of an ONNX file: size of its inputs' open first dimensions"
    ),
    "dims": Setting(
        "", description="of an ONNX file: sizes of open dimensions, as in batch=1,sequence=128"
    ),
}


def onnx_options(settings: Mapping[str, Any]) -> OnnxOptions:
    """Return how files are read, from those of `ONNX_SETTINGS` that are there.

    Raises:
        SettingError: ``batch`` is not positive, or ``dims`` is not well formed.
    """
    unsupported, batch, dims = (
        settings.get(name, setting.default) for name, setting in ONNX_SETTINGS.items()
    )
    if batch is not None and batch < 1:
        raise SettingError(f"setting 'batch': {batch!r} is not positive")
    return OnnxOptions(unsupported, batch, parse_dims(dims))


def load_any_network(name: str, settings: Mapping[str, Any]) -> Network:
    """Return a network or layer, by name, as text or from a file; see `load_network`."""
    return load_network(name, onnx_options(settings))


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


def load_single_layer(name: str, settings: Mapping[str, Any] | None = None) -> Network:
    """Return a layer that can be mapped; of a file's node with several products, one of them.

    Args:
        name: As in `load_network`.
        settings: With those of `ONNX_SETTINGS`; the defaults unless given.

    Raises:
        UnknownNameError: Neither a name nor the text of a layer.
        WorkloadError: A network, or a layer of several groups.
    """
    network = load_network(name, onnx_options(settings or {}))
    if network.is_per_design:
        return network
    if len(network.layers) > 1:
        layers = ", ".join(f"{network.name}/{label}" for label in network.labels[:3])
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
