"""`archgym evaluate` as a user types it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from archgym.cli import main; main()"]
HEADER = "banks,policy,cache,cache_ways\n"
GOOD = HEADER + "2,open,small,4\n4,closed,none,1\n"


def archgym(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *map(str, arguments)]
    environ = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=environ)


def evaluate(folder: Path, text: str, *options: str) -> tuple[int, str, list[dict[str, str]]]:
    designs, output = folder / "in.csv", folder / "out.csv"
    designs.write_text(text)
    words = ["evaluate", "tests.toys:TOY", "--designs", designs, "--output", output, *options]
    done = archgym(*words)
    rows = list(csv.DictReader(output.open())) if output.exists() else []
    return done.returncode, done.stderr, rows


def test_one_row_per_design_in_order(tmp_path):
    code, _, rows = evaluate(tmp_path, GOOD, "--workload", "mixed")
    assert code == 0
    assert [row["banks"] for row in rows] == ["2", "4"]
    assert rows[0]["buffer_entries"] == "2", "a missing column takes its default"
    assert rows[0]["status"] == "ok"
    assert rows[0]["error"] == ""
    assert float(rows[0]["latency_ns"]) > 10
    assert list(rows[0])[-3:] == ["reward", "status", "error"]


def test_a_design_that_breaks_a_constraint_is_infeasible(tmp_path):
    code, _, rows = evaluate(tmp_path, "banks,buffer_entries\n5,8\n2,2\n")
    assert code == 0
    assert [row["status"] for row in rows] == ["infeasible", "ok"]
    assert "banks x buffer_entries <= 32" in rows[0]["error"]
    assert rows[0]["latency_ns"] == ""
    assert float(rows[0]["reward"]) < 0


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (GOOD.replace("4,closed", "4,clsoed"), (), "in.csv: row 2, column 'policy': 'clsoed'"),
        (GOOD.replace("2,open", ",open"), (), "in.csv: row 1, column 'banks': ''"),
        (GOOD + "3,open\n", (), "row 3: 2 cells, 4 columns"),
        (GOOD.replace("banks", "bnaks"), (), "did you mean 'banks'"),
        (GOOD.replace("policy", "banks"), (), "given twice"),
        ("", (), "is empty"),
        (GOOD, ("--workload", "mixd"), "did you mean 'mixed'"),
        (GOOD, ("--objective", "latncy"), "did you mean 'latency'"),
        (GOOD, ("--objective", "{minimize: latency}"), "unknown metric 'latency'"),
        (GOOD, ("--cost-model", "distant"), "unknown cost model"),
        (GOOD, ("--set", "max_banks"), "key=value"),
        (GOOD, ("--set", "max_bank=4"), "did you mean 'max_banks'"),
        (GOOD, ("--set", "max_banks=many"), "'many' is not of type int"),
    ],
)
def test_bad_input_is_one_clear_line_and_writes_nothing(tmp_path, text, options, expected):
    code, error, rows = evaluate(tmp_path, text, *options)
    assert code == 2
    assert expected in error
    assert len(error.strip().splitlines()) == 1
    assert rows == []
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_keep_going_costs_only_the_bad_rows(tmp_path):
    text = GOOD + "99,open,none,1\n3,open\n2,open,small,4\n"
    code, _, rows = evaluate(tmp_path, text, "--keep-going")
    assert code == 0
    assert [row["status"] for row in rows] == ["ok", "ok", "invalid", "invalid", "ok"]
    assert rows[2]["banks"] == "99"
    assert rows[2]["latency_ns"] == rows[2]["reward"] == ""
    assert "'banks': '99' is not allowed" in rows[2]["error"]
    assert {**rows[4]} == {**rows[0]}
    assert evaluate(tmp_path, text.replace("banks", "bnaks"), "--keep-going")[0] == 2


def test_failures_of_the_model_are_statuses(tmp_path):
    (tmp_path / "in.csv").write_text("behaviour\nfine\nraises\n")
    words = ["evaluate", "tests.toys:TOY_FAILING", "--designs", tmp_path / "in.csv"]
    done = archgym(*words, "--output", tmp_path / "out.csv", "--set", "failures=raises")
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert done.returncode == 0
    assert [row["status"] for row in rows] == ["ok", "crashed"]
    assert "cannot be simulated" in rows[1]["error"]


def test_missing_files_and_folders(tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    base = ["evaluate", "tests.toys:TOY"]
    missing = archgym(*base, "--designs", tmp_path / "no.csv", "--output", tmp_path / "o.csv")
    assert (missing.returncode, "no.csv" in missing.stderr) == (2, True)
    nowhere = archgym(
        *base, "--designs", tmp_path / "in.csv", "--output", tmp_path / "x" / "o.csv"
    )
    assert (nowhere.returncode, "does not exist" in nowhere.stderr) == (2, True)
    unknown = archgym("evaluate", "drum", "--designs", "a", "--output", "b")
    assert (unknown.returncode, "unknown environment 'drum'" in unknown.stderr) == (2, True)
