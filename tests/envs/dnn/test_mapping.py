"""The mapping environment as users meet it: tables, bad input, search, settings."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import archgym
from archgym.cli.design_file import read_designs
from archgym.envs.dnn.mapping import ENVIRONMENT
from archgym.errors import ArchgymError, SettingError, UnknownNameError, WorkloadError
from tests.cost_models.dnn.designs import recorded

ROOT = Path(__file__).resolve().parents[3]
ID = "archgym/dnn.mapping-v0"
LAYER = "conv:K=16,C=8,R=3,S=3,P=8,Q=8"
MAPPING = "rf_R,rf_S,glb_P,glb_Q,sp_K,dram_C\n"
GOOD = MAPPING + "3,3,8,8.0,16,8\n"


def run(folder: Path, text: str, *options: str, workload: str = LAYER):
    """Evaluate a table at the command line: exit code, message, rows."""
    designs, output = folder / "in.csv", folder / "out.csv"
    designs.write_text(text)
    words = ["evaluate", "dnn.mapping", "--workload", workload, *options]
    words += ["--designs", str(designs), "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-c", "from archgym.cli import main; main()", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    rows = list(csv.DictReader(output.open())) if output.exists() else []
    return done.returncode, done.stderr, rows


def evaluate(text: str, workload: str = LAYER, **settings):
    rows = list(csv.DictReader(text.splitlines()))
    return ENVIRONMENT.make_problem(workload, **settings).evaluate(rows)


def test_importing_it_loads_no_compiler():
    code = "import sys, archgym.envs.dnn.mapping as m; m.ENVIRONMENT.make_problem()"
    code += "; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_table_at_the_command_line(tmp_path):
    code, _, rows = run(tmp_path, GOOD + ",3,8,8,16,8\n", "--detail", str(tmp_path / "detail"))
    assert code == 0
    assert [row["status"] for row in rows] == ["ok", "infeasible"]
    assert rows[0]["macs"] == str(16 * 8 * 3 * 3 * 8 * 8)
    assert rows[0]["bounds"] == "exact"
    assert rows[1]["error"].startswith("factor_product: ")
    assert rows[1]["cycles"] == rows[1]["energy_pj"] == ""
    detail = list(csv.DictReader((tmp_path / "detail" / "row-0-mapping.csv").open()))
    assert detail[0]["glb_Q"] == "8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MAPPING + "0,3,8,8,16,8\n", "row 1, column 'rf_R': '0' is not allowed (an integer >= 1)"),
        (MAPPING + "3,3,8,8,16,8\n1.5,3,8,8,16,8\n", "row 2, column 'rf_R': '1.5'"),
        ("rf_order\nNKCPQRR\n", "row 1, column 'rf_order': 'NKCPQRR' is not allowed (a permut"),
        ("rf_order\nNKCPQR\n", "row 1, column 'rf_order': 'NKCPQR'"),
        ("num_pes\n-1\n", "row 1, column 'num_pes': '-1' is not allowed (an integer >= 1)"),
        ("e_rf_pj\nfree\n", "row 1, column 'e_rf_pj': 'free' is not allowed (a number >= 0)"),
        ("forwarding\n2\n", "row 1, column 'forwarding': '2' is not allowed (an integer 0 .. 1)"),
        ("rf_X\n2\n", "unknown column"),
        ("K\n64\n", "unknown column"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, expected):
    (tmp_path / "in.csv").write_text(text)
    space = ENVIRONMENT.make_problem(LAYER).space
    if expected.startswith("unknown"):
        with pytest.raises(UnknownNameError, match=expected):
            read_designs(tmp_path / "in.csv", space)
        return
    errors = read_designs(tmp_path / "in.csv", space).errors
    assert [message[: len(expected)] for message in errors.values()] == [expected]


def test_a_bad_cell_at_the_command_line(tmp_path):
    code, error, rows = run(tmp_path, GOOD + "3,3,8,8,x,8\n")
    assert code == 2
    assert "in.csv: row 2, column 'sp_K': 'x' is not allowed" in error
    assert len(error.strip().splitlines()) == 1
    assert rows == []


LAYER_HEADER = "K,C,R,S,P,Q,N,stride,groups,gemm_m,gemm_n,gemm_k\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (",8,3,3,8,8,,,,,,", "column 'K': '' is not allowed (an integer >= 1; a layer needs K, C"),
        ("16,8,3,3,8,,,,,,,", "column 'Q': ''"),
        ("16,0,3,3,8,8,,,,,,", "column 'C': '0' is not allowed (an integer >= 1)"),
        ("16,8,3,3,8,8,,-1,,,,", "column 'stride': '-1'"),
        ("16,8,3,3,8,8,,,2,,,", "column 'groups': 2 is not allowed (1: a group convolution"),
        ("16,8,3,3,8,8,,,3,,,", "groups=3 does not divide"),
        (",,,,,,,,,16,8,", "column 'gemm_k': ''"),
        ("16,,,,,,,,,16,8,4", "column 'K': 16 is not allowed (1 or empty beside gemm_m"),
        (",,,,,,,,,,,", "column 'K': ''"),
    ],
)
def test_faulty_layers_in_columns_are_refused(row, expected):
    good = "16,8,3,3,8,8,1,1.0,1,,,\n"
    designs = list(csv.DictReader((LAYER_HEADER + good + row).splitlines()))
    with pytest.raises(ArchgymError) as raised:
        ENVIRONMENT.make_problem("columns").evaluate(designs)
    message = str(raised.value).replace("parameter", "column")
    assert message.startswith("row 1: ")
    assert expected in message


def test_each_row_may_carry_its_own_layer():
    text = LAYER_HEADER.strip() + "," + MAPPING
    text += "16,8,3,3,8,8,,,,,,,3,3,8,8,16,8\n" + "16,8,3,3,8,8,,2,,,,,3,3,8,8,16,8\n"
    rows = list(csv.DictReader(text.splitlines()))
    found = ENVIRONMENT.make_problem("columns").evaluate(rows)
    for stride, row in ((1, 0), (2, 1)):
        alone = evaluate(GOOD, f"{LAYER},stride={stride}").iloc[0]
        for name in ENVIRONMENT.make_problem().metric_names:
            assert found[name].iloc[row] == alone[name]
    assert found["dram_i_reads"].nunique() == 2, "the stride is honoured"


def test_a_product_may_be_mapped():
    gemm = evaluate("rf_K,dram_C,dram_P\n4,8,16\n", "gemm:M=16,N=4,K=8")
    columns = evaluate(
        "gemm_m,gemm_n,gemm_k,rf_K,dram_C,dram_P\n16,4,8,4,8,16\n", workload="columns"
    )
    assert gemm["energy_pj"].tolist() == columns["energy_pj"].tolist()
    assert gemm["macs"].tolist() == [16 * 4 * 8]


def test_machine_columns_take_the_settings_as_defaults():
    slow, same = evaluate(GOOD, dram_bw=0.5), evaluate(GOOD.replace("\n", ",dram_bw\n", 1))
    other = evaluate("dram_bw," + GOOD.replace("\n3", "\n0.5,3"))
    assert slow["cycles"].tolist() == other["cycles"].tolist()
    assert slow["cycles"].iloc[0] > same["cycles"].iloc[0]
    for settings in ({"dram_bw": 0}, {"num_pes": -1}):
        with pytest.raises(SettingError, match="not positive"):
            ENVIRONMENT.make_problem(LAYER, **settings)


@pytest.mark.parametrize(
    ("workload", "message"),
    [
        ("resnet18", "each layer of a network needs its own mapping"),
        ("mobilenet_v1/dw1", "take conv:N=1,K=1,C=1,R=3,S=3,P=112,Q=112,stride=1"),
        ("conv:K=4,C=4,R=1,S=1,P=1,Q=1,groups=4", "4 groups are mapped one by one"),
    ],
)
def test_what_cannot_be_mapped_is_refused(workload, message):
    with pytest.raises(WorkloadError, match=message):
        ENVIRONMENT.make_problem(workload)


def test_every_listed_workload_is_a_problem():
    for name in ENVIRONMENT.workloads:
        problem = ENVIRONMENT.make_problem(name)
        assert problem.workload_name == name


@pytest.mark.parametrize("objective", ENVIRONMENT.objectives)
@pytest.mark.parametrize("hardware", ["fixed", "searched"])
def test_every_objective_scores_every_design(objective, hardware):
    problem = ENVIRONMENT.make_problem(LAYER, objective, hardware=hardware)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 50))
    assert np.isfinite(outcomes.reward).all()
    assert set(outcomes.labels()) == {"ok"}
    assert problem.outcomes(problem.space.default).reward[0] == pytest.approx(1.0)


def test_the_machine_is_searched_if_asked():
    fixed, searched = (
        ENVIRONMENT.make_problem(LAYER, hardware=word).space for word in ("fixed", "searched")
    )
    assert searched.size == fixed.size * 7**3 * 5**3
    areas = ENVIRONMENT.make_problem(LAYER, hardware="searched").evaluate(
        searched.sample(np.random.default_rng(0), 20)
    )["area_um2"]
    assert areas.nunique() > 5


def test_roles_split_the_design():
    roles = ENVIRONMENT.make_problem(LAYER).space.roles
    assert set(roles) == {"array", "buffers", "bandwidth", "technology", "mapping"}
    assert "sp_K" in roles["array"]
    assert "rf_K" in roles["buffers"]
    assert "glb_order" in roles["mapping"]


def test_the_gymnasium_environment():
    env = gymnasium.make(ID, workload=LAYER)
    check_env(env.unwrapped, skip_render_check=True)
    env.reset(seed=0)
    env.action_space.seed(0)
    statuses = {env.step(env.action_space.sample())[4]["status"] for _ in range(50)}
    assert statuses == {"ok"}


def test_agents_are_told_to_name_a_layer():
    problem = ENVIRONMENT.make_problem("columns")
    with pytest.raises(SettingError, match="layer"):
        problem.space.sample(np.random.default_rng(0), 1)


@pytest.mark.slow
def test_search_beats_the_mapper_of_the_reference_tool():
    """EDP after 2,000 evaluations against the best of 500 valid mappings of Timeloop's mapper."""
    rows, _ = recorded("mapper_reference_dev.csv")
    ratios = []
    for row in (row for row in rows if row["valid_mappings_tried"] == "500"):
        layer = "conv:" + ",".join(f"{d}={row[d]}" for d in (*"NKCRSPQ", "stride"))
        problem = ENVIRONMENT.make_problem(layer, "edp")
        found = []
        for seed in range(3):
            agent = archgym.make_agent("genetic", problem, seed=seed)
            history = archgym.search(problem, agent, 2_000).history
            found.append((history["energy_pj"] * history["cycles"]).min())
        ratios.append(np.median(found) / float(row["best_edp_pj_cycles"]))
    assert np.exp(np.mean(np.log(ratios))) <= 0.75
