"""`synthesis.recipe` as a user types it, and on measured tables."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import archgym
from archgym.cli import main
from archgym.cost_models.synthesis.aiger import read_aiger
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.equivalence import EquivalenceChecker
from archgym.cost_models.synthesis.generators import generate
from archgym.cost_models.synthesis.workloads import load_circuit
from tests.shared_data import shared_data


def problem(workload="comparator", **settings):
    return archgym.make_problem("synthesis.recipe", workload=workload, **settings)


@dataclass
class Done:
    returncode: int
    stderr: str


@pytest.fixture
def archgym_command(capsys, monkeypatch):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["archgym", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return Done(code, capsys.readouterr().err)

    return run


def test_tables_keep_what_was_written_and_say_yes_and_no(tmp_path, archgym_command):
    designs, output = tmp_path / "in.csv", tmp_path / "out.csv"
    text = "recipe,design_id,mapping,library\n0123,0007,on,lut4\nb; rw ,0008,off,\n,007,on,\n"
    designs.write_text(text)
    done = archgym_command(
        "evaluate",
        "synthesis.recipe",
        "--workload",
        "alu",
        "--designs",
        designs,
        "--output",
        output,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(output.open()))
    assert [row["recipe"] for row in rows] == ["0123", "b; rw", ""]
    assert [row["design_id"] for row in rows] == ["0007", "0008", "007"]
    assert [row["library"] for row in rows] == ["lut4", "", ""]
    assert [row["equivalent"] for row in rows] == ["yes"] * 3
    assert [row["error"] for row in rows] == [""] * 3
    assert rows[1]["mapped_area"] == ""
    assert rows[0]["binary_sha256"] == find_engine().sha256


def test_a_bad_row_costs_its_row_alone_where_that_is_asked(tmp_path, archgym_command):
    designs, output = tmp_path / "in.csv", tmp_path / "out.csv"
    designs.write_text("recipe,library\nb,\nrewritte,\nb,no.genlib\nb,\n")
    words = ["evaluate", "synthesis.recipe", "--designs", designs, "--output", output]
    done = archgym_command(*words)
    assert done.returncode == 2
    assert "row 2, column 'recipe': 'rewritte' is not allowed" in done.stderr
    assert not output.exists()
    assert archgym_command(*words, "--keep-going").returncode == 0
    rows = list(csv.DictReader(output.open()))
    assert [row["status"] for row in rows] == ["ok", "invalid", "invalid", "ok"]
    assert "'no.genlib' is not allowed (small, lut3" in rows[2]["error"]
    assert rows[0]["mapped_area"] == rows[3]["mapped_area"] != ""


def test_exported_graphs_are_binary_aiger_with_names(tmp_path, archgym_command):
    done = archgym_command("export", "synthesis.recipe", "--workload", "alu", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    aig = read_aiger((tmp_path / "row-0" / "circuit.aig").read_bytes())
    assert aig.input_names == generate("alu").input_names
    designs = tmp_path / "in.csv"
    designs.write_text("recipe,chain\n6206,canonical\n6206,plain\n")
    words = ("export", "synthesis.recipe", "--workload", "alu", "--designs", designs)
    assert archgym_command(*words, "--output", tmp_path).returncode == 0
    checker = EquivalenceChecker(find_engine())
    for row in range(2):
        content = (tmp_path / f"row-{row}" / "circuit.aig").read_bytes()
        assert read_aiger(content).gates < aig.gates
        assert checker.check(load_circuit("alu"), content) == "yes"
    checker.close()


def test_without_an_engine_one_line_says_what_to_install(tmp_path, archgym_command, monkeypatch):
    monkeypatch.setenv("ARCHGYM_ABC", "/no/such/file")
    designs = tmp_path / "in.csv"
    designs.write_text("recipe\nb\n")
    words = ("evaluate", "synthesis.recipe", "--designs", designs, "--output", tmp_path / "o.csv")
    done = archgym_command(*words)
    assert done.returncode == 2
    assert "pip install pyosys" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


# -- measured data -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mcnc_frg1", "epfl_ctrl", "mcnc_c2670", "iwls05_sasc"])
def test_a_sample_of_measured_rows_is_met_exactly(name):
    """All 4,637 rows agree; `benchmarks/synthesis_agreement.py` runs them."""
    folder = shared_data("synthesis", "cases")
    designs = list(csv.DictReader((folder / f"{name}.csv").open()))
    expected = list(csv.DictReader((folder / f"{name}.expected.csv").open()))
    rows = np.random.default_rng(len(name)).permutation(len(designs))[:12].tolist()
    given = [{**designs[row], "library": library_of(designs[row])} for row in rows]
    circuit = shared_data("synthesis", "circuits", f"{name}.aig")
    table = problem(str(circuit)).evaluate(given).to_dict("records")
    for row, got in zip(rows, table, strict=True):
        wanted = expected[row]
        assert got["equivalent"] == wanted["equivalent"]
        assert got["error"] == ""
        for metric in ("and_count", "level", "mapped_area", "mapped_delay"):
            assert f"{got[metric]:g}" == (
                f"{float(wanted[metric]):g}" if wanted[metric] else "nan"
            )
        if wanted["adp_vs_resyn2"]:
            assert got["adp_vs_resyn2"] == pytest.approx(float(wanted["adp_vs_resyn2"]), rel=1e-6)


def library_of(design):
    name = design["library"]
    return str(shared_data("synthesis", "libs", Path(name).name)) if "/" in name else name


def test_a_table_of_bad_rows_leaves_the_good_ones_as_they_are(tmp_path):
    folder = shared_data("synthesis", "cases")
    rows = list(csv.DictReader((folder / "bad_designs.csv").open()))
    expected = list(csv.DictReader((folder / "bad_designs.expected.csv").open()))
    chosen = problem(str(shared_data("synthesis", "circuits", "epfl_ctrl.aig")))
    batch, errors = chosen.space.encode_each(
        [{**r, "library": library_of_or_given(r)} for r in rows]
    )
    outcomes = chosen.outcomes(batch)
    for at, wanted in enumerate(expected):
        assert (at in errors) == bool(wanted["error"])
        if not wanted["error"]:
            assert outcomes.metrics["mapped_area"][at] == float(wanted["mapped_area"])


def library_of_or_given(design):
    name = Path(design["library"]).name
    return library_of(design) if name == "asap7.genlib" else design["library"]
