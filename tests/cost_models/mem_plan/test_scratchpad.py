"""Memory plans against known optima, exhaustive search, and a plain walk."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from archgym.cost_models.mem_plan.graph import Graph
from archgym.cost_models.mem_plan.linear_program import LinearProgram
from archgym.cost_models.mem_plan.placement import place
from archgym.cost_models.mem_plan.plan import Plan, movement_of
from archgym.cost_models.mem_plan.workloads import load_graph
from archgym.envs.mem_plan.scratchpad import ENVIRONMENT
from tests.cost_models.mem_plan.exhaustive import least_moved
from tests.cost_models.mem_plan.walking import run_in_order
from tests.shared_data import shared_data

METHODS = ("lru_topo", "belady_topo", "opt_replacement_topo", "ilp", "state_search")


def moved(problem, designs):
    return problem.evaluate(designs)["non_compulsory_B"].tolist()


def by_method(problem, **more):
    found = moved(problem, [{"method": method} | more for method in METHODS])
    return dict(zip(METHODS, found, strict=True))


def ops_of(graph):
    return [[list(inputs), op] for op, inputs in enumerate(graph.inputs)]


def known_graphs():
    graphs = json.loads(shared_data("dnn", "scratchpad_dags_dev.json").read_text())["dags"]
    assert len(graphs) == 45
    return graphs


def problem_of(graph):
    return ENVIRONMENT.make_problem({name: graph[name] for name in ("ops", "size", "capacity")})


def test_every_graph_with_known_values():
    totals = np.zeros(3)
    for graph in known_graphs():
        names = ("lru_topo", "opt_replacement_topo", "state_search")
        found = moved(problem_of(graph), [{"method": name} for name in names])
        assert found == [graph[name] for name in ("lru_topo", "opt_replacement_topo", "opt")]
        totals += found
    assert totals.tolist() == [825, 744, 260]


@pytest.mark.slow
def test_the_linear_program_on_graphs_with_known_optima():
    for graph in known_graphs()[::3]:  # all 45 take 10 s, and are exact
        assert moved(problem_of(graph), [{"method": "ilp"}]) == [graph["opt"]], graph["id"]


@pytest.mark.parametrize("seed", range(6))
def test_the_solver_finds_what_exhaustive_search_finds(seed):
    problem = ENVIRONMENT.make_problem(f"random:n=7,seed={seed},largest=5")
    graph = problem.workload
    ops, capacity = ops_of(graph), graph.capacity
    found = by_method(problem)
    assert found["ilp"] == found["state_search"] == least_moved(ops, graph.sizes, capacity)
    in_order = least_moved(ops, graph.sizes, capacity, list(range(7)))
    assert found["opt_replacement_topo"] == in_order
    assert found["ilp"] <= in_order <= min(found["belady_topo"], found["lru_topo"])


@pytest.mark.parametrize("policy", ["lru", "belady"])
def test_a_plain_walk_moves_the_same(policy):
    rng = np.random.default_rng(7)
    for seed in range(4):
        problem = ENVIRONMENT.make_problem(f"random:n=20,seed={seed}")
        graph = problem.workload
        for _ in range(10):
            wish = tuple(rng.permutation(20).tolist())
            capacity = int(rng.integers(graph.least_capacity, graph.least_capacity + 8))
            design = {"order": wish, "replacement": policy, "capacity": capacity}
            row = problem.evaluate([design]).iloc[0]
            out, back, order = run_in_order(ops_of(graph), graph.sizes, capacity, wish, policy)
            assert (row["spilled_B"], row["refetched_B"]) == (out, back)
            batch = problem.space.encode([design])
            schedule = problem.cost_model.detail(batch, graph)["schedule"]
            assert schedule["operator"].tolist() == order
            assert schedule["used_B"].max() == row["peak_B"] <= capacity
            assert row["off_chip_B"] == row["non_compulsory_B"] + graph.compulsory


def test_a_topological_order_is_its_own_wish_and_its_replacement_is_never_beaten():
    problem = ENVIRONMENT.make_problem("random:n=12,seed=1")
    graph, rng = problem.workload, np.random.default_rng(0)
    for _ in range(5):
        wish = rng.permutation(12)
        first = problem.space.encode([{"order": tuple(wish.tolist())}])
        order = tuple(problem.cost_model.detail(first, graph)["schedule"]["operator"].tolist())
        again = problem.space.encode([{"order": order}])
        kept = problem.cost_model.detail(again, graph)["schedule"]["operator"].tolist()
        assert kept == list(order)
        designs = [{"order": order, "replacement": r} for r in ("lru", "belady", "optimal")]
        lru, belady, optimal = moved(problem, designs)
        assert optimal <= min(lru, belady)
        assert optimal == least_moved(ops_of(graph), graph.sizes, graph.capacity, list(order))


def test_more_capacity_never_moves_more():
    problem = ENVIRONMENT.make_problem("random:n=10,seed=4")
    graph = problem.workload
    capacities = range(graph.least_capacity, sum(graph.sizes) + 1, 3)
    for method in ("opt_replacement_topo", "ilp", "state_search"):
        found = moved(problem, [{"method": method, "capacity": c} for c in capacities])
        assert found == sorted(found, reverse=True)
        assert found[-1] == 0 < found[0]


def test_the_simplest_case_by_hand():
    # 1 and 2 read 0, 3 reads 1 and 2: with room for 3 of 4 equal tensors nothing moves; where 4
    # reads 0 at the end, 0 must leave while 3 runs, and come back: twice its size.
    diamond = {"ops": [[[], 0], [[0], 1], [[0], 2], [[1, 2], 3]], "size": [2] * 4, "capacity": 6}
    assert set(by_method(ENVIRONMENT.make_problem(diamond)).values()) == {0}
    late = {"ops": [*diamond["ops"], [[0, 3], 4]], "size": [2] * 5, "capacity": 6}
    assert set(by_method(ENVIRONMENT.make_problem(late)).values()) == {4}


def test_sizes_in_megabytes_scale_the_result():
    small = load_graph("random:n=8,seed=2")
    fields = {"ops": ops_of(small), "size": [s * 1_000_003 for s in small.sizes]}
    large = ENVIRONMENT.make_problem(fields | {"capacity": small.capacity * 1_000_003 + 17})
    expected = by_method(ENVIRONMENT.make_problem("random:n=8,seed=2"))
    assert by_method(large) == {name: value * 1_000_003 for name, value in expected.items()}


def test_a_solver_out_of_time_costs_its_row_alone():
    problem = ENVIRONMENT.make_problem("random:n=40,seed=0", time_limit_s=0.05)
    found = problem.evaluate([{"method": m} for m in ("ilp", "state_search", "lru_topo")])
    assert found["status"].tolist() == ["timeout", "timeout", "ok"]
    assert found["error"].str.contains("within 0.05 s").tolist() == [True, True, False]
    assert np.isnan(found["non_compulsory_B"].iloc[:2]).all()
    design = problem.space.encode([{"method": "state_search"}])
    assert problem.cost_model.detail(design, problem.workload) == {}


def test_a_wider_beam_is_no_worse_and_ends_at_the_optimum():
    best = moved(ENVIRONMENT.make_problem("random:n=20,seed=1"), [{"method": "state_search"}])
    found = [
        moved(
            ENVIRONMENT.make_problem("random:n=20,seed=1", beam_width=width),
            [{"method": "beam_search"}],
        )
        for width in (1, 30, 1000)
    ]
    assert found[0] > found[1] >= found[2] == best


def test_no_plan_beats_the_state_search_on_larger_graphs():
    for text in ("random:n=20,seed=1", "nas_3_cells"):
        problem = ENVIRONMENT.make_problem(text)
        drawn = problem.space.sample(np.random.default_rng(0), 300)
        best = moved(problem, [{"method": "state_search"}])[0]
        assert best <= problem.run(drawn).metrics["non_compulsory_B"].min()
        heuristics = moved(problem, [{"method": method} for method in METHODS[:3]])
        assert best <= 0.4 * min(heuristics), "order matters more than replacement"


def test_too_small_a_scratchpad_is_infeasible():
    problem = ENVIRONMENT.make_problem("random_12")
    least = problem.workload.least_capacity
    designs = [{"capacity": least - 1}, {"capacity": 1, "method": "ilp"}, {"capacity": least}]
    found = problem.evaluate(designs)
    assert found["status"].tolist() == ["infeasible", "infeasible", "ok"]
    assert f"needs {least} B" in found["error"].iloc[0]
    assert found["reward"].iloc[1] < found["reward"].iloc[0] < 0
    assert problem.cost_model.detail(problem.space.encode([designs[0]]), problem.workload) == {}


@pytest.mark.parametrize("method", ["lru_topo", "state_search"])
def test_placed_tensors_never_overlap(method):
    for seed in range(5):
        problem = ENVIRONMENT.make_problem(f"random:n=18,seed={seed}")
        graph, design = problem.workload, problem.space.encode([{"method": method}])
        tables = problem.cost_model.detail(design, graph)
        names, columns = tables["placement"].keys(), tables["placement"].values()
        where = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        for step, words in enumerate(tables["schedule"]["resident"]):
            here = [s for s in where if s["first_step"] <= step <= s["last_step"]]
            assert sorted(s["tensor"] for s in here) == sorted(map(int, words.split()))
            assert all(s["end_B"] - s["start_B"] == graph.sizes[s["tensor"]] for s in here)
            taken = sorted((s["start_B"], s["end_B"]) for s in here)
            assert all(end <= start for (_, end), (start, _) in itertools.pairwise(taken))
        top = max(s["end_B"] for s in where)
        assert tables["schedule"]["used_B"].max() <= top <= sum(graph.sizes)


def test_placement_by_hand():
    # 0 (3 bytes) stays throughout, 1 (2) leaves before 3 (2) comes, which takes its place.
    rows = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 1]]
    graph = Graph("hand", ((), (0,), (1,), (0, 2)), (3, 2, 1, 2), 6)
    found = [(s.tensor, s.start, s.end) for s in place(graph, plan_of([0, 1, 2, 3], rows))]
    assert found == [(0, 0, 3), (1, 3, 5), (2, 5, 6), (3, 3, 5)]


def plan_of(order, rows):
    return Plan(np.array(order), np.array(rows, dtype=bool))


@pytest.mark.parametrize(
    ("order", "rows", "message"),
    [
        ([0, 0], [[1, 0], [1, 1]], "exactly once"),
        ([1, 0], [[1, 1], [1, 0]], "before its inputs"),
        ([0, 1], [[1, 0], [0, 1]], "lacks an operand"),
        ([0, 1], [[1, 1], [1, 1]], "before it is computed"),
    ],
)
def test_broken_plans_are_noticed(order, rows, message):
    graph = Graph("two", ((), (0,)), (1, 1), 2)
    with pytest.raises(ValueError, match=message):
        movement_of(graph, plan_of(order, rows), 2)


def test_overfull_plans_are_noticed():
    graph = Graph("two", ((), (0,)), (1, 1), 2)
    with pytest.raises(ValueError, match="more than 1 bytes"):
        movement_of(graph, plan_of([0, 1], [[1, 0], [1, 1]]), 1)


def test_a_program_without_a_solution_is_an_error():
    program = LinearProgram()
    (variable,) = program.variables(1, whole=True).tolist()
    program.equal([(variable, 1)], 2)
    with pytest.raises(RuntimeError, match="HiGHS"):
        program.solve(10)
