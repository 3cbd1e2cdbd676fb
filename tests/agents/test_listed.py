"""The agent that evaluates the environment's baselines."""

from __future__ import annotations

from dataclasses import replace

import archgym
from archgym import Integer
from archgym.registry import agents
from tests.agents.searches import codes_of, problem_of, records_of
from tests.toys import toy_problem


def test_evaluates_each_baseline_once_in_order_and_stops() -> None:
    problem = replace(
        problem_of(Integer("x", 0, 9)), baselines={"low": {"x": 1}, "high": {"x": 8}}
    )
    for budget, wanted in ((5, [1, 8]), (2, [1, 8]), (1, [1])):
        assert (
            codes_of(records_of(archgym.make_agent("listed", problem), budget)).ravel().tolist()
            == wanted
        )


def test_the_default_design_is_the_baseline_where_there_is_no_other() -> None:
    problem = toy_problem("toy")
    codes = codes_of(records_of(archgym.make_agent("listed", problem), 5))
    assert (codes == problem.space.default.codes).all()
    assert len(codes) == 1


def test_is_registered() -> None:
    assert agents.get("listed").name == "listed"


def test_recipes_that_everybody_knows_are_baselines_of_synthesis() -> None:
    problem = archgym.make_problem("synthesis.recipe", workload="int2float", equivalence="never")
    found = archgym.search(problem, archgym.make_agent("listed", problem), 10).history
    assert list(problem.baselines) == ["resyn2", "resyn2x2", "compress2rs", "dc2x2"]
    assert len(found) == 4
    assert (found["status"] == "ok").all()
    plain = problem.evaluate([{"recipe": "6206236136", "chain": "plain"}])
    assert plain["adp_vs_resyn2"][0] == 1.0
    problem.cost_model.close()  # type: ignore[attr-defined]
