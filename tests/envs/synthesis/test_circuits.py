"""Circuits of `synthesis.recipe`: files, their formats, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import archgym
from archgym.cost_models.synthesis.aiger import write_ascii, write_binary
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.equivalence import EquivalenceChecker
from archgym.cost_models.synthesis.generators import generate
from archgym.cost_models.synthesis.workloads import load_circuit
from archgym.errors import SettingError, UnknownNameError, WorkloadError

VERILOG = Path(__file__).with_name("alu8.v")


def problem(workload="comparator", **settings):
    return archgym.make_problem("synthesis.recipe", workload=workload, **settings)


def test_verilog_loads_to_the_graph_of_the_contract_and_is_the_alu():
    """19 inputs, 10 outputs, 340 ANDs, level 24; the function of the generator."""
    chosen = problem(str(VERILOG))
    root = chosen.cost_model.session(chosen.workload).root
    sizes = (root.snapshot.inputs, root.snapshot.outputs, root.and_count, root.level)
    assert sizes == (19, 10, 340, 24)
    checker = EquivalenceChecker(find_engine())
    assert checker.check(load_circuit("alu:width=8"), root.aiger) == "yes"
    checker.close()


def test_one_circuit_in_all_formats_has_one_function(tmp_path):
    aig, checker = generate("priority:width=8"), EquivalenceChecker(find_engine())
    binary = tmp_path / "with blanks; and signs.aig"
    binary.write_bytes(write_binary(aig))
    (tmp_path / "c.aag").write_bytes(write_ascii(aig))
    for name in ("c.blif", "c.bench", "c.pla"):
        (tmp_path / name).write_bytes(converted(tmp_path, binary, name))
    start = problem(str(binary)).evaluate([{}])
    assert problem(str(tmp_path / "c.aag")).evaluate([{}]).equals(start), "the same graph"
    for name in ("c.blif", "c.bench", "c.pla"):
        other = problem(str(tmp_path / name))
        assert other.evaluate([{"recipe": "6206"}])["equivalent"].tolist() == ["yes"]
        root = other.cost_model.session(other.workload).root
        assert checker.check(load_circuit(str(binary)), root.aiger) == "yes"
    checker.close()


def converted(folder, source, name):
    (folder / "in.aig").write_bytes(source.read_bytes())
    write = {"c.pla": "collapse; write_pla"}.get(name, f"short_names; write_{name[2:]}")
    script = f"read in.aig; strash; {write} {name}"
    subprocess.run([find_engine().path, "-s", "-c", script], cwd=folder, capture_output=True)
    return (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.aig", b"hello", "a.aig: not AIGER"),
        ("a.aig", b"aag 1 1 0 1 0\n2\n2\n", "suffix must be .aag"),
        ("a.aag", b"aig 1 1 0 1 0\n2\n", "suffix must be .aig"),
        ("a.aig", b"aig 2 1 1 1 0\n2\n2\n", "has 1 latches"),
        ("a.blif", b".model m\n.inputs a\n.outputs b\n.latch a b 0\n.end\n", "has 1 latches"),
        ("a.blif", b"garbage\n", "a.blif: ABC does not read it"),
        (
            "a.v",
            b"module m(input a, c, output reg b); always @(posedge c) b <= a; endmodule",
            "has 1 latches",
        ),
        ("a.v", b"module m(input a output b);", "a.v: Yosys does not take it: .*ERROR"),
        ("a.txt", b"x", "suffix '.txt' is none of .aig"),
    ],
)
def test_files_that_are_no_circuits_are_refused_with_the_reason(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WorkloadError, match=said):
        problem(str(tmp_path / name)).evaluate([{}])


def test_unknown_circuits_are_refused_with_what_there_is():
    with pytest.raises(UnknownNameError, match=r"did you mean 'adder'.*or a file: \.aig"):
        load_circuit("addder")
    assert isinstance(load_circuit("adder:width=3"), Circuit)


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": 0},
        {"length": 201},
        {"library": "nolib"},
        {"time_limit_s": 0},
        {"abc": "/no/such/abc"},
        {"actions": "std8"},
        {"finisher": "dch2"},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(SettingError):
        problem(**wrong).evaluate([{}])
