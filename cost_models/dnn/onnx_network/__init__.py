"""Networks out of the user's own ONNX files: shapes alone are read, weights are not."""

from archgym.cost_models.dnn.onnx_network.options import REFUSE, SKIP, OnnxOptions, parse_dims
from archgym.cost_models.dnn.onnx_network.reading import OnnxNetwork, is_onnx, read_onnx

__all__ = [
    "REFUSE",
    "SKIP",
    "OnnxNetwork",
    "OnnxOptions",
    "is_onnx",
    "parse_dims",
    "read_onnx",
]
