"""What a topology is worth, and what a broken one costs."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

import archgym
from archgym.cost_models.analog.circuit import parse_circuit
from archgym.cost_models.analog.conditions import Conditions
from archgym.cost_models.analog.results import measurements
from archgym.cost_models.analog.solver import Solver
from archgym.cost_models.analog.topology.bench import bench_names, load_bench
from archgym.cost_models.analog.topology.blocks import assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.sizing import score
from archgym.errors import UnknownNameError, WorkloadError
from archgym.outcome import Measurements
from archgym.testing import CostModelConformance
from tests.cost_models.analog.topology.drawing import shuffled

ENV = "analog.topology"
MILLER = {"second_stage": "common_source", "compensation": "nulling"}


class TestTopologyModel(CostModelConformance):
    """The kit: the same alone, in a batch, in another process."""

    environment = archgym.registry.environments.get("analog.blocks")
    settings = {"simulations": 8}  # noqa: RUF012


def evaluate(*walks, **settings):
    problem = archgym.make_problem(ENV, **{"simulations": 40, **settings})
    return problem.evaluate([{"circuit": walk} for walk in walks])


def test_all_walks_of_a_circuit_are_worth_the_same():
    rng = np.random.default_rng(0)
    topology = assemble(MILLER)
    walks = [encode(topology), encode(topology, rng), encode(shuffled(topology, rng), rng)]
    found = evaluate(*map(" ".join, walks))
    assert found["well_posed"].tolist() == [1] * 3
    for column in ("gain_db", "ugbw_hz", "power_w", "figure_of_merit", "devices"):
        assert found[column].nunique() == 1, column


def test_blocks_and_walks_agree():
    walk = " ".join(encode(assemble(MILLER)))
    by_walk = evaluate(walk)
    by_blocks = archgym.make_problem("analog.blocks", simulations=40).evaluate([MILLER])
    assert by_walk["figure_of_merit"][0] == by_blocks["figure_of_merit"][0]
    assert by_walk["well_posed"][0] == 1


def test_more_simulations_and_other_seeds_find_other_sizes():
    walk = " ".join(encode(assemble(MILLER)))
    once, again = evaluate(walk), evaluate(walk)
    assert once["gain_db"][0] == again["gain_db"][0]
    assert evaluate(walk, seed=1)["gain_db"][0] != once["gain_db"][0]
    longer = evaluate(walk, simulations=200)
    assert longer["targets_met"][0] >= once["targets_met"][0]
    assert longer["simulations"][0] == 200


def test_the_exported_circuit_has_the_figures_that_were_reported():
    """Sized again by the solver of analog.sizing, from the file that was written."""
    problem = archgym.make_problem(ENV, simulations=40)
    batch = problem.space.encode([{"circuit": " ".join(encode(assemble(MILLER)))}])
    model, bench = problem.cost_model, problem.workload
    files, sizes = model.export(batch, bench), model.detail(batch, bench)["sizes"]
    circuit = parse_circuit(yaml.safe_load(files["circuit.yaml"]), "exported")
    given = dict(zip(sizes["parameter"].tolist(), sizes["value"].tolist(), strict=True))
    assert set(given) == {size.name for size in circuit.sizes}
    for entry in circuit.sizes:
        if entry.scale == "log":
            assert entry.default == pytest.approx(given[entry.name])
    solver = Solver(circuit, Conditions(slew=False))
    columns = {name: np.array([value]) for name, value in given.items()}
    measured = measurements(circuit, solver.measure(columns))
    reported = model.evaluate(batch, bench)
    for name in ("gain_db", "ugbw_hz", "power_w"):
        assert measured.metrics[name][0] == reported.metrics[name][0]
    assert tuple(files["walk.txt"].split()) == canonical_walk(assemble(MILLER))
    assert files["circuit.cir"].rstrip().endswith(".end")
    assert "cload out 0 2e-12" in files["circuit.cir"]


def test_what_is_worse_than_an_ill_posed_circuit_in_order():
    """Words, then rules, then currents: the reward climbs towards circuits."""
    good = encode(assemble({}))
    floating = " ".join([*good, "C1_P", "C1_N", "N9", "C1_P", "C1_N", "VSS"]).replace(
        "N9 C1_P C1_N", "N9 C1_N C1_P"
    )
    unused = "VSS R1_P R1_N VDD R1_N R1_P VSS"
    found = evaluate("VSS N1", " ".join(good[:-4]), unused, floating, " ".join(good))
    assert found["status"].tolist()[:4] == ["infeasible"] * 4
    assert found["reward"].is_monotonic_increasing
    assert found["reward"].nunique() == 5
    assert found["error"][0].startswith("walk: word 2, 'N1'")
    assert "ports: nothing is connected to VIN1" in found["error"][2]
    assert "no floating node" in found["error"][3]
    assert found["gain_db"][:4].isna().all()
    assert found["valid"].tolist() == [0, 0, 0, 0, 1]


def test_targets_come_before_merit_and_circuits_before_targets():
    bench = load_bench("amplifier")
    names = ("gain_db", "ugbw_hz", "phase_margin_deg", "power_w", "figure_of_merit", "well_posed")
    rows = np.array(
        [
            [70, 2e7, 70, 1e-4, 2e11, 1],  # meets all
            [70, 2e7, 70, 4e-4, 5e10, 1],  # meets all, less merit
            [40, 5e9, 70, 1e-4, 5e13, 1],  # misses the gain
            [40, np.nan, np.nan, 1e-4, np.nan, 1],  # has no unity crossing
            [99, 2e9, 70, 1e-4, 2e13, 0],  # is none
        ]
    )
    metrics = {name: rows[:, at] for at, name in enumerate(names)}
    scores = score(Measurements.of(metrics, 1.0 - rows[:, -1]), bench)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert len(set(scores.tolist())) == 5
    assert (scores >= 0).tolist() == [True, True, False, False, False]


def test_no_topology_compiles_the_solver_again():
    from archgym.cost_models.analog.kernels import benches

    evaluate(" ".join(encode(assemble({}))))
    before = len(benches.measure_amplifiers.signatures)
    evaluate(" ".join(encode(assemble({"load": "resistors", "tail": "resistor"}))))
    evaluate(" ".join(encode(assemble({"core": "folded", "buffer": "follower"}))))
    assert len(benches.measure_amplifiers.signatures) == before


def test_benches_are_read_and_refused(tmp_path):
    for name in bench_names():
        assert load_bench(name).summary()
    path = tmp_path / "bench.yaml"
    good = {"about": "mine", "load_f": 1e-12, "common_mode": 0.5, "targets": {"gain_db": 50}}
    path.write_text(yaml.safe_dump(good))
    assert load_bench(str(path)).targets == {"gain_db": 50.0}
    for change, said in (
        ({"load_f": -1}, "load_f: -1 is not a positive"),
        ({"targets": {"gain": 50}}, "'gain' is not one of"),
        ({"targets": {}}, "write a mapping"),
        ({"colour": 1}, "exactly about"),
        ({"common_mode": 2}, "share of the supply"),
    ):
        path.write_text(yaml.safe_dump({**good, **change}))
        with pytest.raises(WorkloadError, match=said):
            load_bench(str(path))
    with pytest.raises(UnknownNameError, match="high_gain"):
        load_bench("high_gian")
