"""Libraries, mapped costs, and equivalence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archgym.cost_models.synthesis.aiger import Aig, read_aiger, write_binary
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.equivalence import EquivalenceChecker
from archgym.cost_models.synthesis.generators import generate
from archgym.cost_models.synthesis.libraries import Library, find_library
from archgym.cost_models.synthesis.mapper import DCH, LibraryError, Mapper, Quality
from archgym.cost_models.synthesis.session import Synthesizer
from archgym.errors import SettingError
from tests.cost_models.synthesis.engines import as_engine, circuit, wrapped
from tests.shared_data import shared_data

AND2 = write_binary(Aig(2, np.array([[4, 2]]), np.array([6]), ("a", "b"), ("f",)))


@pytest.fixture
def mapper():
    made = Mapper(find_engine(), find_library("small"), 30.0)
    yield made
    made.close()


def test_a_gate_costs_what_the_library_says(mapper):
    assert mapper.map(AND2) == Quality(1, 11.0, 7.33)
    nand = replace(read_aiger(AND2), outputs=np.array([7]))
    assert mapper.map(write_binary(nand)) == Quality(1, 8.0, 6.0)
    xor = write_binary(generate("parity:inputs=2"))
    assert mapper.map(xor) == Quality(1, 30.0, 13.0)


def test_a_wire_costs_a_buffer_unless_input_and_output_have_one_name(mapper):
    wire = Aig(1, np.zeros((0, 2), dtype=np.int64), np.array([2]), ("a",), ("f",))
    assert mapper.map(write_binary(wire)) == Quality(1, 6.0, 6.0)
    assert mapper.map(write_binary(replace(wire, output_names=("a",)))) == Quality(0, 0.0, 0.0)


def test_a_session_maps_with_the_names_of_the_circuit():
    wires = Aig(2, np.array([[4, 2]]), np.array([6, 2]), ("a", "b"), ("f", "a"))
    synthesizer = Synthesizer(find_engine(), 30.0)
    session = synthesizer.session(Circuit("wires", write_binary(wires)))
    end = session.run(["balance"]).state
    assert session.map(end, find_library("small")).area == 11.0
    synthesizer.close()


def test_look_up_tables_are_counted_with_their_levels():
    for inputs, tables, levels in ((4, 3, 2), (8, 1, 1)):
        mapper = Mapper(find_engine(), find_library(f"lut{inputs}"), 30.0)
        network = write_binary(generate("parity:inputs=8"))
        assert mapper.map(network) == Quality(tables, tables, levels)
        mapper.close()


def test_two_libraries_take_turns_with_a_process_each():
    synthesizer = Synthesizer(find_engine(), 30.0)
    session = synthesizer.session(circuit("comparator:width=6"))
    own, tables = find_library("small"), find_library("lut4")
    first = [session.map(session.root, library) for library in (own, tables)]
    after = session.apply(session.root, "rewrite")
    again = [session.map(after, library) for library in (own, tables, own)]
    assert again[0] == again[2]
    assert first[0] != first[1]
    synthesizer.close()


def test_choices_before_mapping_change_the_mapping_alone():
    synthesizer = Synthesizer(find_engine(), 30.0)
    session = synthesizer.session(circuit("alu"))
    library = find_library("small")
    plain, choices = (session.map(session.root, library, f) for f in ("none", DCH))
    assert choices.area * choices.delay < plain.area * plain.delay
    synthesizer.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"garbage\n", "no gates"),
        (b"GATE nand2 2 O=!(a*b); PIN * INV 1 999 1 0 1 0\n", "no inverter"),
        (b"", "no gates"),
    ],
)
def test_libraries_that_cannot_be_mapped_to_are_told_apart(text, said):
    mapper = Mapper(find_engine(), Library("x.genlib", "genlib", text or b"\n"), 30.0)
    with pytest.raises(LibraryError, match=f"x.genlib: .*{said}"):
        mapper.map(AND2)
    mapper.close()


def test_a_liberty_file_that_is_none_is_refused():
    mapper = Mapper(find_engine(), Library("x.lib", "liberty", b"garbage\n"), 30.0)
    with pytest.raises(LibraryError, match=r"x\.lib: "):
        mapper.map(AND2)
    mapper.close()


@pytest.mark.parametrize("name", ["lut2", "lut9", "lut", "huge", "no/such.genlib", "README.md"])
def test_unknown_libraries_are_refused(name):
    with pytest.raises(SettingError, match=r"small, lut3 \.\. lut8"):
        find_library(name)


def test_liberty_timing_is_read_as_printed():
    path = shared_data("synthesis", "libs", "osu018_stdcells.lib")
    content = shared_data("synthesis", "circuits", "epfl_ctrl.aig").read_bytes()
    mapper = Mapper(find_engine(), find_library(str(path)), 30.0)
    assert mapper.map(content) == Quality(119, 3078.0, 889.6)
    mapper.close()


# -- equivalence ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checker():
    made = EquivalenceChecker(find_engine())
    yield made
    made.close()


def with_minterm(aig: Aig) -> Aig:
    """Return the graph with output 0 wrong for all ones at the inputs, and right elsewhere."""
    gates, last = aig.fanins.tolist(), 2
    for at in range(1, aig.inputs):
        gates.append(sorted([2 * (at + 1), last], reverse=True))
        last = 2 * (aig.inputs + len(gates))
    old = int(aig.outputs[0])
    for pair in ([last, old ^ 1], [last ^ 1, old]):
        gates.append(sorted(pair, reverse=True))
    node = aig.inputs + len(gates)
    gates.append([2 * node ^ 1, 2 * (node - 1) ^ 1])
    outputs = aig.outputs.copy()
    outputs[0] = 2 * (node + 1) ^ 1
    return replace(aig, fanins=np.array(gates), outputs=outputs)


@pytest.mark.parametrize("spec", ["alu", "adder:width=24,arch=carry_select", "random:ands=200"])
def test_one_wrong_minterm_is_found(checker, spec):
    aig = generate(spec)
    wrong = with_minterm(aig)
    ones = np.full((aig.inputs, 1), 2**64 - 1, dtype=np.uint64)
    drawn = np.random.default_rng(0).integers(0, 2**63, (aig.inputs, 64)).astype(np.uint64)
    assert (wrong.simulate(drawn) == aig.simulate(drawn)).all(), "simulation does not see it"
    assert (wrong.simulate(ones) != aig.simulate(ones)).sum() == 1
    assert checker.check(circuit(spec), write_binary(wrong)) == "no"


def test_an_inverted_edge_is_found(checker):
    aig = generate("multiplier:width=4")
    for gate in (0, 20, aig.gates - 1):
        fanins = aig.fanins.copy()
        fanins[gate, 1] ^= 1
        wrong = write_binary(replace(aig, fanins=fanins))
        assert checker.check(circuit("multiplier:width=4"), wrong) == "no"


def test_other_structures_of_one_function_are_equivalent(checker):
    ripple = circuit("adder:width=16")
    for arch in ("lookahead", "kogge_stone", "carry_select"):
        other = write_binary(generate(f"adder:width=16,arch={arch}"), names=False)
        assert checker.check(ripple, other) == "yes", "without names, by order"


def test_no_proof_is_undecided(tmp_path):
    body = "for x in lines:\n    if b'cec' in x: x = b'\\n'\n    send(x)"
    checker = EquivalenceChecker(as_engine(wrapped(tmp_path, body)))
    assert checker.check(circuit("alu"), write_binary(generate("alu"))) == "undecided"
    body = "for x in lines:\n    if b'cec' in x: abc.kill(); os._exit(1)\n    send(x)"
    checker = EquivalenceChecker(as_engine(wrapped(tmp_path, body, "dies")))
    assert checker.check(circuit("alu"), write_binary(generate("alu"))) == "undecided"
