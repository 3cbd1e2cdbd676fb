"""AIGER in both formats, judged by ABC and by what was written."""

from __future__ import annotations

import re

import numpy as np
import pytest

from archgym.cost_models.synthesis.abc_process import AbcProcess
from archgym.cost_models.synthesis.aiger import (
    Aig,
    read_aiger,
    split_symbols,
    write_ascii,
    write_binary,
)
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.generators import generate
from archgym.errors import WorkloadError
from tests.cost_models.synthesis.vectors import drawn, run

SPECS = ("alu", "multiplier:width=5", "random:ands=300", "decoder:bits=3", "priority:width=8")


def same(a: Aig, b: Aig) -> bool:
    names = (a.input_names, a.output_names) == (b.input_names, b.output_names)
    return names and np.array_equal(a.fanins, b.fanins) and np.array_equal(a.outputs, b.outputs)


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_written_is_read_again(spec):
    aig = generate(spec)
    assert same(read_aiger(write_binary(aig)), aig)
    assert same(read_aiger(write_ascii(aig)), aig)


@pytest.mark.parametrize("spec", SPECS)
def test_abc_reads_what_is_written_and_sees_the_same_size(spec, tmp_path):
    aig = generate(spec)
    abc = AbcProcess(find_engine(), {"circuit.aig": write_binary(aig)})
    said = abc.ask("read circuit.aig; strash; print_stats; write_aiger -s again.aig")
    found = re.search(r"i/o =\s*(\d+)/\s*(\d+).*and =\s*(\d+)\s+lev =\s*(\d+)", said)
    back = read_aiger((abc.folder / "again.aig").read_bytes())
    assert [int(x) for x in found.groups()] == [
        back.inputs,
        len(back.outputs),
        back.gates,
        back.level,
    ]
    assert back.input_names == aig.input_names
    assert back.output_names == aig.output_names
    vectors = drawn(aig, 500)
    assert run(back, vectors) == run(aig, vectors), "the same function"
    abc.close()


def test_levels_and_fanouts_of_a_small_graph():
    # gate 3 = a & !b, gate 4 = gate 3 & a, outputs: !gate 4, gate 3, a
    aig = Aig(2, np.array([[5, 2], [6, 2]]), np.array([9, 6, 2]))
    assert aig.levels.tolist() == [0, 0, 0, 1, 2]
    assert aig.level == 2
    assert aig.fanouts.tolist() == [0, 3, 1, 2, 1]
    assert write_ascii(aig) == b"aag 4 2 0 3 2\n2\n4\n9\n6\n2\n6 5 2\n8 6 2\n"
    assert write_binary(aig) == b"aig 4 2 0 3 2\n9\n6\n2\n" + bytes([1, 3, 2, 4])


def test_ascii_gates_in_any_order_and_numbering():
    text = b"aag 9 2 0 1 2\n4\n2\n18\n18 17 4\n16 2 5\ni0 b\ni1 a\no0 f\nc\nwhatever\n"
    aig = read_aiger(text)
    assert (aig.input_names, aig.output_names) == (("b", "a"), ("f",))
    # 16 = a & !b, 18 = !16 & b: that is b.
    words = np.array([[0b0101], [0b0011]], dtype=np.uint64)
    assert aig.simulate(words)[0, 0] & 0xF == 0b0101


def test_numbers_of_more_than_one_byte():
    width = 200
    aig = generate(f"adder:width={width}")
    assert same(read_aiger(write_binary(aig)), aig)
    far = Aig(300, np.array([[602 - 2, 2]]), np.array([602]))
    assert read_aiger(write_binary(far)).fanins.tolist() == [[600, 2]]


def test_constants_and_graphs_without_gates():
    aig = Aig(1, np.zeros((0, 2), dtype=np.int64), np.array([0, 1, 2, 3]))
    for content in (write_binary(aig), write_ascii(aig)):
        back = read_aiger(content)
        assert back.outputs.tolist() == [0, 1, 2, 3]
        assert (back.gates, back.level) == (0, 0)


def test_symbols_and_comments_are_split_off():
    aig = generate("comparator:width=3")
    graph, symbols = split_symbols(write_binary(aig) + b"c\nwritten on some day\n")
    assert graph == write_binary(aig, names=False)
    assert graph + symbols == write_binary(aig)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not AIGER"),
        (b"\x7fELF\n", "not AIGER"),
        (b"aig 1 1\n", "header is aig M I L O A"),
        (b"aig 3 1 1 1 1\n", "1 latches"),
        (b"aig 9 1 0 1 1\n2\n\x02\x02", "M must be I"),
        (b"aig 2 1 0 1 1\n4\n\x02", "cut off"),
        (b"aig 2 1 0 2 1\n4", "cut off"),
        (b"aig 2 1 0 1 1\n4\n\x00\x02", "names no node"),
        (b"aig 2 1 0 1 1\n40\n\x02\x02", "names no node"),
        (b"aig 2 1 0 1 1 3\n4\n\x02\x02", "properties"),
        (b"aag 2 1 0 1 1\n2\n4\n4 6 2\n", "undefined or on a cycle"),
        (b"aag 3 1 0 1 2\n2\n4\n4 6 2\n6 4 2\n", "undefined or on a cycle"),
        (b"aag 2 1 0 1 1\n2\n4\n4 2\n", "cut off"),
        (b"aag 2 1 0 1 2\n2\n4\n4 2 2\n4 2 3\n", "defined twice"),
        (b"aag 1 1 0 1 0\n2\n8\n", "cut off or not well formed"),
    ],
)
def test_wrong_files_are_refused_with_the_reason(content, said):
    with pytest.raises(WorkloadError, match=said) as refused:
        read_aiger(content, "x.aig")
    assert str(refused.value).startswith("x.aig: ")
