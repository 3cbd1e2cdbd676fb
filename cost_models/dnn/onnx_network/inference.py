"""Shapes of all tensors of a graph, those among them that the graph itself computes.

Exporters write sizes that follow from the input as nodes: Shape, Slice, Concat, Reshape. The
inference of the package ``onnx`` follows some of these computations. What it leaves open is
evaluated here with the package's reference implementation, on the few small tensors concerned,
until no more shapes become known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import WorkloadError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Shape = tuple[int, ...]
Values = dict[str, NDArray[Any]]
# Larger tensors are weights or activations, not sizes of others.
MOST_ELEMENTS = 1024
_ARITHMETIC = frozenset({"Add", "Ceil", "Div", "Floor", "Max", "Min", "Mod", "Mul", "Neg", "Sub"})
_MOVING = frozenset({"Cast", "Concat", "Expand", "Gather", "Identity", "Reshape", "Slice"})
_OTHERS = frozenset({"Constant", "ConstantOfShape", "Equal", "ReduceProd", "Where"})
_COMPUTE_SIZES = _ARITHMETIC | _MOVING | _OTHERS | {"Squeeze", "Unsqueeze"}


def infer_shapes(model: ModelProto) -> tuple[dict[str, Shape], str]:
    """Return tensor -> shape for all that are known, and why others are not; often empty.

    Nodes of the model that compute sizes are replaced by what they compute.

    Raises:
        WorkloadError: A node that computes sizes cannot be evaluated.
    """
    shapes, _ = _inferred(model, is_strict=False)
    while _has_unknown(model.graph, shapes) and _replace_sizes(model, shapes):
        shapes |= _inferred(model, is_strict=False)[0]
    if not _has_unknown(model.graph, shapes):
        return shapes, ""
    return shapes, _inferred(model, is_strict=True)[1]


def _inferred(model: ModelProto, is_strict: bool) -> tuple[dict[str, Shape], str]:
    import onnx.shape_inference as inference

    try:
        found = inference.infer_shapes(model, strict_mode=is_strict, data_prop=True)
    except (inference.InferenceError, MemoryError, ValueError) as error:
        return _known(model.graph), _in_one_line(error)
    return _known(found.graph), ""


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _known(graph: GraphProto) -> dict[str, Shape]:
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for tensor in (*graph.input, *graph.value_info, *graph.output):
        sizes = tensor.type.tensor_type.shape.dim
        has_shape = tensor.type.tensor_type.HasField("shape")
        if has_shape and all(size.HasField("dim_value") for size in sizes):
            shapes[tensor.name] = tuple(size.dim_value for size in sizes)
    return shapes


def _has_unknown(graph: GraphProto, shapes: Mapping[str, Shape]) -> bool:
    return any(name not in shapes for node in graph.node for name in node.output if name)


def _replace_sizes(model: ModelProto, shapes: Mapping[str, Shape]) -> bool:
    """Replace nodes whose results are known by their results; return whether there were any."""
    from onnx import numpy_helper

    values = _small_weights(model.graph)
    left = []
    for node in model.graph.node:
        value = _value(model, node, values, shapes)
        if value is None or value.size > MOST_ELEMENTS:
            left.append(node)
            continue
        values[node.output[0]] = value
        model.graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
    replaced = len(left) < len(model.graph.node)
    if replaced:
        del model.graph.node[:]
        model.graph.node.extend(left)
    return replaced


def _small_weights(graph: GraphProto) -> Values:
    from onnx import TensorProto, numpy_helper

    values = {}
    for tensor in graph.initializer:
        if math.prod(tensor.dims) > MOST_ELEMENTS or tensor.data_location == TensorProto.EXTERNAL:
            continue
        try:
            values[tensor.name] = numpy_helper.to_array(tensor)
        except (TypeError, ValueError) as error:
            raise WorkloadError(f"weight {tensor.name!r}: {_in_one_line(error)}") from None
    return values


def _value(
    model: ModelProto, node: NodeProto, values: Values, shapes: Mapping[str, Shape]
) -> NDArray[Any] | None:
    """Return what a node computes, None where that is not known or no size."""
    if node.domain not in ("", "ai.onnx"):
        return None
    if node.op_type == "Shape":
        shape = shapes.get(node.input[0])
        limits: dict[Any, int] = {attribute.name: attribute.i for attribute in node.attribute}
        part = slice(limits.get("start", 0), limits.get("end"))
        return None if shape is None else np.array(shape[part], dtype=np.int64)
    known = all(name in values for name in node.input if name)
    if node.op_type not in _COMPUTE_SIZES or not known or _grows(node, values):
        return None
    return _evaluated(model, node, values)


def _grows(node: NodeProto, values: Values) -> bool:
    """Return whether a node makes a large tensor out of small ones."""
    if node.op_type not in ("ConstantOfShape", "Expand"):
        return False
    sizes: list[int] = values[node.input[-1]].ravel().tolist()
    return math.prod(sizes) > MOST_ELEMENTS


def _evaluated(model: ModelProto, node: NodeProto, values: Values) -> NDArray[Any]:
    from onnx.reference import ReferenceEvaluator

    opsets = {opset.domain: opset.version for opset in model.opset_import}
    given = {name: values[name] for name in node.input if name}
    try:
        results: Any = ReferenceEvaluator(node, opsets=opsets).run(None, given)
        return np.asarray(results[0])
    except Exception as error:  # whatever the implementation of an operator raises
        name = node.name or node.output[0]
        raise WorkloadError(f"{node.op_type} {name!r}: {_in_one_line(error)}") from error
