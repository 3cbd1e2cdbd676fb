"""ONNX files as workloads of the environments, in Python, at the command line and in launches."""

from __future__ import annotations

import pytest

import archgym
from archgym.cli.listing import environment_sections
from archgym.errors import SettingError, WorkloadError
from archgym.experiments.user_files import content_hashes, located
from archgym.registry import environments
from tests.cost_models.dnn.onnx_files import OnnxFile, resnet18


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    return str(resnet18("n").save(tmp_path_factory.mktemp("onnx") / "resnet18.onnx"))


@pytest.mark.parametrize(
    ("env", "designs", "metrics"),
    [
        (
            "dnn.systolic",
            [{"array_rows": 32}, {"array_rows": 8}],
            ["stall_free_cycles", "sram_filter_reads"],
        ),
        (
            "dnn.dataflow",
            [{"dataflow": "rs"}, {"dataflow": "kcp_ws"}],
            ["runtime_cycles", "energy_pj"],
        ),
    ],
)
def test_a_file_costs_what_the_registered_network_does(env, designs, metrics, resnet):
    ours = archgym.make_problem(env, resnet, batch=1).evaluate(designs)
    table = archgym.make_problem(env, "resnet18").evaluate(designs)
    assert ours[metrics].equals(table[metrics])


@pytest.mark.parametrize("env", ["dnn.mapping", "dnn.tiles"])
def test_a_node_of_a_file_costs_what_the_registered_layer_does(env, resnet):
    ours = archgym.make_problem(env, f"{resnet}/conv3b_1", dims="n=1")
    table = archgym.make_problem(env, "resnet18/conv3_x")
    assert ours.space.size == table.space.size
    assert ours.default_measured.metrics == table.default_measured.metrics


def test_a_file_needs_a_node_where_layers_are_mapped(resnet):
    with pytest.raises(WorkloadError, match=r"resnet18\.onnx/conv1, .*resnet18\.onnx/conv2a_1"):
        archgym.make_problem("dnn.mapping", resnet, batch=1)


def test_settings_are_checked(resnet):
    with pytest.raises(SettingError, match="setting 'batch': 0 is not positive"):
        archgym.make_problem("dnn.systolic", resnet, batch=0)
    with pytest.raises(SettingError, match="'ignore' is not one of refuse, skip"):
        archgym.make_problem("dnn.systolic", resnet, unsupported="ignore")


def test_tables_of_layers_and_operators(resnet):
    problem = archgym.make_problem("dnn.systolic", resnet, batch=1)
    tables = problem.cost_model.detail(problem.space.default, problem.workload)
    assert tables["layers"]["macs"] @ tables["layers"]["count"] == problem.workload.macs
    assert tables["operators"]["treatment"].tolist().count("counted") == 2
    described = environment_sections(environments.get("dnn.systolic"), resnet, {"batch": "1"})
    assert {"operator": "Add", "treatment": "no MACs", "nodes": 8} in described["in the workload"]


def test_launches_find_files_and_their_nodes(tmp_path):
    file = OnnxFile(x=[4, 8])
    file.node("MatMul", "x", file.weight(8, 16), name="product")
    path = file.save(tmp_path / "net.onnx")
    assert located("net.onnx/product", (), tmp_path) == f"{path.resolve()}/product"
    env = environments.get("dnn.tiles")

    def hashed():
        problem = env.make_problem(workload=f"{path}/product")
        return content_hashes(problem, env, "gamma_tiles")["workload"]

    before = hashed()
    file.node("Relu", "t0")
    file.save(path)
    assert before != hashed()
