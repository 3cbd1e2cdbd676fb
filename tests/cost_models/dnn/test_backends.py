"""SCALE-Sim and ZigZag behind our contract: what is asked, and what they say where they exist.

The tests of the tools themselves need a Python that has them, named by ARCHGYM_SCALESIM_PYTHON
and ARCHGYM_ZIGZAG_PYTHON.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import archgym
from archgym.cost_models.dnn.backends import scalesim, zigzag
from archgym.cost_models.dnn.backends.scalesim import ScaleSimModel
from archgym.cost_models.dnn.backends.zigzag import request_of
from archgym.cost_models.tool_process import ToolProcess
from archgym.errors import SettingError, UnknownNameError
from archgym.testing import CostModelConformance

needs_scalesim = pytest.mark.skipif(
    scalesim.VARIABLE not in os.environ, reason=f"{scalesim.VARIABLE} names no Python"
)
needs_zigzag = pytest.mark.skipif(
    zigzag.VARIABLE not in os.environ and find_spec("zigzag") is None,
    reason=f"needs the extra zigzag, or {zigzag.VARIABLE}",
)
# Stands in for SCALE-Sim: tells what it was asked, and fails on command.
DOUBLE = """\
import os, time

def answer(request):
    if request["rows"] == 13:
        os.abort()
    if request["rows"] == 17:
        time.sleep(60)
    def one(layer):
        return {"cycles": sum(layer), "stall_cycles": 1, "ifmap_reads": 2, "filter_reads": 3,
                "ofmap_writes": len(layer), "filled": request["rows"], "offered": request["cols"]}
    return {"layers": [one(layer) for layer in request["layers"]]}
"""


@pytest.fixture
def double(tmp_path):
    script = tmp_path / "run_double.py"
    script.write_text(DOUBLE)
    model = ScaleSimModel(ToolProcess("scalesim", Path(sys.executable), script, "", 1.0))
    yield model
    model.close()


def test_layers_are_given_group_by_group_and_counted(double):
    layer = "conv:K=8,C=12,R=3,S=2,P=5,Q=4,stride=2,groups=4"
    problem = archgym.make_problem("dnn.systolic", layer, cost_model=double)
    found = problem.evaluate([{"rows": 5, "cols": 10}]).iloc[0]
    asked = [4 * 2 + 3, 3 * 2 + 2, 3, 2, 12 // 4, 8 // 4, 2]
    assert found["stall_free_cycles"] == 4 * (sum(asked) - 1)
    assert found["sram_ofmap_writes"] == 4 * len(asked)
    assert found["macs"] == problem.workload.macs
    assert found["mapping_efficiency"] == 0.5
    batch = archgym.make_problem("dnn.systolic", layer + ",N=3", cost_model=double)
    product = [3 * 5 * 4, 8 // 4, 3 * 2 * 12 // 4]
    found = batch.evaluate([{"rows": 5, "cols": 10}]).iloc[0]
    assert found["stall_free_cycles"] == 4 * (sum(product) - 1)


def test_a_crash_and_a_time_out_cost_one_design_each(double):
    problem = archgym.make_problem("dnn.systolic", "resnet18", cost_model=double)
    found = problem.evaluate([{"rows": rows} for rows in (5, 13, 17, 5)])
    assert found["status"].tolist() == ["ok", "crashed", "timeout", "ok"]
    assert found["reward"].tolist()[1:3] == [-1, -1]
    assert "exit code -6" in found["error"][1]
    assert "no answer within 1 s" in found["error"][2]
    assert found["macs"][0] == found["macs"][3] == problem.workload.macs
    assert np.isnan(found["macs"][1])


def test_names_reach_the_tools(monkeypatch):
    monkeypatch.delenv(scalesim.VARIABLE, raising=False)
    monkeypatch.delenv(zigzag.VARIABLE, raising=False)
    monkeypatch.setattr("archgym.cost_models.tool_process.find_spec", lambda name: None)
    for env, name, package in (
        ("dnn.systolic", "scalesim", "scalesim==3.0.0 'numpy<2.4'"),
        ("dnn.mapping", "zigzag:timeout_s=5", "zigzag-dse==3.9.1 six"),
    ):
        with pytest.raises(SettingError, match=rf"_PYTHON is not set; make one: .*{package}"):
            archgym.make_problem(env, cost_model=name)
    with pytest.raises(SettingError, match=r"'scalesim' is one of dnn\.systolic, not dnn\.tiles"):
        archgym.make_problem("dnn.tiles", cost_model="scalesim")
    with pytest.raises(SettingError, match=r"'zigzag' is one of dnn\.mapping, not dnn\.systolic"):
        archgym.make_problem("dnn.systolic", cost_model="zigzag")
    with pytest.raises(SettingError, match="write scalesim or scalesim:timeout_s=SECONDS"):
        archgym.make_problem("dnn.systolic", cost_model="scalesim:fast")
    with pytest.raises(UnknownNameError, match=r"unknown cost model of 'dnn\.systolic' 'scalsim'"):
        archgym.make_problem("dnn.systolic", cost_model="scalsim")


def test_loops_are_given_from_the_innermost_and_without_ones():
    problem = archgym.make_problem("dnn.mapping", "conv:K=8,C=6,R=3,S=1,P=4,Q=5,stride=2")
    design = problem.space.encode(
        [
            {
                "bounds": "exact",
                "rf_R": 3,
                "glb_K": 4,
                "glb_P": 2,
                "sp_K": 2,
                "sp_C": 3,
                "dram_C": 2,
                "dram_P": 2,
                "dram_Q": 5,
                "dram_order": "QCPNKRS",
                "glb_order": "PKNCQRS",
                "sp_order": "CKNPQRS",
                "num_pes": 16,
            }
        ]
    )
    columns, layer, reason = problem.cost_model.resolve(design, problem.workload)
    assert not reason
    request = request_of(columns, layer)
    assert request["rf"] == [["R", 3]]
    assert request["glb"] == [["K", 4], ["P", 2]]
    assert request["dram"] == [["P", 2], ["C", 2], ["Q", 5]]
    assert request["spatial"] == [["K", 2], ["C", 3]]
    assert request["layer"]["stride"] == 2
    assert request["machine"]["num_pes"] == 16


# -- the tools themselves ------------------------------------------------------------------------


def drawn_arrays(count):
    """Return small layers of all kinds on small arrays."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(count):
        groups = int(rng.choice([1, 1, 2, 3]))
        sizes = {name: int(rng.integers(1, 8)) for name in "PQ"}
        taps = {name: int(rng.integers(1, 4)) for name in "RS"}
        channels = {name: groups * int(rng.integers(1, 7)) for name in "KC"}
        sides = {side: int(rng.integers(1, 12)) for side in ("array_rows", "array_cols")}
        rest = {"N": int(rng.choice([1, 1, 2])), "stride": int(rng.integers(1, 3))}
        kind = {"groups": groups, "dataflow": str(rng.choice(["os", "ws", "is"]))}
        rows.append({**sizes, **taps, **channels, **sides, **rest, **kind})
    return rows


@needs_scalesim
def test_scalesim_says_what_our_closed_forms_say():
    designs = drawn_arrays(12)
    tool = archgym.make_problem("dnn.systolic", "columns", cost_model="scalesim")
    said = tool.evaluate(designs)
    ours = archgym.make_problem("dnn.systolic", "columns").evaluate(designs)
    assert said["status"].tolist() == ["ok"] * len(designs)
    for name in tool.metric_names:
        exact = name not in ("mapping_efficiency", "utilization")
        assert said[name].to_numpy() == pytest.approx(ours[name], rel=0 if exact else 1e-12), name


@needs_zigzag
@pytest.mark.parametrize(
    "layer", ["resnet18/conv2_x", "conv:N=3,K=8,C=6,R=3,S=5,P=12,Q=10,stride=2"]
)
def test_zigzag_moves_the_same_weights_and_outputs(layer):
    ours = archgym.make_problem("dnn.mapping", layer, forwarding=0)
    tool = archgym.make_problem("dnn.mapping", layer, cost_model="zigzag", forwarding=0)
    designs = ours.space.sample(np.random.default_rng(0), 12).frame()
    said, wanted = tool.evaluate(designs), ours.evaluate(designs)
    assert said["status"].tolist() == ["ok"] * 12
    exact = ("macs", "compute_cycles", "utilized_pes", "dram_w_reads", "dram_o_updates")
    for name in exact:
        assert said[name].tolist() == wanted[name].tolist(), name
    n, _, c, p, q, r, s, stride, _ = ours.workload.rows[0]
    inputs = n * c * ((p - 1) * stride + r) * ((q - 1) * stride + s)
    assert (said["dram_i_reads"] >= inputs).all()
    assert (said["energy_pj"] / wanted["energy_pj"]).median() == pytest.approx(1, abs=0.1)


@needs_zigzag
def test_zigzag_is_not_asked_about_mappings_that_cannot_run():
    problem = archgym.make_problem("dnn.mapping", "resnet18/conv2_x", cost_model="zigzag")
    found = problem.evaluate([{"bounds": "exact", "rf_K": 3}])
    assert found["status"].tolist() == ["infeasible"]
    assert found["error"][0].startswith("factor_product")


@needs_zigzag
class TestZigZag(CostModelConformance):
    environment = archgym.registry.environments.get("dnn.mapping")
    cost_model = "zigzag"
    designs = 9


@needs_scalesim
class TestScaleSim(CostModelConformance):
    environment = archgym.registry.environments.get("dnn.systolic")
    cost_model = "scalesim"
    workload = "conv:K=5,C=3,R=2,S=2,P=4,Q=4"
    designs = 3
