"""Memory planning as users meet it."""

from __future__ import annotations

import json

import pytest

from archgym.envs.mem_plan.scratchpad import ENVIRONMENT
from archgym.errors import ArchgymError, InvalidDesignError, SettingError

GRAPH = {"ops": [[[], 0], [[0], 1], [[0, 1], 2]], "size": [4, 2, 1], "capacity": 7}


def test_a_graph_out_of_a_file(tmp_path):
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(GRAPH))
    from_file = ENVIRONMENT.make_problem(str(path))
    assert from_file.space["order"].items == (0, 1, 2)
    as_mapping = ENVIRONMENT.make_problem(GRAPH)
    designs = [{"order": "0 1 2"}, {"order": "2 1 0"}]
    assert from_file.evaluate(designs).equals(as_mapping.evaluate(designs))


def test_one_graph_of_a_file_that_has_several(tmp_path):
    path = tmp_path / "graphs.yaml"
    path.write_text(
        json.dumps({"dags": [GRAPH | {"id": "a"}, GRAPH | {"id": "b", "capacity": 9}]})
    )
    assert ENVIRONMENT.make_problem(str(path), graph="b").workload.capacity == 9
    with pytest.raises(ArchgymError, match="known: a, b"):
        ENVIRONMENT.make_problem(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ops": [[[1], 0], [[0], 1], [[], 2]]}, "operator 0 reads .1."),
        ({"ops": [[[], 0], [[0, 0], 1], [[], 2]]}, "operator 1 reads"),
        ({"ops": [[[], 0], [[0], 2], [[0], 1]]}, r"operator 1 is .*not \[\[input tensors\], 1\]"),
        ({"ops": "none"}, "ops must be a list"),
        ({"ops": []}, "0 operators"),
        ({"size": [4, 2]}, "2 sizes for 3 operators"),
        ({"size": [4, 0, 1]}, "sizes and capacity"),
        ({"size": [4, "two", 1]}, "size of tensor 1 must be a whole number, not 'two'"),
        ({"size": [4, 2.5, 1]}, "whole number, not 2.5"),
        ({"capacity": None}, "capacity must be a whole number"),
    ],
)
def test_wrong_graphs_are_refused(change, message):
    with pytest.raises(ArchgymError, match=message):
        ENVIRONMENT.make_problem(GRAPH | change)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not well formed"),
        ("[]", "expected .*ops"),
        ("{}", "'ops' is missing"),
        ('{"dags": 3}', "'dags' must be a list"),
    ],
)
def test_broken_files_are_refused(tmp_path, text, message):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ArchgymError, match=message) as error:
        ENVIRONMENT.make_problem(str(path))
    assert "broken.json" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("missing.json", "unknown graph or file 'missing.json'"),
        ("random:n=0", "n=0 is not an integer"),
        ("random:n=1e9", "not an integer"),
        ("random:size=3", "'size=3' is unknown"),
        ("nas:cells=900", "exceed"),
        ("random:slack=-1", "not a number"),
    ],
)
def test_wrong_workloads_are_refused(text, message):
    with pytest.raises(ArchgymError, match=message):
        ENVIRONMENT.make_problem(text)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({"order": "0 1 1"}, "'order'"),
        ({"method": "greedy"}, "'method': 'greedy' is not allowed"),
        ({"replacement": "random"}, "lru, belady, optimal"),
        ({"capacity": 0}, "'scratchpad_B': 0"),
    ],
)
def test_wrong_designs_are_refused(design, message):
    with pytest.raises(InvalidDesignError, match=message):
        ENVIRONMENT.make_problem(GRAPH).evaluate([design])


def test_a_searched_scratchpad():
    problem = ENVIRONMENT.make_problem("random_12", scratchpad="searched")
    sizes = problem.space["scratchpad_B"].values
    assert sizes[0] == problem.workload.least_capacity
    assert sizes[-1] == sum(problem.workload.sizes)
    found = problem.evaluate([{"capacity": size} for size in sizes])
    assert found["non_compulsory_B"].is_monotonic_decreasing
    assert found["non_compulsory_B"].iloc[-1] == 0


@pytest.mark.parametrize("setting", ["time_limit_s", "beam_width"])
def test_limits_are_positive(setting):
    with pytest.raises(SettingError, match=setting):
        ENVIRONMENT.make_problem(GRAPH, **{setting: 0})


def test_agents_search_plans_not_solvers():
    space = ENVIRONMENT.make_problem(GRAPH).space
    assert space.size == 6 * 2
    assert space.roles == {
        "schedule": ("method", "order"),
        "memory": ("replacement", "scratchpad_B"),
    }
