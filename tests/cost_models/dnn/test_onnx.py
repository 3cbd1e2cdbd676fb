"""Networks out of ONNX files: real files, MACs counted by walking, broken files."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import onnx
import pytest

from archgym.cost_models.dnn.layer import Layer, gemm
from archgym.cost_models.dnn.onnx_network import OnnxOptions, parse_dims
from archgym.cost_models.dnn.workloads import load_network
from archgym.errors import SettingError, UnknownNameError, WorkloadError
from tests.cost_models.dnn.onnx_files import OnnxFile, resnet18

SKIP = OnnxOptions(unsupported="skip")


def parts(file, tmp_path, options=None):
    network = load_network(str(file.save(tmp_path / "net.onnx")), options or OnnxOptions())
    return list(zip(network.layers, network.counts, strict=True))


def one(operator, *operands, tmp_path, **attributes):
    """Return the layers of a file with one node over inputs of these shapes."""
    names = [f"x{place}" for place in range(len(operands))]
    file = OnnxFile(opset=23, **dict(zip(names, map(list, operands), strict=True)))
    file.node(operator, *names, **attributes)
    return parts(file, tmp_path)


# -- networks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    return resnet18().save(tmp_path_factory.mktemp("onnx") / "resnet18.onnx")


def test_resnet18_has_the_layers_of_the_table(resnet):
    found, table = load_network(str(resnet)), load_network("resnet18")
    assert found.macs == table.macs == 1_814_073_344
    counted = dict.fromkeys(table.layers, 0)
    for layer, count in zip(found.layers, found.counts, strict=True):
        counted[layer] += count
    assert counted == dict(zip(table.layers, table.counts, strict=True))


def test_operators_without_macs_are_listed(resnet):
    network = load_network(str(resnet))
    treated = {row["operator"]: (row["treatment"], row["nodes"]) for row in network.summary()}
    assert treated["Conv"] == ("counted", 20)
    assert treated["MaxPool"] == ("no MACs", 1)
    assert treated["Relu"] == ("no MACs", 17)
    assert (
        network.tables()["operators"]["nodes"].sum() == 49 == sum(n for _, n in treated.values())
    )


def test_one_node_of_a_file(resnet):
    layer = load_network(f"{resnet}/conv2a_1")
    assert layer.layers == load_network("resnet18/conv2_x").layers
    assert layer.name == f"{resnet}/conv2a_1"
    with pytest.raises(UnknownNameError, match="did you mean 'conv2a_"):
        load_network(f"{resnet}/conv2a_3")


def test_open_dimensions_are_filled_in(tmp_path):
    path = str(resnet18("n").save(tmp_path / "open.onnx"))
    with pytest.raises(WorkloadError, match=r"open dimensions: n of input 'image'; give batch="):
        load_network(path)
    fixed = load_network(path, OnnxOptions(batch=4))
    assert fixed.layers == load_network(path, OnnxOptions(dims=(("n", 4),))).layers
    assert fixed.macs == 4 * 1_814_073_344
    with pytest.raises(WorkloadError, match=r"no input has an open dimension 'm' \(open: n\)"):
        load_network(path, OnnxOptions(dims=(("m", 4),)))


def test_a_dimension_without_a_name_is_the_batch(tmp_path):
    file = OnnxFile(x=[None, 12])
    file.node("MatMul", "x", file.weight(12, 5))
    assert parts(file, tmp_path, OnnxOptions(batch=3)) == [(gemm(3, 5, 12), 1)]


def test_what_torch_exports(tmp_path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, padding=1, groups=8),
        torch.nn.ConvTranspose2d(8, 4, 2, stride=2),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 10),
    ).eval()
    path = tmp_path / "cnn.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (torch.zeros(1, 3, 32, 32),),
            str(path),
            dynamo=False,
            input_names=["image"],
            dynamic_axes={"image": {0: "n"}},
        )
    network = load_network(str(path), OnnxOptions(batch=2))
    assert network.layers == (
        Layer(8, 3, 3, 3, 16, 16, N=2, stride=2),
        Layer(8, 8, 3, 3, 16, 16, N=2, groups=8),
        gemm(2 * 16 * 16, 4 * 2 * 2, 8),
        gemm(2, 10, 4),
    )
    assert load_network(f"{path}/{network.labels[1]}", OnnxOptions(batch=2)).layers[0].groups == 8


def heads_by_computed_sizes():
    """Return the scores of an attention whose sizes are computed by nodes, as exporters do."""
    file = OnnxFile(x=["n", "t", 24])
    sizes = file.node("Shape", "x")
    outer = file.node("Slice", sizes, file.constant(0), file.constant(2), file.constant(0))
    depth = file.node("Slice", sizes, file.constant(2), file.constant(3), file.constant(0))
    each = file.node("Div", depth, file.constant(3))
    target = file.node("Concat", outer, file.constant(3), each, axis=0)
    split = file.node("Transpose", file.node("Reshape", "x", target), perm=[0, 2, 1, 3])
    file.node("MatMul", split, file.node("Transpose", split, perm=[0, 1, 3, 2]))
    return file


def test_sizes_that_the_graph_computes_are_followed(tmp_path):
    options = OnnxOptions(batch=2, dims=(("t", 10),))
    path = str(heads_by_computed_sizes().save(tmp_path / "heads.onnx"))
    network = load_network(path, options)
    assert network.layers == (gemm(10, 10, 8),)
    assert network.counts == (6,)
    assert ("Slice", "no MACs", 2) in network.operators


def test_sizes_that_an_exporter_wrote_as_numbers_must_fit(tmp_path):
    file = OnnxFile(x=["n", 12])
    split = file.node("Reshape", "x", file.constant(4, 3, 4))
    file.node("MatMul", split, file.weight(4, 5), name="product")
    path = str(file.save(tmp_path / "numbers.onnx"))
    assert load_network(path, OnnxOptions(batch=4)).layers == (gemm(12, 5, 4),)
    with pytest.raises(WorkloadError, match=r"Reshape 't1': \[6, 12\] cannot become \[4, 3, 4\]"):
        load_network(path, OnnxOptions(batch=6))


# -- operators -----------------------------------------------------------------------------------


def macs_by_walking(image, filters, strides, dilations, group):
    """Count products output by output and tap by tap; no padding."""
    (n, _, *extent), (k, depth, *taps) = image, filters
    outputs = [
        len(range(0, size - dilation * (tap - 1), stride))
        for size, tap, stride, dilation in zip(extent, taps, strides, dilations, strict=True)
    ]
    assert k % group == 0
    return sum(
        depth
        for _ in itertools.product(range(n), range(k), *map(range, outputs), *map(range, taps))
    )


@pytest.mark.parametrize(
    ("image", "filters", "strides", "dilations", "group"),
    [
        ((1, 3, 9, 8), (4, 3, 3, 3), (1, 1), (1, 1), 1),
        ((2, 4, 11, 11), (6, 2, 3, 2), (2, 2), (1, 1), 2),
        ((1, 4, 12, 13), (4, 1, 3, 3), (1, 1), (2, 2), 4),
        ((1, 2, 17, 12), (2, 2, 3, 1), (2, 2), (3, 5), 1),
        ((1, 2, 4, 12), (2, 2, 4, 3), (1, 2), (1, 2), 1),
        ((1, 2, 20), (3, 2, 5), (3,), (2,), 1),
    ],
)
def test_macs_of_convolutions(image, filters, strides, dilations, group, tmp_path):
    attributes = {"strides": strides, "dilations": dilations, "group": group}
    found = one("Conv", image, filters, tmp_path=tmp_path, **attributes)
    macs = sum(layer.macs * count for layer, count in found)
    assert macs == macs_by_walking(image, filters, strides, dilations, group)


def test_phases_of_a_dilated_filter_read_what_it_reads(tmp_path):
    """Each output of each phase reads the same inputs as the dilated filter does."""
    stride, dilation, taps, outputs = 2, 3, 3, 8
    image = (1, 1, 1, (outputs - 1) * stride + dilation * (taps - 1) + 1)
    wanted = sorted(
        tuple(stride * q + dilation * tap for tap in range(taps)) for q in range(outputs)
    )
    filters = {"strides": [1, stride], "dilations": [1, dilation]}
    found = one("Conv", image, (1, 1, 1, taps), tmp_path=tmp_path, **filters)
    sizes = [layer.Q for layer, count in found for _ in range(count)]
    assert sorted(sizes, reverse=True) == [3, 3, 2]
    read = [
        tuple(stride * phase + dilation * (layer_stride * q + tap) for tap in range(taps))
        for phase, size in enumerate(sizes)
        for layer_stride in {layer.stride for layer, _ in found}
        for q in range(size)
    ]
    assert sorted(read) == wanted


def test_a_transposed_convolution_is_the_product_before_overlaps_are_summed(tmp_path):
    found = one("ConvTranspose", (2, 6, 5, 7), (6, 4, 3, 3), tmp_path=tmp_path, group=2)
    assert found == [(gemm(2 * 5 * 7, 4 * 9, 3), 2)]
    assert found[0][0].macs * 2 == 2 * 6 * 5 * 7 * 4 * 9  # each pixel meets each tap of its group


@pytest.mark.parametrize(
    ("a", "b", "layer", "count"),
    [
        ((5, 7), (7, 3), gemm(5, 3, 7), 1),
        ((2, 4, 5, 7), (7, 3), gemm(40, 3, 7), 1),
        ((2, 4, 5, 7), (2, 4, 7, 3), gemm(5, 3, 7), 8),
        ((4, 5, 7), (2, 1, 7, 3), gemm(5, 3, 7), 8),
        ((7,), (7, 3), gemm(1, 3, 7), 1),
        ((5, 7), (7,), gemm(5, 1, 7), 1),
    ],
)
def test_matrix_products(a, b, layer, count, tmp_path):
    assert one("MatMul", a, b, tmp_path=tmp_path) == [(layer, count)]
    result = np.matmul(np.zeros(a), np.zeros(b))
    assert layer.macs * count == result.size * a[-1]


@pytest.mark.parametrize(
    ("equation", "a", "b", "layer", "count"),
    [
        ("ij,jk->ik", (5, 7), (7, 3), gemm(5, 3, 7), 1),
        ("bhqd,bhkd->bhqk", (2, 3, 5, 8), (2, 3, 6, 8), gemm(5, 6, 8), 6),
        ("abc,cd->abd", (2, 3, 5), (5, 4), gemm(6, 4, 5), 1),
    ],
)
def test_sums_of_products(equation, a, b, layer, count, tmp_path):
    assert one("Einsum", a, b, equation=equation, tmp_path=tmp_path) == [(layer, count)]


def test_transposed_operands_of_gemm(tmp_path):
    found = one("Gemm", (7, 5), (3, 7), transA=1, transB=1, tmp_path=tmp_path)
    assert found == [(gemm(5, 3, 7), 1)]


def test_attention_is_two_products_a_head(tmp_path):
    shapes = (2, 8, 5, 16), (2, 2, 6, 16), (2, 2, 6, 12)
    found = one("Attention", *shapes, tmp_path=tmp_path)
    assert found == [(gemm(5, 6, 16), 16), (gemm(5, 12, 6), 16)]
    flat = one(
        "Attention",
        (2, 5, 128),
        (2, 6, 32),
        (2, 6, 24),
        q_num_heads=8,
        kv_num_heads=2,
        tmp_path=tmp_path,
    )
    assert flat == found


def test_elementwise_products_cost_no_macs(tmp_path):
    file = OnnxFile(x=[3, 4])
    file.node("Einsum", file.node("Gemm", "x", file.weight(4, 5)), "x", equation="ij,kl->ij")
    file.nodes[-1] = onnx.helper.make_node("Einsum", ["x", "x"], ["y"], equation="ij,ij->ij")
    assert parts(file, tmp_path) == [(gemm(3, 5, 4), 1)]


# -- what is refused -----------------------------------------------------------------------------


def lstm(tmp_path):
    file = OnnxFile(x=[6, 2, 8])
    file.node("LSTM", "x", file.weight(1, 16, 8), file.weight(1, 16, 4), hidden_size=4)
    file.conv(file.node("Reshape", "x", file.weight(0)), 1, 1, 1)
    file.nodes[1:] = [onnx.helper.make_node("MatMul", ["x", file.weight(8, 3)], ["y"])]
    return file.save(tmp_path / "lstm.onnx")


def test_unsupported_operators_are_refused_or_skipped(tmp_path):
    path = str(lstm(tmp_path))
    with pytest.raises(WorkloadError, match=r"cannot be counted: LSTM 't0' .*unsupported=skip"):
        load_network(path)
    network = load_network(path, SKIP)
    assert network.layers == (gemm(12, 3, 8),)
    assert ("LSTM", "skipped", 1) in network.operators


@pytest.mark.parametrize(
    ("operator", "shapes", "attributes", "reason"),
    [
        ("Frobnicate", [(2, 2)], {}, "an unknown operator"),
        ("Attention", [(2, 2)], {"domain": "mine"}, "an operator of 'mine'"),
        ("Conv", [(1, 2, 9, 9), (2, 2, 3, 3)], {"strides": [1, 2]}, "strides .1, 2. differ"),
        ("Conv", [(1, 2, 9, 9, 9), (2, 2, 3, 3, 3)], {}, "a filter of 3 directions"),
        ("Einsum", [(3, 4), (4, 5)], {"equation": "ij,jk->i"}, "only products of two tensors"),
    ],
)
def test_refusals_say_why(operator, shapes, attributes, reason, tmp_path):
    with pytest.raises(WorkloadError, match=reason):
        one(operator, *shapes, tmp_path=tmp_path, **attributes)


@pytest.mark.parametrize(
    ("operator", "shapes", "reason"),
    [
        ("Conv", [(1, 3, 9, 9), (4, 2, 3, 3)], "Conv 't0': channels of input and filters differ"),
        ("MatMul", [(3, 4), (5, 6)], "inner sizes differ: 4 and 5"),
        ("Gemm", [(3, 4), (5, 6)], "inner sizes differ: 4 and 5"),
        ("Gemm", [(3, 4, 5), (5, 6)], r"operands of shape \[3, 4, 5\] and \[5, 6\] do not fit"),
        ("Conv", [(1, 3, 9, 9)], "it has 1 inputs, and needs 2"),
        ("Conv", [(1, 3, 2, 2), (4, 3, 3, 3)], "Conv 't0': "),
        ("MatMul", [(0, 4), (4, 6)], "P=0 is not an integer >= 1"),
        ("Relu", [(3, 4)], "no operator of it costs MACs"),
    ],
)
def test_broken_nodes_say_why(operator, shapes, reason, tmp_path):
    with pytest.raises(WorkloadError, match=reason) as raised:
        one(operator, *shapes, tmp_path=tmp_path)
    assert str(raised.value).startswith(str(tmp_path / "net.onnx"))
    assert "\n" not in str(raised.value)


def test_shapes_that_are_not_known(tmp_path):
    file = OnnxFile(x=[3, 4])
    hidden = file.node("Frobnicate", "x", domain="mine")
    file.node("MatMul", hidden, file.weight(4, 5), name="product")
    with pytest.raises(WorkloadError, match="MatMul 'product': the shape of 't0' is not known"):
        parts(file, tmp_path, SKIP)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not an ONNX model"),
        (b"layers:\n  - conv: 3\n", "is not an ONNX model"),
        (bytes(range(256)) * 9, "is not an ONNX model"),
        (b"\x08\x09", "or one without nodes"),
    ],
)
def test_other_files_are_refused(content, reason, tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(WorkloadError, match=reason):
        load_network(str(path))


def test_truncated_files_are_refused(resnet, tmp_path):
    content = resnet.read_bytes()
    path = tmp_path / "cut.onnx"
    for length in np.linspace(1, 4000, 25, dtype=int):
        path.write_bytes(content[:length])
        with pytest.raises(WorkloadError, match=r"cut\.onnx: "):
            load_network(str(path))


def test_damaged_files_are_read_or_refused_in_one_line(tmp_path):
    path = heads_by_computed_sizes().save(tmp_path / "damaged.onnx")
    content, rng = path.read_bytes(), np.random.default_rng(0)
    messages = []
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 2):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            load_network(str(path), OnnxOptions(batch=2, dims=(("t", 10),)))
        except (WorkloadError, UnknownNameError) as error:
            messages.append(str(error))
    assert 20 < len(messages) < 150
    assert not any("\n" in message for message in messages)


def test_negative_sizes_and_absent_files_are_refused(tmp_path):
    file = OnnxFile(x=[-1, 4])
    file.node("MatMul", "x", file.weight(4, 5))
    with pytest.raises(WorkloadError, match="tensor 'x' has the size -1 in dimension 0"):
        parts(file, tmp_path)
    with pytest.raises(WorkloadError, match="cannot be read: No such file"):
        load_network(str(tmp_path / "absent.onnx"))
    with pytest.raises(WorkloadError, match="cannot be read: No such file"):
        load_network(str(tmp_path / "absent.onnx/conv1"))


@pytest.mark.parametrize("text", ["n", "n=", "=3", "n=0", "n=-1", "n=1.5", "n=1,n=2", "n=x"])
def test_malformed_dims_are_refused(text):
    with pytest.raises(SettingError, match="setting 'dims'"):
        parse_dims(text)


def test_well_formed_dims():
    assert parse_dims("") == ()
    assert parse_dims("batch=1, sequence = 128") == (("batch", 1), ("sequence", 128))
    assert math.prod(size for _, size in parse_dims("a=2,b=3")) == 6
