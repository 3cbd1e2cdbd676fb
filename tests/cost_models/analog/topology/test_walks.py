"""From circuits to walks and back; what is no walk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.cost_models.analog.circuits import NAMES, load_circuit
from archgym.cost_models.analog.topology.blocks import all_blocks, assemble
from archgym.cost_models.analog.topology.canonical import canonical, canonical_walk
from archgym.cost_models.analog.topology.decode import WalkError, decode
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.tokens import is_net, pin_of
from archgym.cost_models.analog.topology.topology import Device, Topology, topology_of
from tests.cost_models.analog.topology.drawing import (
    are_isomorphic,
    draw_topology,
    graph_of,
    shuffled,
)

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_circuits_survive_the_round_trip(name):
    rng = np.random.default_rng(0)
    topology = topology_of(load_circuit(name).netlist)
    assert len(topology.devices) == len(load_circuit(name).netlist.elements)
    assert are_isomorphic(decode(encode(topology)), topology)
    for _ in range(10):
        assert are_isomorphic(decode(encode(topology, rng)), topology)


@settings(deadline=None, max_examples=60)
@given(seed=SEEDS, count=st.integers(2, 60))
def test_random_circuits_survive_the_round_trip(seed, count):
    rng = np.random.default_rng(seed)
    topology = draw_topology(rng, count)
    for walk in (encode(topology), encode(topology, rng)):
        again = decode(walk)
        assert len(again.devices) == count
        assert are_isomorphic(again, topology)


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, count=st.integers(2, 60))
def test_the_canonical_walk_does_not_depend_on_numbering(seed, count):
    rng = np.random.default_rng(seed)
    topology = draw_topology(rng, count)
    walk = canonical_walk(topology)
    assert canonical_walk(shuffled(topology, rng)) == walk
    assert canonical_walk(decode(encode(topology, rng))) == walk
    # one pin elsewhere is another circuit
    moved = [*topology.devices]
    first = moved[0]
    others = [net for net in topology.nets if net not in first.nets]
    if others:
        moved[0] = Device(first.kind, (others[0], *first.nets[1:]))
        changed = Topology(tuple(moved))
        same = graph_of(changed).size() == graph_of(topology).size() and are_isomorphic(
            canonical(changed), canonical(topology)
        )
        if not same and "VSS" in changed.nets:
            assert _walk_or_none(changed) != walk


def _walk_or_none(topology):
    try:
        return canonical_walk(topology)
    except ValueError:
        return None  # the pin that moved was all that joined the parts


def test_augmented_walks_differ_and_mean_the_same():
    topology = topology_of(load_circuit("fcascode").netlist)
    rng = np.random.default_rng(0)
    walks = {encode(topology, rng) for _ in range(100)}
    assert len(walks) == 100
    assert len({canonical_walk(decode(walk)) for walk in walks}) == 1
    again = np.random.default_rng(0)
    assert encode(topology, again) in walks
    assert encode(topology) == encode(topology)


def test_walks_cross_every_pin_and_step_from_net_to_net():
    rng = np.random.default_rng(0)
    for blocks in list(all_blocks())[::1500]:
        topology = assemble(blocks)
        walk = encode(topology, rng)
        assert walk[0] == walk[-1] == "VSS"
        assert all(is_net(word) for word in walk[::3])
        pins = [pin_of(word) for word in walk if pin_of(word)]
        assert len(set(pins)) == sum(len(device.nets) for device in topology.devices)
        # each pin once, and not much more: nets with an odd number of pins cost detours
        assert len(pins) < 1.5 * len(set(pins)) + 6


def test_diodes_parallel_devices_and_bulks_are_told_apart():
    diode = Device("NM", ("N1", "N1", "VSS", "VSS"))
    plain = Device("NM", ("N1", "VDD", "VSS", "VSS"))
    tied = Device("NM", ("N1", "N1", "VSS", "N1"))
    load = Device("R", ("VDD", "N1"))
    circuits = [
        Topology(devices)
        for devices in (
            (diode, load),
            (diode, diode, load),
            (plain, load),
            (tied, load),
            (diode, load, load),
        )
    ]
    walks = [canonical_walk(topology) for topology in circuits]
    assert len(set(walks)) == len(walks)
    for walk, topology in zip(walks, circuits, strict=True):
        assert are_isomorphic(decode(walk), canonical(topology))


def test_what_is_in_two_parts_has_no_walk():
    alone = Device("R", ("N1", "N2"))
    with pytest.raises(ValueError, match="not connected"):
        encode(Topology((Device("R", ("VSS", "VDD")), alone)))
    with pytest.raises(ValueError, match="does not touch VSS"):
        encode(Topology((alone,)))


@pytest.mark.parametrize(
    ("walk", "said"),
    [
        ("", "must end at VSS"),
        ("VSS", "must end at VSS"),
        ("VDD R1_P R1_N VSS", "begin at VSS"),
        ("VSS R1_P R1_N VDD", "must end at VSS"),
        ("VSS R1_P VDD", "word 3, 'VDD': a pin of a device"),
        ("VSS VDD R1_P", "a pin of a device must follow"),
        ("VSS R1_P R1_P VSS", "another pin of the device of R1_P"),
        ("VSS R1_P R2_N VSS", "another pin of the device of R1_P"),
        ("VSS R1_P R1_N R2_P", "a net must follow"),
        ("VSS R1_P R1_N VDD R1_P R1_N VSS", "R1_P is at VSS already"),
        ("VSS R1_P R1_G VSS", "a pin of a device"),
        ("VSS NM1_D NM1_S VSS", "before NM1_G is connected"),
        ("VSS r1_P r1_N VSS", "a pin of a device"),
    ],
)
def test_what_is_no_walk_says_where(walk, said):
    with pytest.raises(WalkError, match=said):
        decode(walk.split())


def test_longer_good_beginnings_are_nearer_to_a_walk():
    walk = encode(assemble({}))
    errors = []
    for at in (1, 10, 30):
        broken = (*walk[:at], "VIN1" if at % 3 else "R9_P", *walk[at + 1 :])
        with pytest.raises(WalkError) as caught:
            decode(broken)
        errors.append(caught.value.progress)
    assert errors == sorted(errors)
    assert len(set(errors)) == 3
