"""Exported mappings, read back."""

from __future__ import annotations

import math

import numpy as np
import pytest

import archgym
from archgym.errors import SettingError
from tests.cost_models.dnn.designs import columns_problem, recorded
from tests.cost_models.dnn.timeloop_reader import LEVEL, load, read_back


def metrics_of(problem, frame):
    return frame[list(problem.metric_names)].to_numpy()


def test_recorded_mappings_survive_the_way_there_and_back():
    """Among them bounds, orders, energies and bandwidths of all kinds; Timeloop's own figures."""
    rows, designs = recorded("mapping_timeloop_dev.csv")
    problem = columns_problem()
    kept = [d for row, d in zip(rows, designs, strict=True) if row["exp_status"] == "ok"][::4]
    batch = problem.space.encode(kept)
    back = [
        read_back(problem.cost_model.export(batch.select([place]), problem.workload))
        for place in range(len(batch))
    ]
    assert len(back) == 69
    before, after = (metrics_of(problem, problem.evaluate(d)) for d in (kept, back))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("forwarding", [0, 1])
def test_what_agents_draw_is_exported_as_the_mapping_it_stands_for(forwarding):
    problem = archgym.make_problem(
        "dnn.mapping", "resnet18/conv3_1a", forwarding=forwarding, e_mac_pj=0.5, dram_bw=1.5
    )
    layer = problem.workload.layers[0]
    batch = problem.space.sample(np.random.default_rng(0), 10)
    columns = columns_problem()
    for place in range(len(batch)):
        design = batch.select([place])
        back = read_back(problem.cost_model.export(design, problem.workload))
        for d in "NKCPQRS":
            assert math.prod(back[f"{level}_{d}"] for level in LEVEL.values()) == getattr(layer, d)
        assert back["stride"] == layer.stride == 2
        assert back["forwarding"] == forwarding
        found = metrics_of(problem, columns.evaluate([back]))
        wanted = [values[0] for values in problem.run(design).metrics.values()]
        assert np.array_equal(found[0], wanted)


def test_the_problem_says_what_each_tensor_is_indexed_with():
    problem = archgym.make_problem("dnn.mapping", "resnet18/conv2_x")
    shape = load(problem.cost_model.export(problem.space.default, problem.workload))["problem"][
        "shape"
    ]
    weights, inputs, outputs = shape["data-spaces"]
    assert sorted(d for [[d]] in weights["projection"]) == list("CKRS")
    assert sorted(d for [[d]] in outputs["projection"]) == list("KNPQ")
    assert outputs["read-write"] is True
    assert [["P", "stride"], ["R"]] in inputs["projection"]
    assert [["Q", "stride"], ["S"]] in inputs["projection"]
    assert shape["dimensions"] == list("NKCPQRS")


def test_a_machine_of_one_element_has_no_spatial_loops():
    problem = archgym.make_problem("dnn.mapping", "resnet18/conv2_x", num_pes=1)
    files = problem.cost_model.export(problem.space.default, problem.workload)
    assert "spatial" not in files["map.yaml"]
    assert "PE[0..0]" in files["arch.yaml"]


def test_what_cannot_run_is_not_exported():
    problem = archgym.make_problem("dnn.mapping", "resnet18/conv2_x")
    design = problem.space.encode([{"bounds": "exact", "rf_K": 3}])
    with pytest.raises(SettingError, match="not exported: factor_product"):
        problem.cost_model.export(design, problem.workload)
