"""An ONNX file as its nodes and the shapes of its tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archgym.cost_models.dnn.onnx_network.inference import MOST_ELEMENTS, Shape, infer_shapes
from archgym.cost_models.dnn.onnx_network.options import OnnxOptions
from archgym.errors import MissingExtraError, WorkloadError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto


@dataclass(frozen=True)
class OnnxGraph:
    """The nodes of a file in their order, functions inlined, and what is known of shapes.

    Attributes:
        path: Of the file.
        digest: SHA-256 of the file's bytes, in hexadecimal.
        nodes: As in the file.
        shapes: Tensor -> its sizes, for those known entirely.
        reason: What shape inference had to say about those that are not known; often empty.
    """

    path: Path
    digest: str
    nodes: tuple[NodeProto, ...]
    shapes: Mapping[str, Shape]
    reason: str

    def shape(self, tensor: str) -> Shape:
        """Return the sizes of a tensor.

        Raises:
            WorkloadError: They are not known.
        """
        if tensor not in self.shapes:
            reason = f": {self.reason}" if self.reason else ""
            raise WorkloadError(f"the shape of {tensor!r} is not known{reason}")
        return self.shapes[tensor]


def load_graph(path: Path, options: OnnxOptions) -> OnnxGraph:
    """Return the graph of a file with all open dimensions of its inputs filled in.

    Raises:
        MissingExtraError: The package ``onnx`` is not installed.
        WorkloadError: The file is no ONNX model, or leaves dimensions open that the options do
            not give.
    """
    try:
        import onnx.inliner
    except ImportError:
        raise MissingExtraError("reading ONNX files", "onnx") from None
    content = _read(path)
    model = _parse(path, content)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    _refuse_negative(path, model.graph)
    _fill_in(path, model.graph, options)
    _forget_weights(model.graph)
    nodes = tuple(model.graph.node)
    try:
        shapes, reason = infer_shapes(model)
    except WorkloadError as error:
        raise WorkloadError(f"{path}: {error}") from None
    return OnnxGraph(path, hashlib.sha256(content).hexdigest(), nodes, shapes, reason)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkloadError(f"{path}: cannot be read: {error.strerror or error}") from None


def _parse(path: Path, content: bytes) -> ModelProto:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError:
        raise WorkloadError(
            f"{path}: is not an ONNX model (not a protobuf of that kind)"
        ) from None
    if not model.ir_version or not model.graph.node:
        raise WorkloadError(f"{path}: is not an ONNX model, or one without nodes")
    if not all(isinstance(name, str) for name in _names(model.graph)):
        raise WorkloadError(f"{path}: is not a sound ONNX model: a name in it is not UTF-8")
    return model


def _names(graph: GraphProto) -> Iterator[object]:
    """Yield all names; the library gives bytes for those that are no text."""
    for node in graph.node:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
    for tensor in (*graph.initializer, *graph.input, *graph.output, *graph.value_info):
        yield tensor.name


def _refuse_negative(path: Path, graph: GraphProto) -> None:
    for tensor in (*graph.input, *graph.value_info, *graph.output):
        for axis, size in enumerate(tensor.type.tensor_type.shape.dim):
            if size.dim_value < 0:
                raise WorkloadError(
                    f"{path}: tensor {tensor.name!r} has the size {size.dim_value} in dimension"
                    f" {axis}; sizes are >= 1, or named where they are open"
                )


def _inputs(graph: GraphProto) -> Iterator[ValueInfoProto]:
    """Yield what is fed into the graph; old files list weights among the inputs."""
    weights = {tensor.name for tensor in graph.initializer}
    return (tensor for tensor in graph.input if tensor.name not in weights)


def _fill_in(path: Path, graph: GraphProto, options: OnnxOptions) -> None:
    """Give open dimensions their sizes, wherever their names occur."""
    sizes = dict(options.dims)
    _refuse_unknown_names(path, graph, sizes)
    if options.batch is not None:
        _fill_in_batch(graph, options.batch, sizes)
    for tensor in (*graph.input, *graph.value_info, *graph.output):
        for size in tensor.type.tensor_type.shape.dim:
            if size.dim_param in sizes:
                size.dim_value = sizes[size.dim_param]
    _refuse_open(path, graph)


def _fill_in_batch(graph: GraphProto, batch: int, sizes: dict[str, int]) -> None:
    for tensor in _inputs(graph):
        for first in tensor.type.tensor_type.shape.dim[:1]:
            if first.dim_param:
                sizes.setdefault(first.dim_param, batch)
            elif not first.HasField("dim_value"):
                first.dim_value = batch


def _refuse_unknown_names(path: Path, graph: GraphProto, sizes: Mapping[str, int]) -> None:
    known = sorted(
        {
            size.dim_param
            for tensor in _inputs(graph)
            for size in tensor.type.tensor_type.shape.dim
            if size.dim_param
        }
    )
    for name in sizes:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise WorkloadError(
                f"{path}: no input has an open dimension {name!r} (open: {listed})"
            )


def _refuse_open(path: Path, graph: GraphProto) -> None:
    missing = [
        f"{size.dim_param or f'dimension {axis}'} of input {tensor.name!r}"
        for tensor in _inputs(graph)
        for axis, size in enumerate(tensor.type.tensor_type.shape.dim)
        if not size.HasField("dim_value")
    ]
    if missing:
        raise WorkloadError(
            f"{path}: open dimensions: {', '.join(missing)}; give batch=SIZE for the first ones,"
            " dims=NAME=SIZE,... for those with names"
        )


def _forget_weights(graph: GraphProto) -> None:
    """Drop the values of large tensors, which say nothing about shapes but cost time."""
    for tensor in graph.initializer:
        elements = 1
        for size in tensor.dims:
            elements *= size
        if elements > MOST_ELEMENTS:
            for values in ("raw_data", "float_data", "int32_data", "int64_data", "double_data"):
                tensor.ClearField(values)
