"""The Eyeriss-like accelerator as users meet it: space, tables, scores, mappings, bad input."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import yaml

import archgym
from archgym.cli import app
from archgym.cost_models.dnn.eyeriss.memories import CLASSES, Memories
from archgym.cost_models.dnn.layer import Layer
from archgym.cost_models.dnn.network import Network
from archgym.envs.dnn.eyeriss import ARCHGYM_ALEXNET, ENVIRONMENT
from archgym.errors import InvalidDesignError, SettingError
from tests.cost_models.dnn.timeloop_reader import read_back
from tests.shared_data import shared_data

QUICK = {"mapper_evaluations": 50}
SMALL = "conv:K=16,C=8,R=3,S=3,P=8,Q=8"


def problem(workload=SMALL, **arguments):
    return ENVIRONMENT.make_problem(workload, **{**QUICK, **arguments})


def evaluate(*designs, workload=SMALL, **arguments):
    return problem(workload, **arguments).evaluate(list(designs))


def test_the_space_is_that_of_archgym():
    space = problem().space
    assert len(space) == 26
    assert space.size == 24 * 3 * 3072**3 * 192 * 5376 == 2_154_550_209_231_716_352
    tables = yaml.safe_load(shared_data("dnn", "archgym_spaces.yaml").read_text())["timeloop"]
    assert space.size == tables["size"]
    blocks = tables["parameters"]
    for name in ("n_pes", "mac_mesh_x"):
        assert list(space[name].values) == blocks[name]
    names = {"n_pes", "mac_mesh_x"}
    for block in ("ifmap_spad", "psum_spad", "weights_spad", "dummy_buffer", "shared_glb"):
        for key, values in blocks[block].items():
            names.add(f"{block}_{key}")
            assert list(space[f"{block}_{key}"].values) == values
    assert names == set(space.names)


def test_a_table_without_columns_is_the_default_design_of_archgym():
    default = shared_data("dnn", "archgym_spaces.yaml").read_text()
    default = yaml.safe_load(default)["timeloop"]["default_design"]
    row = evaluate({}).iloc[0]
    assert row["n_pes"] == default["n_pes"]
    assert row["mac_mesh_x"] == default["mac_mesh_x"]
    for block in ("ifmap_spad", "weights_spad", "psum_spad"):
        assert row[f"{block}_class"] == default[block]["class"]
        assert row[f"{block}_memory_depth"] == default[block]["depth"]
        assert row[f"{block}_read_bandwidth"] == default[block]["bandwidth"]
    assert row["shared_glb_memory_depth"] == default["glb"]["depth"]
    assert 16 * row["shared_glb_block_size"] == default["glb"]["width_bits"]
    assert row["shared_glb_n_banks"] == default["glb"]["n_banks"]
    start = problem().space.default.dicts()[0]
    assert (start["ifmap_spad_memory_depth"], start["weights_spad_memory_depth"]) == (16, 256)


def test_the_compact_space_searches_what_matters_most():
    compact = problem(space="compact").space
    assert compact.size == 24 * 3 * 16**3 * 7 * 4 * 4
    drawn = compact.sample(np.random.default_rng(0), 50)
    assert set(drawn["shared_glb_n_banks"]) == {32}
    assert len(set(drawn["psum_spad_memory_depth"].tolist())) > 5
    assert problem(fixed="n_pes=14").space.size * 24 == problem().space.size


def test_a_design_has_one_outcome_whatever_is_evaluated_with_it():
    one = problem()
    batch = one.space.sample(np.random.default_rng(0), 12)
    together = one.outcomes(batch)
    for order in (range(12), range(11, -1, -1)):
        fresh = problem()
        for row in order:
            alone = fresh.outcomes(batch.select([row]))
            for name, values in together.metrics.items():
                assert alone.metrics[name][0] == values[row], name
    repeated = one.outcomes(batch.select([0, 0, 5, 0]))
    for name, values in repeated.metrics.items():
        assert values[0] == values[1] == values[3] == together.metrics[name][0]


def test_a_network_is_the_sum_over_its_layers():
    whole = evaluate({}, workload="mobilenet_v1").iloc[0]
    network = problem("mobilenet_v1").workload
    parts = [
        (count, evaluate({}, workload=f"mobilenet_v1/{label}").iloc[0])
        for label, count in zip(network.labels, network.counts, strict=True)
    ]
    for name in ("energy_uj", "cycles", "macs", "dram_words"):
        assert whole[name] == pytest.approx(sum(count * part[name] for count, part in parts))
    shares = [f"{part}_energy_uj" for part in ("mac", "spads", "glb", "dram")]
    assert whole[shares].sum() == pytest.approx(whole["energy_uj"])
    assert whole["macs"] == network.macs


def test_groups_run_one_after_another():
    grouped = evaluate({}, workload="conv:K=8,C=8,R=3,S=3,P=6,Q=6,groups=8").iloc[0]
    single = evaluate({}, workload="conv:K=1,C=1,R=3,S=3,P=6,Q=6").iloc[0]
    for name in ("energy_uj", "cycles", "macs"):
        assert grouped[name] == pytest.approx(8 * single[name])
    assert grouped["area_mm2"] == single["area_mm2"]


def test_each_row_may_carry_its_own_layer():
    layer = {"K": 16, "C": 8, "R": 3, "S": 3, "P": 8, "Q": 8}
    rows = evaluate(layer, layer | {"stride": 2}, workload="columns")
    assert rows["cycles"].iloc[0] == evaluate({}).iloc[0]["cycles"]
    assert rows["energy_uj"].iloc[1] == evaluate({}, workload=f"{SMALL},stride=2")["energy_uj"][0]


@pytest.mark.parametrize("model", ENVIRONMENT.cost_models)
def test_detail_gives_mappings_that_cost_the_same_in_the_mapping_environment(model):
    chosen = problem("alexnet", cost_model=model)
    design = chosen.space.sample(np.random.default_rng(3), 1)
    detail = chosen.cost_model.detail(design, chosen.workload)
    mapping, layers = detail["mapping"], detail["layers"]
    rows = [dict(zip(mapping, row, strict=True)) for row in zip(*mapping.values(), strict=True)]
    there = archgym.make_problem("dnn.mapping", "columns").evaluate(rows)
    assert set(there["status"]) == {"ok"}
    groups = layers["groups"]
    assert groups.max() == 2
    np.testing.assert_array_equal(there["cycles"] * groups, layers["cycles"])
    np.testing.assert_allclose(there["energy_pj"] * groups, layers["energy_pj"], rtol=1e-12)
    dram = there[[name for name in there if name.startswith("dram_") and "reads" in name]]
    words = dram.sum(axis=1) + there["dram_o_updates"]
    np.testing.assert_array_equal(words * groups, layers["dram_words"])
    total = chosen.measure(design).metrics
    assert (layers["cycles"] * layers["count"]).sum() == total["cycles"][0]
    assert (layers["energy_pj"] * layers["count"]).sum() / 1e6 == pytest.approx(
        total["energy_uj"][0]
    )


def test_exported_mappings_cost_the_same_in_the_mapping_environment():
    chosen = problem("alexnet", cost_model="fixed_mapping")
    design = chosen.space.sample(np.random.default_rng(4), 1)
    files = chosen.cost_model.export(design, chosen.workload)
    layers = chosen.cost_model.detail(design, chosen.workload)["layers"]
    folders = sorted({name.partition("/")[0] for name in files})
    assert folders[0] == "000-conv1"
    rows = [
        read_back(
            {name: files[f"{folder}/{name}"] for name in ("arch.yaml", "map.yaml", "prob.yaml")}
        )
        for folder in folders
    ]
    there = archgym.make_problem("dnn.mapping", "columns").evaluate(rows)
    np.testing.assert_array_equal(there["cycles"] * layers["groups"], layers["cycles"])
    np.testing.assert_allclose(
        there["energy_pj"] * layers["groups"], layers["energy_pj"], rtol=1e-9
    )


def test_no_label_leads_out_of_the_folder():
    model = problem(cost_model="fixed_mapping").cost_model
    network = Network("x", (Layer(4, 4, 1, 1, 4, 4),), (1,), ("../../etc",))
    design = problem().space.default
    assert {name.partition("/")[0] for name in model.export(design, network)} == {"000-_etc"}


def test_searched_mappings_are_never_worse_than_the_fixed_ones():
    batch = problem().space.sample(np.random.default_rng(1), 20)
    fixed = problem(cost_model="fixed_mapping").measure(batch).metrics
    found = problem().measure(batch).metrics
    edp = [m["energy_uj"] * m["cycles"] for m in (found, fixed)]
    assert (edp[0] <= edp[1]).all()
    assert (edp[0] < edp[1]).any()
    quick = problem(mapper_metric="latency").measure(batch).metrics["cycles"]
    frugal = problem(mapper_metric="energy").measure(batch).metrics["energy_uj"]
    assert quick.sum() <= found["cycles"].sum()
    assert frugal.sum() <= found["energy_uj"].sum()


def test_every_parameter_acts_but_the_bandwidths_that_never_bind():
    default = problem(workload="resnet18/conv2_x").space.default.dicts()[0]
    inert = set()
    for parameter in problem().space.parameters:
        rows = [default | {parameter.name: value} for value in parameter.values]
        found = evaluate(*rows, workload="resnet18/conv2_x", mapper_evaluations=300)
        if found[["energy_uj", "cycles", "area_mm2"]].drop_duplicates().shape[0] == 1:
            inert.add(parameter.name)
    assert inert == {
        f"{spad}_spad_{way}_bandwidth"
        for spad in ("ifmap", "weights", "psum")
        for way in ("read", "write")
    }


def one_memory(kind, rows, words, banks=1):
    return Memories(
        np.array([CLASSES.index(kind)]), *(np.array([float(x)]) for x in (rows, words, banks))
    )


@pytest.mark.parametrize(
    ("memory", "row_pj", "area"),
    [
        (("smartbuffer_SRAM", 192, 1), 2.22, 10355),
        (("smartbuffer_SRAM", 16384, 4, 32), (18.18 + 14.14) / 2, 217363),
        (("smartbuffer_RF", 12, 1), (0.202 + 0.177) / 2, 12 * 16 * 5.98),
        (("smartbuffer_RF", 16, 1), (0.251 + 0.219) / 2, 16 * 16 * 5.98),
    ],
)
def test_memories_meet_the_records(memory, row_pj, area):
    found = one_memory(*memory)
    assert found.word_pj()[0] * memory[2] == pytest.approx(row_pj)
    assert found.area_um2()[0] == pytest.approx(area)


@pytest.mark.parametrize("kind", CLASSES)
def test_larger_memories_cost_more(kind):
    depths = 2.0 ** np.arange(1, 17)
    ones = np.ones(len(depths))
    codes = np.full(len(depths), CLASSES.index(kind))
    for words in (1.0, 2.0, 4.0):
        found = Memories(codes, depths, words * ones, ones)
        assert (found.word_pj() > 0).all()
        assert (np.diff(found.word_pj()) > 0).all()
        assert (np.diff(found.area_um2()) > 0).all()
    smart = {"regfile": "smartbuffer_RF", "SRAM": "smartbuffer_SRAM"}.get(kind, kind)
    assert one_memory(kind, 64, 1).word_pj()[0] <= one_memory(smart, 64, 1).word_pj()[0]


def legacy(name: str, energy=30000.0, area=2.0, cycles=7e6) -> float:
    form = problem(objective=name).objective.form
    metrics = {"energy_uj": energy, "area_mm2": area, "cycles": cycles}
    return form.components({k: np.array([v]) for k, v in metrics.items()}, {})[0, 0]


def test_the_legacy_scores_are_those_of_archgym():
    excess = [30000 / 20444.2 - 1, 2.0 / 1.7255 - 1, 7e6 / 6308563.2 - 1]
    assert legacy("archgym_legacy") == pytest.approx(1 / (1e-3 + sum(excess)), rel=1e-9)
    names = ("archgym_legacy_energy", "archgym_legacy_area", "archgym_legacy_latency")
    for name, x in zip(names, excess, strict=True):
        assert legacy(name) == pytest.approx(1 / x, rel=1e-9)
        assert legacy(name, 1.0, 0.1, 1.0) == pytest.approx(1e5, rel=1e-9)
    assert legacy("archgym_legacy", 1.0, 0.1, 1.0) == pytest.approx(1e3, rel=1e-9)
    one = problem(objective="archgym_legacy")
    measured = one.cost_model.evaluate(one.space.default, one.workload)
    broken = type(measured)(
        {name: values * np.nan for name, values in measured.metrics.items()},
        measured.violation,
        measured.status,
    )
    assert one.score(broken).reward.tolist() == [-1500.0]


def test_archgyms_alexnet_ignores_groups():
    layers = problem(ARCHGYM_ALEXNET).workload.layers
    assert len(layers) == 5
    assert (layers[1].C, layers[1].K, layers[1].P, layers[1].R) == (96, 256, 27, 5)
    assert {layer.groups for layer in layers} == {1}


def test_the_default_design_takes_as_many_cycles_as_archgyms_baseline():
    targets = yaml.safe_load(shared_data("dnn", "archgym_spaces.yaml").read_text())["timeloop"]
    row = ENVIRONMENT.make_problem().evaluate([{}]).iloc[0]
    assert row["cycles"] == targets["baseline"]["cycles"] == 7_885_704


def test_limits_make_designs_infeasible():
    huge = {"psum_spad_memory_depth": 65536, "psum_spad_class": "regfile"}
    found = evaluate(
        {}, huge, objective={"minimize": "cycles", "subject_to": {"area_mm2": {"max": 20}}}
    )
    assert found["status"].tolist() == ["ok", "infeasible"]
    assert "area_mm2" in found["error"].iloc[1]


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"n_pes": 15}, "one of 14, 28"),
        ({"shared_glb_class": "DRAM"}, "one of regfile"),
        ({"ifmap_spad_memory_depth": 0}, "an integer 1 .. 65536"),
        ({"ifmap_spad_memory_depth": 65537}, "an integer 1 .. 65536"),
        ({"n_banks": 16}, "n_banks"),
    ],
)
def test_bad_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        evaluate(design)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mapper_evaluations": 0}, "not positive"),
        ({"dram_bandwidth": -1}, "not positive"),
        ({"mapper_metric": "area"}, "not one of edp"),
        ({"space": "small"}, "not one of archgym"),
        ({"fixed": "n_pes=15"}, "n_pes"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        problem(**settings)


def test_a_table_at_the_command_line(tmp_path):
    (tmp_path / "in.csv").write_text("n_pes,weights_spad_class\n168,smartbuffer_RF\n14,\n")
    words = ["evaluate", "dnn.eyeriss", "--workload", "resnet18", "--set", "mapper_evaluations=20"]
    words += ["--designs", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv")]
    app([*words, "--detail", str(tmp_path / "detail")], standalone_mode=False)
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert float(rows[0]["cycles"]) < float(rows[1]["cycles"])
    layers = list(csv.DictReader((tmp_path / "detail" / "row-0-layers.csv").open()))
    assert len(layers) == 12
    assert (tmp_path / "detail" / "row-1-mapping.csv").exists()
