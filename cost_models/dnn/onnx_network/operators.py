"""What a node costs: the layers that do its multiply-accumulate operations.

Operators after the ONNX specification (onnx.ai, opset 26 and earlier). A dilated convolution is
the convolutions of its phases: outputs whose index has the same remainder modulo the dilation use
inputs that lie a dilation apart, so each phase is a dense convolution of a coarser grid, and MACs
and reuse are exact. A transposed convolution is the product of its pixels with its filters; the
sum of the overlapping results costs no MACs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from archgym.cost_models.dnn.layer import Layer, gemm
from archgym.cost_models.dnn.onnx_network.graph import OnnxGraph
from archgym.cost_models.dnn.onnx_network.inference import Shape
from archgym.errors import WorkloadError

if TYPE_CHECKING:
    from onnx import NodeProto

Parts = list[tuple[Layer, int]]
STANDARD_DOMAINS = ("", "ai.onnx")
# Standard operators that multiply and accumulate, for which there is no layer.
WITHOUT_LAYER = frozenset(
    {
        "CausalConvWithState",
        "DFT",
        "DeformConv",
        "GRU",
        "If",
        "LSTM",
        "LinearAttention",
        "Loop",
        "RNN",
        "STFT",
        "Scan",
        "SequenceMap",
    }
)


class UnsupportedError(Exception):
    """A node costs MACs, but no layer stands for it; says why."""


def layers_of_node(graph: OnnxGraph, node: NodeProto) -> Parts:
    """Return the layers of a node with their counts; none where it costs no MACs.

    Raises:
        UnsupportedError: It costs MACs for which there is no layer.
        WorkloadError: A shape is not known, or makes no layer.
    """
    if node.domain not in STANDARD_DOMAINS:
        raise UnsupportedError(f"an operator of {node.domain!r}")
    if node.op_type in WITHOUT_LAYER:
        raise UnsupportedError("no layer stands for it")
    if node.op_type in _READERS:
        return _read(graph, node)
    if not _is_standard(node.op_type):
        raise UnsupportedError("an unknown operator")
    return []


def _read(graph: OnnxGraph, node: NodeProto) -> Parts:
    read, places = _READERS[node.op_type]
    if len(node.input) <= max(places, default=0):
        raise WorkloadError(
            f"it has {len(node.input)} inputs, and needs {max(places, default=0) + 1}"
        )
    shapes = [graph.shape(node.input[place]) for place in places]
    try:
        return read(_Node(graph, node), *shapes)
    except WorkloadError:
        raise
    except (TypeError, ValueError):  # shapes of another rank, attributes of another kind
        listed = " and ".join(str(list(shape)) for shape in shapes)
        raise WorkloadError(f"operands of shape {listed} do not fit it") from None


def _is_standard(operator: str) -> bool:
    import onnx.defs

    return bool(onnx.defs.has(operator))


class _Node:
    """A node with its attributes as Python values."""

    def __init__(self, graph: OnnxGraph, node: NodeProto):
        import onnx

        self._graph, self._node = graph, node
        self._values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def attribute(self, name: str, default: Any) -> Any:
        return self._values.get(name, default)

    def known(self) -> tuple[Shape | None, Shape | None]:
        """Return the shapes of the first input and the first output, None where not known."""
        shapes = self._graph.shapes
        return shapes.get(self._node.input[0]), shapes.get(self._node.output[0])

    def output(self) -> Shape:
        return self._graph.shape(self._node.output[0])

    def optional_input(self, place: int) -> Shape | None:
        names = self._node.input
        return self._graph.shape(names[place]) if place < len(names) and names[place] else None


def _convolution(node: _Node, inputs: Shape, filters: Shape) -> Parts:
    batch, channels, *_ = inputs
    kernels, depth, *taps = filters
    groups = int(node.attribute("group", 1))
    _same(channels, depth * groups, "channels of input and filters")
    if len(taps) > 2:
        raise UnsupportedError(f"a filter of {len(taps)} directions; layers have two")
    outputs, taps = _two(node.output()[2:]), _two(taps)
    strides, dilations = (_two(node.attribute(n, [])) for n in ("strides", "dilations"))
    stride = _one_stride(strides, outputs)
    phases = [_phases(*sizes) for sizes in zip(outputs, taps, dilations, strict=True)]

    def layer(p: int, q: int) -> Layer:
        rows, columns = taps
        return Layer(kernels, channels, rows, columns, p, q, batch, stride, groups)

    return [(layer(p, q), rows * columns) for (p, rows), (q, columns) in product(*phases)]


def _same(first: int, second: int, what: str) -> None:
    if first != second:
        raise WorkloadError(f"{what} differ: {first} and {second}")


def _two(sizes: Sequence[int]) -> list[int]:
    """Return the sizes of two directions; a filter along a line has one row."""
    return [1] * (2 - len(sizes)) + list(sizes)


def _one_stride(strides: list[int], outputs: list[int]) -> int:
    """Return the stride of both directions; where there is one output it has no meaning."""
    moving = {stride for stride, size in zip(strides, outputs, strict=True) if size > 1}
    if len(moving) > 1:
        raise UnsupportedError(f"strides {strides} differ; layers have one for both directions")
    return moving.pop() if moving else 1


def _phases(outputs: int, taps: int, dilation: int) -> list[tuple[int, int]]:
    """Return (outputs, how many) of the phases of a dilated filter along one direction."""
    if taps == 1 or dilation == 1:
        return [(outputs, 1)]
    small, larger = divmod(outputs, dilation)
    found = [(small + 1, larger), (small, dilation - larger)]
    return [(size, count) for size, count in found if size and count]


def _transposed(node: _Node, inputs: Shape, filters: Shape) -> Parts:
    batch, channels, *pixels = inputs
    depth, kernels, *taps = filters
    groups = int(node.attribute("group", 1))
    _same(channels, depth, "channels of input and filters")
    columns = kernels * math.prod(taps)
    return [(gemm(batch * math.prod(pixels), columns, channels // groups), groups)]


def _gemm(node: _Node, a: Shape, b: Shape) -> Parts:
    m, k = reversed(a) if node.attribute("transA", 0) else a
    inner, n = reversed(b) if node.attribute("transB", 0) else b
    _same(k, inner, "inner sizes")
    return [(gemm(m, n, k), 1)]


def _matmul(node: _Node, a: Shape, b: Shape) -> Parts:
    rows, columns = a if len(a) > 1 else (1, *a), b if len(b) > 1 else (*b, 1)
    (*outer, m, k), (*inner, depth, n) = rows, columns
    _same(k, depth, "inner sizes")
    if math.prod(inner) == 1:  # one matrix for the whole batch: a single product
        return [(gemm(math.prod(outer) * m, n, k), 1)]
    return [(gemm(m, n, k), math.prod(_broadcast(outer, inner)))]


def _broadcast(first: list[int], second: list[int]) -> list[int]:
    length = max(len(first), len(second))
    padded = [[1] * (length - len(sizes)) + sizes for sizes in (first, second)]
    return [max(pair) for pair in zip(*padded, strict=True)]


def _einsum(node: _Node, *operands: Shape) -> Parts:
    """Read a product of two tensors as a batch of matrix products; one tensor costs no MACs."""
    equation = node.attribute("equation", b"").decode().replace(" ", "")
    terms, arrow, result = equation.partition("->")
    first, comma, second = terms.partition(",")
    if not comma:
        return []
    letters = (first, second, result)
    if not arrow or "," in second or any(len(set(word)) < len(word) for word in letters):
        raise UnsupportedError(f"equation {equation!r}: only products of two tensors")
    if "." in equation or (set(first) ^ set(second)) - set(result):
        raise UnsupportedError(f"equation {equation!r}: only products of two tensors")
    second_shape = node.optional_input(1) or ()
    sizes = dict(zip(first + second, (*operands[0], *second_shape), strict=True))
    shared, kept = set(first) & set(second), set(result)
    if shared <= kept:
        return []  # nothing is summed: an elementwise product
    m, n, k, batch = (
        math.prod(sizes[letter] for letter in group)
        for group in (set(first) - shared, set(second) - shared, shared - kept, shared & kept)
    )
    return [(gemm(m, n, k), batch)]


def _attention(node: _Node, queries: Shape, keys: Shape, values: Shape) -> Parts:
    """Read scores and weighted values of each head; grouped queries share keys, not products."""
    batch, heads, length, depth = _heads(node, queries, "q_num_heads")
    _, _, attended, _ = _heads(node, keys, "kv_num_heads")
    *_, width = _heads(node, values, "kv_num_heads")
    past = node.optional_input(4)
    attended += past[2] if past is not None else 0
    products = gemm(length, attended, depth), gemm(length, width, attended)
    return [(layer, batch * heads) for layer in products]


def _heads(node: _Node, shape: Shape, attribute: str) -> Shape:
    if len(shape) == 4:
        return shape
    batch, length, width = shape
    heads = int(node.attribute(attribute, 1))
    return batch, heads, length, width // heads


def _reshape(node: _Node) -> Parts:
    """Find sizes that an exporter wrote as numbers and that do not fit the sizes given."""
    before, after = node.known()
    if before is not None and after is not None and math.prod(before) != math.prod(after):
        raise WorkloadError(
            f"{list(before)} cannot become {list(after)}: the file has sizes as numbers that fit"
            " only the sizes with which it was exported"
        )
    return []


# Operator -> what reads it, and the places of the operands among its inputs.
_READERS: Mapping[str, tuple[Callable[..., Parts], tuple[int, ...]]] = {
    "Attention": (_attention, (0, 1, 2)),
    "Conv": (_convolution, (0, 1)),
    "ConvInteger": (_convolution, (0, 1)),
    "ConvTranspose": (_transposed, (0, 1)),
    "Einsum": (_einsum, (0,)),
    "Gemm": (_gemm, (0, 1)),
    "MatMul": (_matmul, (0, 1)),
    "MatMulInteger": (_matmul, (0, 1)),
    "QLinearConv": (_convolution, (0, 3)),
    "QLinearMatMul": (_matmul, (0, 3)),
    "Reshape": (_reshape, ()),
}
