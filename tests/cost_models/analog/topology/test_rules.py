"""Each rule is kept by good circuits and says what is wrong with others."""

from __future__ import annotations

import pytest

from archgym.cost_models.analog.circuits import load_circuit
from archgym.cost_models.analog.topology.blocks import CHOICES, all_blocks, assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.rules import RULES, violations
from archgym.cost_models.analog.topology.symmetry import matched, same_length
from archgym.cost_models.analog.topology.topology import Device, Topology, topology_of

SHIPPED = {
    "ota5t": {},
    "miller2": {"second_stage": "common_source", "compensation": "nulling"},
    "fcascode": {"input": "pmos", "core": "folded", "load": "wide_swing"},
}


def shipped(name):
    """Return a shipped circuit without its load, which is the bench's here."""
    circuit = load_circuit(name)
    places = [at for at, e in enumerate(circuit.netlist.elements) if e.name != "cl"]
    devices = topology_of(circuit.netlist).devices
    return Topology(tuple(devices[at] for at in places))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_amplifiers_are_among_the_generated_and_keep_the_rules(name):
    assert violations(shipped(name)) == []
    assert canonical_walk(assemble(SHIPPED[name])) == canonical_walk(shipped(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_sizes_are_shared_as_in_the_shipped_circuits(name):
    circuit = load_circuit(name)
    elements = [e for e in circuit.netlist.elements if e.name != "cl"]
    topology = shipped(name)
    twins = matched(topology)
    lengths = same_length(topology, twins)
    for a, one in enumerate(elements):
        for b, other in enumerate(elements[:a]):
            if one.kind == other.kind == "m":
                assert (lengths[a] == lengths[b]) == (one.length == other.length), (a, b)
                shared = isinstance(one.fingers, str) and one.fingers == other.fingers
                assert (twins[a] == twins[b]) == shared, (one.name, other.name)


def test_generated_circuits_keep_the_rules_and_are_many():
    every = list(all_blocks())
    assert len(every) == 13_824
    circuits = [assemble(blocks) for blocks in every[::23]]
    assert not [topology for topology in circuits if violations(topology)]
    assert len({canonical_walk(topology) for topology in circuits}) > 500


def test_every_choice_of_a_block_makes_another_circuit():
    base = {
        "core": "folded", "load": "cascode", "second_stage": "common_source",
        "compensation": "miller",
    }  # fmt: skip
    for block, choices in CHOICES.items():
        walks = {canonical_walk(assemble({**base, block: choice})) for choice in choices}
        assert len(walks) == len(choices), block


def test_a_pmos_input_is_the_mirror_image():
    one = assemble({"second_stage": "common_source"})
    other = assemble({"second_stage": "common_source", "input": "pmos"})
    kinds = [d.kind for d in one.devices]
    swapped = {"NM": "PM", "PM": "NM"}
    assert [swapped.get(kind, kind) for kind in kinds] == [d.kind for d in other.devices]
    assert violations(other) == []


BASE = assemble({}).devices  # I NM(bias) NM(tail) NM NM PM PM


def changed(place, *nets):
    devices = [*BASE]
    devices[place] = Device(devices[place].kind, nets)
    return Topology(tuple(devices))


def added(*devices):
    return Topology((*BASE, *(Device(kind, nets) for kind, nets in devices)))


@pytest.mark.parametrize(
    ("rule", "said", "topology"),
    [
        ("ports", "VIN2", changed(4, "VOUT1", "N2", "N2", "VSS")),
        ("ports", "VREF1", added(("R", ("VREF1", "N1")))),
        ("bulk", "NM1_B must be at VSS or at its source", changed(1, "N1", "N1", "VSS", "VDD")),
        ("inputs drive gates", "VIN1 drives gates alone, not R1_P", added(("R", ("VIN1", "N1")))),
        (
            "no device that is off",
            "NM5 is always off, its gate is at VSS",
            added(("NM", ("VOUT1", "VSS", "N1", "VSS"))),
        ),
        ("no bypassed device", "both ends of R1 are at N1", added(("R", ("N1", "N1")))),
        ("no shorted supply", "V1 must have P at VDD or N at VSS", added(("V", ("VDD", "VSS")))),
        (
            "no shorted supply",
            "V2 and V1 are voltage sources in parallel",
            added(("V", ("N9", "VSS")), ("V", ("VDD", "N9"))),
        ),
        (
            "no energy beside the supply",
            "V1 holds N9, which may drive gates alone, not R1_P",
            added(("V", ("N9", "VSS")), ("R", ("N9", "N1"))),
        ),
        (
            "no energy beside the supply",
            "I2 must have P at VDD or N at VSS",
            added(("I", ("N1", "VOUT1"))),
        ),
        (
            "no floating gate",
            "nothing drives the gates at N9",
            added(("NM", ("N1", "N9", "VSS", "VSS"))),
        ),
        ("no floating node", "C1 alone is connected to N9", added(("C", ("N9", "VSS")))),
        (
            "no floating node",
            "no transistor, resistor or voltage source joins N9",
            added(("C", ("N9", "VSS")), ("C", ("N9", "VDD"))),
        ),
        (
            "no floating node",
            "joins N9",
            added(("I", ("VDD", "N9")), ("I", ("N9", "VSS"))),
        ),
        (
            "no starved device",
            "NM5 lies on no path",
            added(("NM", ("N9", "N9", "N1", "VSS"))),
        ),
        ("output connected", "VOUT1 lies on no path", Topology((*BASE[:4], *BASE[5:]))),
    ],
)
def test_broken_rules_say_what_and_where(rule, said, topology):
    found = [str(v) for v in violations(topology) if v.rule == rule]
    assert any(said in text for text in found), violations(topology)
    assert set(RULES) >= {v.rule for v in violations(topology)}


def test_without_a_path_between_the_supplies_nothing_works():
    topology = Topology((Device("NM", ("N1", "VIN1", "VSS", "VSS")),))
    assert "supply path" in {v.rule for v in violations(topology)}
