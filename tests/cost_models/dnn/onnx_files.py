"""ONNX files for tests, made with onnx's own helpers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Sizes = list[int | str | None]


class OnnxFile:
    """Collects nodes and weights; `save` writes the model."""

    def __init__(self, opset: int = 21, **inputs: Sizes):
        self.opset = opset
        self.inputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)
            for name, sizes in inputs.items()
        ]
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, *sizes: int, dtype: Any = np.float32) -> str:
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.zeros(sizes, dtype), name))
        return name

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        output = f"t{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [output], name=name, **attributes)
        self.nodes.append(node)
        return output

    def constant(self, *values: int) -> str:
        value = numpy_helper.from_array(np.array(values, np.int64), "value")
        return self.node("Constant", value=value)

    def conv(self, inputs: str, kernels: int, depth: int, taps: int, **attributes: Any) -> str:
        attributes.setdefault("pads", [taps // 2] * 4)
        return self.node("Conv", inputs, self.weight(kernels, depth, taps, taps), **attributes)

    def save(self, path: Path) -> Path:
        last = helper.make_tensor_value_info(self.nodes[-1].output[0], TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "net", self.inputs, [last], self.weights)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("mine", 1)]
        onnx.save(helper.make_model(graph, opset_imports=opsets), str(path))
        return path


def resnet18(batch: int | str = 1) -> OnnxFile:
    """Return ResNet-18 for 224 x 224 images, as its paper has it."""
    file = OnnxFile(image=[batch, 3, 224, 224])
    x = file.node("Relu", file.conv("image", 64, 3, 7, strides=[2, 2], name="conv1"))
    x = file.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for stage, width in enumerate((64, 128, 256, 512), start=2):
        for block in "ab":
            stride = 2 if stage > 2 and block == "a" else 1
            x = _block(file, x, channels, width, stride, f"conv{stage}{block}")
            channels = width
    x = file.node("Flatten", file.node("GlobalAveragePool", x))
    file.node("Gemm", x, file.weight(1000, 512), transB=1, name="fc")
    return file


def _block(file: OnnxFile, x: str, depth: int, width: int, stride: int, name: str) -> str:
    y = file.conv(x, width, depth, 3, strides=[stride] * 2, name=f"{name}_1")
    y = file.conv(file.node("Relu", y), width, width, 3, name=f"{name}_2")
    if stride > 1:
        x = file.conv(x, width, depth, 1, strides=[stride] * 2, name=f"{name}_ds")
    return file.node("Relu", file.node("Add", x, y))
