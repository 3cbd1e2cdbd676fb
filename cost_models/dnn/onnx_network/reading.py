"""An ONNX file as a network: its layers with counts, and what became of each operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.layer import Layer
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.onnx_network.graph import OnnxGraph, load_graph
from archgym.cost_models.dnn.onnx_network.operators import Parts, UnsupportedError, layers_of_node
from archgym.cost_models.dnn.onnx_network.options import SKIP, OnnxOptions
from archgym.errors import UnknownNameError, WorkloadError

_SUFFIX = ".onnx"
_COUNTED, _FREE, _SKIPPED = "counted", "no MACs", "skipped"
_MOST_NAMED = 5
_Found = list[tuple[str, Layer, int]]


@dataclass(frozen=True)
class OnnxNetwork(Network):
    """The network of a file.

    Attributes:
        operators: (operator, treatment, nodes), where the treatment is "counted", "no MACs" or
            "skipped".
        digest: SHA-256 of the file.
    """

    operators: tuple[tuple[str, str, int], ...] = ()
    digest: str = ""

    def content_hash(self) -> str:
        """Return what identifies the file beside its name."""
        return self.digest

    def summary(self) -> list[dict[str, object]]:
        """Return the rows that ``archgym describe`` shows of the file."""
        return [
            {"operator": operator, "treatment": treatment, "nodes": nodes}
            for operator, treatment, nodes in self.operators
        ]

    def tables(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Return the layers and what became of each kind of operator."""
        columns = zip(*self.operators, strict=True)
        named = zip(("operator", "treatment", "nodes"), columns, strict=True)
        return {**super().tables(), "operators": {name: np.array(c) for name, c in named}}


def is_onnx(name: str) -> bool:
    """Return whether a workload's name is that of an ONNX file, or of a node in one."""
    return name.endswith(_SUFFIX) or f"{_SUFFIX}/" in name


def read_onnx(name: str, options: OnnxOptions) -> OnnxNetwork:
    """Return the network of ``path.onnx``, or the node of ``path.onnx/node`` alone.

    Layers are named after their nodes, or after a node's first output where it has no name of
    its own; the parts of a node that has several are ``node[0]``, ``node[1]``.

    Raises:
        MissingExtraError: The package ``onnx`` is not installed.
        UnknownNameError: There is no such node, or it costs no MACs.
        WorkloadError: The file is broken, leaves dimensions open, or has unsupported operators.
    """
    path, label = _split(name)
    graph = load_graph(path, options)
    found, uses = _read_nodes(graph, options)
    if not found:
        raise WorkloadError(f"{path}: no operator of it costs MACs that can be counted")
    chosen = [part for part in found if not label or _is_named(part[0], label)]
    if not chosen:
        raise UnknownNameError(f"layer of {path}", label, (part for part, _, _ in found))
    labels, layers, counts = zip(*chosen, strict=True)
    called = f"{path}/{labels[0]}" if label and len(chosen) == 1 else str(path)
    operators = tuple((*use, nodes) for use, nodes in uses.items())
    return OnnxNetwork(called, layers, counts, labels, operators, graph.digest)


def _split(name: str) -> tuple[Path, str]:
    """Return the file and the node; the first part of the name that is a file is the file."""
    end = name.find(f"{_SUFFIX}/")
    while end >= 0:
        path = Path(name[: end + len(_SUFFIX)]).expanduser()
        if path.is_file():
            return path, name[end + len(_SUFFIX) + 1 :]
        end = name.find(f"{_SUFFIX}/", end + 1)
    return Path(name).expanduser(), ""


def _is_named(part: str, label: str) -> bool:
    """Return whether a layer is, or is a part of, the node of that name.

    Exporters begin names with a slash, which paths lose.
    """
    name, wanted = part.lstrip("/"), label.strip("/")
    return name == wanted or name.rpartition("[")[0] == wanted


def _read_nodes(
    graph: OnnxGraph, options: OnnxOptions
) -> tuple[_Found, Mapping[tuple[str, str], int]]:
    found: _Found = []
    uses: Counter[tuple[str, str]] = Counter()
    refused: list[str] = []
    names = _node_names(graph)
    for name, node in zip(names, graph.nodes, strict=True):
        try:
            parts = layers_of_node(graph, node)
        except UnsupportedError as error:
            refused.append(f"{node.op_type} {name!r} ({error})")
            uses[node.op_type, _SKIPPED] += 1
        except WorkloadError as error:
            raise WorkloadError(f"{graph.path}: {node.op_type} {name!r}: {error}") from None
        else:
            uses[node.op_type, _COUNTED if parts else _FREE] += 1
            found += _named(name, parts)
    if refused and options.unsupported != SKIP:
        raise WorkloadError(_refusal(graph.path, refused))
    return found, uses


def _named(name: str, parts: Parts) -> _Found:
    if len(parts) == 1:
        return [(name, *parts[0])]
    return [(f"{name}[{place}]", *part) for place, part in enumerate(parts)]


def _node_names(graph: OnnxGraph) -> list[str]:
    """Return a name of each node that no other has."""
    counts = Counter(node.name for node in graph.nodes)
    return [
        node.name if node.name and counts[node.name] == 1 else next(iter(node.output), "")
        for node in graph.nodes
    ]


def _refusal(path: Path, refused: list[str]) -> str:
    more = len(refused) - _MOST_NAMED
    listed = ", ".join(refused[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"{path}: operators whose MACs cannot be counted: {listed}; unsupported={SKIP} leaves"
        " their costs out"
    )
