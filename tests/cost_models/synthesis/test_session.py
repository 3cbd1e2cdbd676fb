"""Sessions: what was computed is kept, and is exactly what a fresh engine computes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from archgym.cost_models.synthesis import session as sessions
from archgym.cost_models.synthesis.actions import action_set, parse_recipe
from archgym.cost_models.synthesis.circuit import Circuit
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.libraries import find_library
from archgym.cost_models.synthesis.passes import PassRunner
from archgym.cost_models.synthesis.session import Synthesizer
from tests.cost_models.synthesis.engines import circuit
from tests.shared_data import shared_data

# AND gates and level after one pass, measured with the engine of pyosys 0.70.
STEPS = {
    "mcnc_c2670": (717, 21),
    "epfl_ctrl": (174, 10),
    "mcnc_alu2": (401, 40),
    "iwls05_sasc": (773, 9),
    "epfl_adder": (1020, 255),
}
AFTER = {
    "refactor": [(618, 21), (143, 9), (388, 40), (635, 9), (1019, 255)],
    "refactor -z": [(619, 20), (131, 9), (388, 37), (629, 9), (1019, 255)],
    "rewrite": [(593, 21), (137, 10), (372, 39), (565, 9), (1020, 255)],
    "rewrite -z": [(583, 21), (136, 10), (376, 38), (568, 9), (1020, 255)],
    "resub": [(642, 21), (115, 9), (374, 40), (765, 9), (894, 255)],
    "resub -z": [(642, 21), (115, 9), (374, 40), (765, 9), (894, 255)],
    "balance": [(714, 17), (174, 10), (390, 34), (770, 8), (1020, 255)],
    "fraig": [(694, 21), (169, 10), (381, 40), (770, 9), (1020, 255)],
    "sopb": [(671, 15), (128, 5), (441, 23), (743, 7), (1345, 105)],
    "blut": [(695, 18), (183, 10), (384, 34), (771, 8), (1274, 255)],
    "dsdb": [(600, 17), (124, 6), (402, 29), (662, 8), (1274, 255)],
    "dc2": [(549, 26), (96, 7), (353, 34), (544, 10), (1019, 255)],
    "dch": [(552, 17), (91, 7), (346, 29), (544, 9), (1019, 255)],
    "syn4": [(547, 21), (94, 5), (339, 29), (547, 11), (1274, 255)],
    "orchestrate": [(577, 21), (103, 10), (364, 37), (559, 9), (1017, 255)],
    "resub -N 2": [(624, 21), (98, 10), (366, 40), (760, 9), (893, 255)],
}


@pytest.fixture(scope="module")
def synthesizer():
    made = Synthesizer(find_engine(), 60.0)
    yield made
    made.close()


@pytest.mark.parametrize(("place", "name"), list(enumerate(STEPS)))
def test_each_pass_of_published_circuits(synthesizer, place, name):
    path = shared_data("synthesis", "circuits", f"{name}.aig")
    session = synthesizer.session(Circuit(name, path.read_bytes()))
    assert (session.root.and_count, session.root.level) == STEPS[name]
    for action, sizes in AFTER.items():
        state = session.apply(session.root, action)
        assert (state.and_count, state.level) == sizes[place], action


def recipes(count: int, length: int, seed: int = 0, actions: str = "ext11") -> list[list[str]]:
    names = action_set(actions)
    drawn = np.random.default_rng(seed).integers(0, len(names), (count, length))
    return [[names[at] for at in row] for row in drawn.tolist()]


def test_kept_resumed_and_fresh_results_are_the_same_bytes(synthesizer):
    session = synthesizer.session(circuit("random:ands=150,seed=5"))
    together = [session.run(recipe).state for recipe in recipes(6, 5)]
    for recipe, state in zip(recipes(6, 5), together, strict=True):
        runner = PassRunner(synthesizer.engine, 60.0)  # a process that has run nothing else
        snapshot, _ = runner.load(session.circuit)
        for at, action in enumerate(recipe):
            if at == 3:  # another process goes on from the snapshot's bytes
                runner.close()
            snapshot = runner.apply(snapshot, action)
        assert snapshot.aiger == state.aiger
        assert (snapshot.and_count, snapshot.level) == (state.and_count, state.level)
        runner.close()


def test_no_pass_runs_twice_and_equal_networks_are_one_state():
    synthesizer = Synthesizer(find_engine(), 60.0)
    session = synthesizer.session(circuit("alu"))
    drawn = recipes(8, 6, actions="std7")
    nodes = {tuple(recipe[:end]) for recipe in drawn for end in range(1, 7)}
    for recipe in drawn * 2:
        session.run(recipe)
    assert session.statistics.passes_asked == 2 * 8 * 6
    assert session.statistics.passes_run == synthesizer.runner.passes_run <= len(nodes)
    once = session.run(["balance", "balance", "balance"]).state
    assert once is session.run(["balance"]).state
    synthesizer.close()


def test_mappings_and_verdicts_are_kept_by_network(synthesizer):
    session = synthesizer.session(circuit("decoder:bits=4"))
    before = (session.statistics.mappings_run, session.statistics.checks_run)
    ends = [session.run(recipe).state for recipe in recipes(10, 3, actions="std7")]
    library = find_library("small")
    costs = {state.digest: session.map(state, library) for state in ends}
    assert all(session.map(state, library) == costs[state.digest] for state in ends)
    assert {session.equivalence(state) for state in ends} == {"yes"}
    after = (session.statistics.mappings_run, session.statistics.checks_run)
    assert [b - a for a, b in zip(before, after, strict=True)] == [len(costs)] * 2


def test_states_may_be_forgotten_and_come_back_the_same(monkeypatch, synthesizer):
    other = Synthesizer(find_engine(), 60.0)
    monkeypatch.setattr(sessions, "_MOST_BYTES", 1500)
    small = other.session(circuit("random:ands=150,seed=5"))
    for recipe in recipes(4, 5):
        known = synthesizer.session(circuit("random:ands=150,seed=5")).run(recipe)
        assert small.run(recipe).state.aiger == known.state.aiger
    assert small.statistics.passes_run >= 15
    other.close()


def test_a_plain_chain_is_what_a_fresh_process_prints(synthesizer):
    session = synthesizer.session(circuit("alu"))
    end = session.run_plain(parse_recipe("rewrite;refactor -z;resub;balance"))
    from archgym.cost_models.synthesis.abc_process import AbcProcess

    abc = AbcProcess(find_engine(), {"c.aig": session.circuit.content})
    said = abc.ask("read c.aig; strash; rewrite; refactor -z; resub; balance; print_stats")
    assert f"and =    {end.and_count:3}" in said
    assert f"lev = {end.level}" in said
    assert session.run_plain(parse_recipe("rewrite;refactor -z;resub;balance")) is end
    abc.close()


def test_copies_know_nothing_and_find_the_same(synthesizer):
    copy = pickle.loads(pickle.dumps(synthesizer))
    recipe = parse_recipe("rewrite;resub;fraig")
    ends = [each.session(circuit("alu")).run(recipe).state.aiger for each in (copy, synthesizer)]
    assert ends[0] == ends[1]
    assert copy.session(circuit("alu")) is copy.session(circuit("alu"))
    copy.close()
