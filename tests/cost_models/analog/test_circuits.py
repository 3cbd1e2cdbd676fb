"""Netlists and circuit files: what is read, what is refused, a circuit of the user's own."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import yaml

import archgym
from archgym.cost_models.analog import formula
from archgym.cost_models.analog.circuit import parse_circuit
from archgym.cost_models.analog.circuits import NAMES, load_circuit
from archgym.cost_models.analog.netlist import number, parse_netlist
from archgym.cost_models.analog.plan import make_plan
from archgym.errors import UnknownNameError, WorkloadError
from tests.shared_data import shared_data

OWN = """\
about: common source with a resistor
bench: common_source
netlist: |
  .subckt stage inp inn out vdd
  m1 out inn 0 0 {n1} w=5u l={l1} m={m1}
  rl vdd out {rl}
  cl out 0 1p
  .ends
parameters:
  l1_um: {grid: length}
  m1: {log: [1, 20]}
  rl_ohm: {log: [1000, 50000]}
"""


def own(**changes):
    return {**copy.deepcopy(yaml.safe_load(OWN)), **changes}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "comparator"])
def test_shipped_circuits_are_the_reference_netlists_and_ranges(name):
    circuit = load_circuit(name)
    text = shared_data("analog", "netlists", f"{name}.sub").read_text()
    assert circuit.netlist.elements == parse_netlist(text, name).elements
    assert circuit.netlist.ports == parse_netlist(text, name).ports
    ranges = yaml.safe_load(shared_data("analog", "ranges.yaml").read_text())["circuits"][name]
    assert [size.name for size in circuit.sizes] == list(ranges)
    kinds = {"grid": "grid", "log": "log", "lin": "linear"}
    for size in circuit.sizes:
        wanted = ranges[size.name]
        assert size.scale == kinds[wanted["type"]]
        assert size.of_supply == ("unit" in wanted)
        if size.scale != "grid":
            assert (size.low, size.high) == (float(wanted["low"]), float(wanted["high"]))


def test_numbers_have_spices_suffixes():
    for text, value in (("2p", 2e-12), ("60k", 6e4), ("1g", 1e9), ("0.3meg", 3e5), ("1e-3", 1e-3)):
        assert number(text) == pytest.approx(value)
    for text in ("2x", "p", "1 k"):
        with pytest.raises(ValueError, match=text):
            number(text)


def test_a_circuit_of_the_users_own(tmp_path):
    path = tmp_path / "stage.yaml"
    path.write_text(OWN)
    problem = archgym.make_problem("analog.sizing", str(path), objective={"minimize": "power_w"})
    assert problem.space.names == ("model", "l1_um", "m1", "rl_ohm")
    designs = problem.space.sample(np.random.default_rng(0), 20).frame()
    found = problem.evaluate(designs)
    assert (found["converged"] == 1).all()
    # self-biased: what the resistor brings flows through the transistor
    current = (1.8 - found["vout_dc_v"]) / designs["rl_ohm"]
    assert np.allclose(found["min_drain_current_a"], current, rtol=1e-6)
    assert np.allclose(found["power_w"], 1.8 * current, rtol=1e-6)


def test_voltage_sources_tie_nodes_in_any_order_and_direction():
    text = OWN.replace(
        "  cl out", "  v2 b a 0.1\n  v1 vdd a 0.5\n  m2 out b 0 0 {n1} w=5u l={l1}\n  cl out"
    )
    plan = make_plan(parse_circuit(yaml.safe_load(text), "tied"))
    order = [list(plan.nodes)[node] for node in plan.net.ties[:, 0]]
    assert order == ["a", "b"]
    assert plan.net.tie_sign.tolist() == [-1.0, 1.0]
    assert plan.fed[[plan.nodes[n] for n in ("a", "b", "vdd", "out")]].tolist() == [1, 1, 1, 0]


def test_a_floating_voltage_source_is_refused():
    text = OWN.replace("  cl out", "  v1 out x 0.5\n  r2 x 0 1k\n  cl out")
    with pytest.raises(WorkloadError, match="'v1' must tie one node"):
        make_plan(parse_circuit(yaml.safe_load(text), "floating"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("q1 a b c model", "known are m, r, c, i and v"),
        ("r1 a 0", "two nodes and one value"),
        ("r1 a 0 0", "not positive"),
        ("r1 a 0 5kk", "neither a number nor a placeholder"),
        ("m2 out inn 0 0 {n2} w=5u l={l1}", "belong together"),
        ("m2 out inn 0 0 nmos w=5u l={l1}", "belong together"),
        ("m2 out inn 0 0 {n1} l={l1}", "must read"),
        ("m2 out inn 0 0 {n1} w=5u l={l1} as=1", "must read"),
        ("m2 out inn 0 0 {n1} w={m1} l={l1}", "width of a finger"),
        ("rl a 0 1k", "stands there twice"),
        (".tran 1n 1u", "is not one .subckt"),
        ("r1 a 0 {rx}", "placeholder 'rx' is no parameter"),
    ],
)
def test_wrong_lines_are_refused(line, said):
    text = OWN.replace("  cl out", f"  {line}\n  cl out")
    with pytest.raises(WorkloadError, match=said):
        parse_circuit(yaml.safe_load(text), "wrong")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bench": "bridge"}, "bench 'bridge' is not one of"),
        ({"bench": "transimpedance"}, "needs the ports in out vdd"),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"start": {"nowhere": 1.0}}, "no node"),
        ({"goals": {"gain_db": [3, 2]}}, "no range"),
        ({"slew_v_per_s": "m1"}, "only there"),
        ({"parameters": {}}, "must be a mapping"),
        ({"common_mode": "half"}, "'half' is not a number"),
    ],
)
def test_wrong_files_are_refused(change, said):
    with pytest.raises(WorkloadError, match=said):
        parse_circuit(own(**change), "wrong")


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("m1", {"log": [20, 1]}, "no range"),
        ("m1", {"log": [0, 1]}, "no range"),
        ("m1", {"log": [1, 20], "default": 30}, "no range"),
        ("m1", {"steps": 3}, "write"),
        ("m1", {"grid": "length"}, "one of lengths"),
        ("l1_um", {"log": [1, 2]}, "on a grid"),
        ("rz_ohm", {"log": [1, 2]}, "is not in the netlist"),
    ],
)
def test_wrong_parameters_are_refused(name, entry, said):
    parameters = own()["parameters"] | {name: entry}
    with pytest.raises(WorkloadError, match=said):
        parse_circuit(own(parameters=parameters), "wrong")


def test_an_unknown_circuit_lists_the_known_ones(tmp_path):
    with pytest.raises(UnknownNameError, match="miller2"):
        load_circuit("miller")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    with pytest.raises(WorkloadError, match="cannot be read"):
        load_circuit(str(broken))


def test_formulas_know_four_operations_and_min():
    values = {"a": np.array([1.0, 8.0]), "b": np.array([2.0, 2.0])}
    assert formula.evaluate("min(a, b) * 3 - a / b + 1", values).tolist() == [3.5, 3.0]
    for wrong in ("a ** b", "max(a, b)", "a.real", "a +", "'a'", "__import__('os')"):
        with pytest.raises(ValueError, match=r"formula|literal"):
            formula.names_in(wrong)
