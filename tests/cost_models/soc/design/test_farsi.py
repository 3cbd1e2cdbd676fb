"""The simulation of chips: FARSI's own results, a second implementation, hand-made cases."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.soc.design.columns import COLUMNS
from archgym.cost_models.soc.design.library import memory_table
from archgym.cost_models.soc.design.model import FarsiModel
from archgym.cost_models.soc.design.workload import ABOUT, TaskGraph, load_task_graph
from archgym.envs.soc.design import ENVIRONMENT
from archgym.envs.soc.design_space import SETTINGS, design_space
from archgym.errors import ArchgymError, InvalidDesignError, WorkloadError
from tests.cost_models.soc.design.drawing import random_chip, random_graph
from tests.cost_models.soc.design.slow_farsi import SlowFarsi
from tests.shared_data import shared_data

EXACT = 1e-9
FOUR = ("latency_s", "power_w", "area_m2", "distance_to_budget")
DEFAULTS = {name: setting.default for name, setting in SETTINGS.items()}
TABLE = {
    (kind, int(row[0])): (row[1], row[2], row[3])
    for kind, rows in memory_table().items()
    for row in rows.tolist()
}


def evaluate(graph: TaskGraph, chips: list[dict[str, str]]) -> pd.DataFrame:
    batch = design_space(DEFAULTS, graph).encode(chips)
    measured = FarsiModel().evaluate(batch, graph)
    assert not measured.error, measured.error
    return pd.DataFrame(measured.metrics)


def slowly(graph: TaskGraph, chip: Mapping[str, str]) -> dict[str, float]:
    hardware, workload = graph.hardware.model_dump(), graph.spec.model_dump()
    return SlowFarsi(hardware, workload, TABLE, chip).run()


def chip_of(graph: TaskGraph, **columns: str) -> dict[str, str]:
    """Return a chip with one A53, one wide memory and one wide bus, other columns as given."""
    zeros = ";".join("0" for _ in graph.task_names)
    own = {"pes": "A53", "mems": "sram:128:8", "buses": "ic:128:8", "pe_bus": "0", "mem_bus": "0"}
    return own | {"bus_links": "", "task_pe": zeros, "task_mem": zeros} | columns


# -- against FARSI --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["full", "limited", "latency"])
def test_agrees_with_farsi_on_edge_detection(name: str) -> None:
    """Runs of FARSI with CACTI 7, provenance in ../shared/data/soc/README.md."""
    path = shared_data("soc", "design", f"edge_detection_{name}_designs.csv")
    expected = pd.read_csv(str(path).replace("_designs", "_expected"))
    designs = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    found = evaluate(load_task_graph("edge_detection"), designs)
    assert len(expected) in (28, 40, 100)
    for column in expected:
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), rel=EXACT)


def test_shipped_data_are_the_reference_data() -> None:
    for name in ("soc_design.yaml", "memory_table.csv"):
        ours = files("archgym.cost_models.soc.design").joinpath(name).read_text("utf-8")
        theirs = shared_data("soc", name).read_text("utf-8")
        assert ours.replace("\r", "").endswith(theirs.replace("\r", "")), name


# -- against a second implementation --------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(ABOUT)), seed=st.integers(0, 2**31), tree=st.booleans())
def test_agrees_with_the_slow_implementation(name: str, seed: int, tree: bool) -> None:
    graph = load_task_graph(name)
    chip = random_chip(graph, np.random.default_rng(seed), tree)
    found = evaluate(graph, [chip]).iloc[0]
    if not found["interpolated_memories"]:
        assert found[list(FOUR)].to_dict() == pytest.approx(slowly(graph, chip), rel=EXACT)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), inner=st.integers(1, 12), tree=st.booleans())
def test_agrees_on_graphs_of_any_shape(seed: int, inner: int, tree: bool) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, inner)
    chip = random_chip(graph, rng, tree)
    found = evaluate(graph, [chip]).iloc[0]
    assert found[list(FOUR)].to_dict() == pytest.approx(slowly(graph, chip), rel=EXACT)


# -- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ABOUT))
def test_on_one_core_the_latency_is_the_sum_of_cycles(name: str) -> None:
    """Or, for tasks with little work on much data, of the time that reads or writes take."""
    graph, bandwidth = load_task_graph(name), 128 * 8 * 1e8
    latency = 0.0
    for at, task in enumerate(graph.spec.tasks):
        reads = sum(volume for _, child, volume in graph.edges if child == at)
        writes = sum(volume for parent, _, volume in graph.edges if parent == at)
        if task.cpu_cycles:
            latency += max(task.cpu_cycles / 1e9, reads / bandwidth, writes / bandwidth)
    found = evaluate(graph, [chip_of(graph)]).iloc[0]
    assert found["latency_s"] == pytest.approx(latency, rel=EXACT)
    if name == "edge_detection":
        assert found["latency_s"] == pytest.approx(3.294825984, rel=EXACT)


def test_one_task_by_hand() -> None:
    """A task between source and sink: bound by its PE, then by the bus, then by the memory.

    4,096,000 bytes are read and 1,024,000 written, both at once and each with a channel of its
    own, so the reads alone bind.
    """
    graph = _one_task()
    cases = {
        ("A53", "ic:128:8", "sram:128:8"): 0.001,
        ("A53", "ic:4:1", "sram:128:8"): 4_096_000 / 4e8,
        ("A53", "ic:128:8", "sram:8:1"): 4_096_000 / 8e8,
        ("ip:work:4:6", "ic:128:8", "sram:128:8"): 120_000 / (4 * 6 * 1e8),
    }
    for (pe, bus, mem), latency in cases.items():
        pes = "A53" if pe == "A53" else f"A53;{pe}"
        task_pe = "0;0;0" if pe == "A53" else "0;1;0"
        buses = "0" if pe == "A53" else "0;0"
        chip = chip_of(graph, pes=pes, pe_bus=buses, buses=bus, mems=mem, task_pe=task_pe)
        found = evaluate(graph, [chip]).iloc[0]
        # Less than 40 us of reads at 102.4 GB/s do not bind.
        assert found["latency_s"] == pytest.approx(max(latency, 4e-5), rel=EXACT), (pe, bus, mem)


def test_energy_power_and_area_by_hand() -> None:
    graph = _one_task()
    found = evaluate(graph, [chip_of(graph)]).iloc[0]
    # The sink's input lies there beside the source's output, which is never freed: 21 granules.
    read, write, area = TABLE["sram", 5_120_000 + 256_000 - 5_120_000 % 256_000 - 256_000]
    joule = 2e6 / 47019607843 + 4_096_000 * read + 1_024_000 * write
    assert found["energy_j"] == pytest.approx(joule, rel=EXACT)
    assert found["power_w"] == pytest.approx(joule / 0.001, rel=EXACT)
    assert found["area_m2"] == pytest.approx(6.5e-7 + area, rel=EXACT)
    assert found["dram_area_m2"] == 0.0


def _one_task() -> TaskGraph:
    graph = load_task_graph("edge_detection")
    work = {"name": "work", "cpu_cycles": 1_000_000, "acc_cycles": 120_000, "unroll": [1, 4]}
    fields = {
        "budgets": graph.spec.budgets.model_dump(),
        "last_task": "work",
        "tasks": [
            {"name": "source", "cpu_cycles": 0},
            work | {"acc_energy_fj": 10.0, "acc_area_um2": 1000.0},
            {"name": "sink", "cpu_cycles": 0},
        ],
        "edges_bytes": [("source", "work", 4_096_000), ("work", "sink", 1_024_000)],
    }
    return TaskGraph("one", type(graph.spec).model_validate(fields), graph.hardware)


def test_memories_between_the_sizes_of_the_table_are_interpolated_and_counted() -> None:
    graph = _one_task()
    fields = graph.spec.model_dump()
    fields["edges_bytes"] = [("source", "work", 14_000_000), ("work", "sink", 1_000_000)]
    larger = TaskGraph("larger", type(graph.spec).model_validate(fields), graph.hardware)
    found = evaluate(larger, [chip_of(larger, mems="dram:128:8")]).iloc[0]
    table = memory_table()["dram"]
    logs = np.log(table)
    area = np.exp(np.interp(np.log(15_104_000.0), logs[:, 0], logs[:, 3]))
    assert found["interpolated_memories"] == 1
    assert found["dram_area_m2"] == pytest.approx(area, rel=EXACT)
    fields["edges_bytes"] = [("source", "work", 200_000_000), ("work", "sink", 1_000_000)]
    beyond = TaskGraph("beyond", type(graph.spec).model_validate(fields), graph.hardware)
    found = evaluate(beyond, [chip_of(beyond, mems="dram:128:8")]).iloc[0]
    assert found["interpolated_memories"] == 1
    assert found["dram_area_m2"] > table[-1, 3]


def test_details_name_times_bottlenecks_and_memories() -> None:
    graph = load_task_graph("hpvm_cava")
    problem = ENVIRONMENT.make_problem("hpvm_cava")
    batch = problem.space.encode([chip_of(graph, buses="ic:4:1")])
    tables = FarsiModel().detail(batch, graph)
    tasks = tables["tasks"]
    latency = problem.outcomes(batch).metrics["latency_s"][0]
    assert tasks["end_s"][graph.task_names.index("descale")] == latency
    assert all(tasks["critical"][1:-1])
    held = dict(zip(graph.task_names, tasks["held_back_by"], strict=True))
    assert held["gamut_map"] == "PE 0 (A53)"
    assert held["source"] == ""
    assert tables["memories"]["size_B"][0] % 256_000 == 0


# -- what cannot be built -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"pe_bus": "0;0"}, "pe_bus: 2 entries for 1 PEs"),
        ({"mem_bus": "1"}, "mem_bus: there is no bus 1, only 0 .. 0"),
        ({"task_pe": "0;0;0;0;0;0;0"}, "task_pe: 7 entries for 8 tasks"),
        ({"task_mem": "0;0;0;0;0;0;0;1"}, "task_mem: there is no memory 1, only 0 .. 0"),
        (
            {"pes": "ip:computeGradient:1:1"},
            "task_pe: source is on PE 0, which runs computeGradient alone",
        ),
        ({"bus_links": "0-1"}, "bus_links: there is no bus 1, only 0 .. 0"),
        ({"buses": "ic:4:1;ic:4:1;ic:4:1", "bus_links": "0-1"}, "bus_links: not all 3 buses"),
        ({"buses": "ic:4:1;ic:4:1", "bus_links": "0-1;1-0"}, "bus_links: 1-0 closes a ring"),
    ],
)
def test_a_design_that_cannot_be_built_says_why(columns: dict[str, str], reason: str) -> None:
    """One status for all of them, never the metrics of another design (ArchGym has four ways)."""
    problem = ENVIRONMENT.make_problem("edge_detection")
    graph = problem.workload
    good = chip_of(graph)
    found = problem.evaluate([good, chip_of(graph, **columns), good])
    assert found["status"].tolist() == ["ok", "infeasible", "ok"]
    assert found["error"][1].startswith(reason)
    assert found.loc[1, list(FOUR)].isna().all()
    assert found["reward"][1] < 0 < found["reward"][0]
    assert found.loc[0, list(FOUR)].equals(found.loc[2, list(FOUR)])


@pytest.mark.parametrize(
    ("column", "value"),
    [("pes", "A54"), ("pes", "ip:computeGradient:3:1"), ("mems", "sram:4:2"), ("buses", "")],
)
def test_unknown_blocks_are_refused(column: str, value: str) -> None:
    problem = ENVIRONMENT.make_problem("edge_detection")
    with pytest.raises(InvalidDesignError, match=column):
        problem.evaluate([chip_of(problem.workload, **{column: value})])


def test_a_smaller_distance_is_always_a_larger_reward() -> None:
    """ArchGym's search agents maximise what is a distance; here rewards fall with it, no pole."""
    problem = ENVIRONMENT.make_problem("audio_decoder")
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(1), 3000))
    order = np.argsort(outcomes.metrics["distance_to_budget"], kind="stable")
    assert (np.diff(outcomes.reward[order]) <= 0).all()
    assert outcomes.metrics["distance_to_budget"].min() == pytest.approx(4e-9)
    assert 1.0 < outcomes.reward.max() <= np.e


def test_dram_counts_as_an_area_of_its_own() -> None:
    """The distance has both areas, each against the area's budget."""
    graph = load_task_graph("edge_detection")
    found = evaluate(graph, [chip_of(graph, mems="dram:128:8")]).iloc[0]
    budgets = graph.spec.budgets
    other = found["area_m2"] - found["dram_area_m2"]
    assert other < budgets.area_m2
    assert found["dram_area_m2"] < budgets.area_m2
    missed = sum(
        (found[name] - budget) / budget
        for name, budget in (("latency_s", budgets.latency_s), ("power_w", budgets.power_w))
    )
    assert found["distance_to_budget"] == pytest.approx(missed + 2e-9, rel=EXACT)


def test_every_random_design_ends_in_few_phases() -> None:
    """A phase ends a task, so no design hangs; the worst of many takes far less than 10 ms."""
    import time

    problem = ENVIRONMENT.make_problem("audio_decoder")
    batch = problem.space.sample(np.random.default_rng(0), 2000)
    problem.outcomes(batch.select([0]))
    start = time.process_time()
    outcomes = problem.outcomes(batch)
    assert (time.process_time() - start) / len(batch) < 0.002
    assert set(outcomes.labels()) == {"ok"}


# -- workloads ------------------------------------------------------------------------------------


def _shipped() -> dict[str, Any]:
    text = files("archgym.cost_models.soc.design").joinpath("soc_design.yaml").read_text("utf-8")
    fields: dict[str, Any] = yaml.safe_load(text)
    return fields


def test_a_users_file_is_read(tmp_path: Path) -> None:
    fields = _shipped()
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"workloads": {"mine": fields["workloads"]["hpvm_cava"]}}))
    own, shipped = load_task_graph(str(path)), load_task_graph("hpvm_cava")
    chip = chip_of(shipped)
    assert evaluate(own, [chip]).equals(evaluate(shipped, [chip]))
    assert own.content_hash() == shipped.content_hash()
    path.write_text(yaml.safe_dump(fields))
    with pytest.raises(ArchgymError, match="task_graph=NAME"):
        load_task_graph(str(path))
    assert load_task_graph(str(path), "edge_detection").task_names[1] == "gaussianSmoothing"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w["tasks"].append({"name": "sink", "cpu_cycles": 0}), "given twice"),
        (lambda w: w["edges_bytes"].append(["descale", "nowhere", 4]), "nowhere"),
        (lambda w: w["edges_bytes"].append(["sink", "scale", 4]), "cycle"),
        (lambda w: w["edges_bytes"].append(["scale", "denoise", 0]), "edges_bytes"),
        (lambda w: w["tasks"][1].pop("acc_cycles"), "an accelerator needs all"),
        (lambda w: w["tasks"][1].update(cycles=4), "cycles"),
        (lambda w: w.update(last_task="end"), "end"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    fields = _shipped()
    change(fields["workloads"]["hpvm_cava"])
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"workloads": {"cava": fields["workloads"]["hpvm_cava"]}}))
    with pytest.raises(ArchgymError, match=message):
        load_task_graph(str(path))


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    for text in ("- 1", "a: [", "workloads: {}"):
        path.write_text(text)
        with pytest.raises(WorkloadError, match=r"mine\.yaml"):
            load_task_graph(str(path))


def test_columns_are_those_of_the_contract() -> None:
    assert set(COLUMNS) - {"bus_links"} == {
        "pes",
        "mems",
        "buses",
        "pe_bus",
        "mem_bus",
        "task_pe",
        "task_mem",
    }
