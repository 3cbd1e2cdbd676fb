"""The registered networks, as declared in ``layers.csv``, and workloads given as text."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from archgym.cost_models.dnn.layer import Layer, gemm, parse_layer
from archgym.cost_models.dnn.network import LAYER_FIELDS, PER_DESIGN, Network, single
from archgym.cost_models.dnn.onnx_network import OnnxOptions, is_onnx, read_onnx
from archgym.errors import UnknownNameError

_USUAL = OnnxOptions()
_PACKAGE = "archgym.cost_models.dnn.workloads"


@cache
def list_networks() -> Mapping[str, Network]:
    """Return the registered networks by name."""
    text = files(_PACKAGE).joinpath("layers.csv").read_text("utf-8")
    parts: dict[str, list[tuple[Layer, int, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        part = _layer(row), int(row["count"]), row["layer"]
        parts.setdefault(row["network"], []).append(part)
    return MappingProxyType({name: _network(name, layers) for name, layers in parts.items()})


@cache
def list_layers() -> Mapping[str, Network]:
    """Return every layer of the registered networks as a network of one, ``network/layer``."""
    return MappingProxyType(
        {
            f"{network.name}/{label}": single(f"{network.name}/{label}", layer)
            for network in list_networks().values()
            for label, layer in zip(network.labels, network.layers, strict=True)
        }
    )


def load_network(name: str, onnx: OnnxOptions = _USUAL) -> Network:
    """Return the network of a registered name, of a layer's name or text, or of an ONNX file.

    ``columns`` is the network without layers: each design brings its own.

    Args:
        name: For example ``resnet18``, ``resnet18/conv2_x``, ``gemm:M=1,N=2,K=3``, ``columns``,
            ``nets/mine.onnx``, ``nets/mine.onnx/conv1``.
        onnx: How a file is read.

    Raises:
        MissingExtraError: A file, and the package ``onnx`` is not installed.
        UnknownNameError: Neither a name nor the text of a layer.
        WorkloadError: The text of a layer is not well formed, or a file cannot be read.
    """
    if name == PER_DESIGN.name:
        return PER_DESIGN
    if is_onnx(name):
        return read_onnx(name, onnx)
    if ":" in name:
        return single(name, parse_layer(name))
    known = {**list_networks(), **list_layers()}
    if name not in known:
        hint = (
            "; a layer may also be given as conv:... or gemm:..., or per design as columns; a"
            " network as FILE.onnx"
        )
        raise UnknownNameError("network or layer", name, known, hint)
    return known[name]


def _layer(row: Mapping[str, str]) -> Layer:
    if row["kind"] == "gemm":
        m, n, k, batch = (int(row[f"gemm_{word}"]) for word in ("m", "n", "k", "batch"))
        return gemm(m, n, k, batch)
    return Layer(**{field: int(row[field]) for field in LAYER_FIELDS})


def _network(name: str, parts: list[tuple[Layer, int, str]]) -> Network:
    layers, counts, labels = zip(*parts, strict=True)
    return Network(name, layers, counts, labels)
