"""What every registered agent must do, whatever the kind of parameters and outcomes."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.agents.base import AskTellAgent
from archgym.outcome import Status
from archgym.registry import agents, make_agent
from archgym.scalar_parameters import Categorical, Integer, Real
from tests.agents.searches import (
    AGENTS,
    BLIND,
    WIDE,
    affordable,
    codes_of,
    problem_of,
    quick_agent,
    records_of,
    search_codes,
)
from tests.toys import TOYS, toy_problem

ASK_TELL = [name for name in AGENTS if issubclass(agents.get(name), AskTellAgent)]
MASKED = [name for name in AGENTS if agents.get(name).constraint_handling != "penalty"]


@pytest.fixture(params=AGENTS)
def name(request) -> str:
    return request.param


class TestParameters:
    """Any mix of parameters can be searched; all designs lie on the grid."""

    @pytest.mark.parametrize("toy", TOYS)
    def test_spends_the_budget_exactly_on_designs_of_the_space(self, name, toy):
        problem = toy_problem(toy)
        budget = affordable(name, 50)
        codes = search_codes(name, problem, budget)
        assert len(codes) == budget or len(codes) >= len(np.unique(codes, axis=0)) == 40
        for column, axis in enumerate(problem.space.axes):
            low, high = (axis.low, axis.high) if axis.size is None else (0, axis.size - 1)
            assert ((codes[:, column] >= low) & (codes[:, column] <= high)).all()

    @pytest.mark.parametrize("toy", ["toy", "toy.words"])
    def test_reaches_every_value_of_every_axis(self, name, toy):
        # A uniform search misses one of the values with a probability below 1e-8.
        space = toy_problem(toy).space
        problem = problem_of(*space.parameters)
        agent = quick_agent(name, problem, **WIDE.get(name, {}))
        codes = codes_of(records_of(agent, budget=160 if name in WIDE else 320))
        for column, axis in enumerate(space.axes):
            assert set(codes[:, column]) == set(range(axis.size)), axis.name

    def test_searches_a_space_in_which_one_parameter_has_a_single_value(self, name):
        problem = problem_of(Categorical("only", ("one",)), Integer("level", 0, 40))
        assert len(search_codes(name, problem, budget=20)) == 20

    def test_searches_a_space_of_a_single_design(self, name):
        problem = problem_of(Categorical("only", ("one",)))
        assert len(search_codes(name, problem, budget=5)) in (1, 5)

    def test_real_parameters_take_many_values(self, name):
        budget = affordable(name, 40)
        codes = search_codes(name, problem_of(Real("x", 1e-3, 1e3, log=True)), budget)
        assert len(np.unique(codes)) > 0.75 * budget
        assert codes.min() < 1 < codes.max()


class TestOutcomes:
    """No outcome stops a search."""

    @pytest.mark.parametrize("failures", ["raises", "infeasible", "nan"])
    def test_goes_on_after_failed_and_infeasible_designs(self, name, failures):
        problem = toy_problem("toy.failing", failures=failures)
        records = records_of(quick_agent(name, problem), budget=20)
        status = np.concatenate([record.outcomes.status for record in records])
        assert (status != Status.OK).any()
        assert (status == Status.OK).any()
        assert len(status) == 20

    def test_goes_on_under_a_constant_objective(self, name):
        budget = affordable(name, 40)
        assert len(search_codes(name, problem_of(Integer("x", 0, 99)), budget)) == budget

    @pytest.mark.parametrize("name", [name for name in AGENTS if name not in BLIND])
    def test_what_it_is_told_changes_what_it_asks(self, name):
        budget = affordable(name, 60)

        def search(sign: int):
            problem = problem_of(
                Integer("x", 0, 30),
                Integer("y", 0, 30),
                function=lambda batch: 100.0 + sign * (batch["x"] + batch["y"]),
            )
            return search_codes(name, problem, budget)

        up, down = search(1), search(-1)
        assert (up[0] == down[0]).all()
        assert (up != down).any()
        assert up.sum() > down.sum()


class TestBudget:
    """One evaluator, spent to the last evaluation."""

    @pytest.mark.parametrize("budget", [0, 1, 2, 37])
    def test_spends_exactly_the_budget(self, name, budget):
        records = records_of(quick_agent(name, toy_problem("toy.flat")), budget)
        assert sum(len(record.batch) for record in records) == budget

    def test_stops_or_repeats_itself_when_a_finite_space_is_exhausted(self, name):
        problem = problem_of(Integer("x", 0, 2), Integer("y", 0, 2))
        codes = search_codes(name, problem, budget=60)
        assert len(codes) == 60 or len(np.unique(codes, axis=0)) == len(codes) == 9

    @pytest.mark.parametrize("name", ASK_TELL)
    @pytest.mark.parametrize("count", [1, 3, 50])
    def test_asks_for_no_more_than_it_may(self, name, count):
        agent = quick_agent(name, toy_problem())
        for _ in range(4 if affordable(name, count) == count else 1):
            batch = agent.ask(count)
            assert 1 <= len(batch) <= count
            agent.tell(batch, agent.problem.outcomes(batch))


class TestConstraints:
    """What an agent declares about constraints holds."""

    @pytest.mark.parametrize("name", MASKED)
    def test_never_asks_for_a_design_that_breaks_a_constraint(self, name):
        problem = toy_problem()
        records = records_of(quick_agent(name, problem), affordable(name, 100))
        assert all(problem.space.valid(record.batch).all() for record in records)


class TestDeclarations:
    """What listings and launches read."""

    def test_declares_itself(self, name):
        agent = agents.get(name)
        assert agent.name == name
        assert agent.summary.endswith(".")
        assert agent.constraint_handling in ("mask", "repair", "penalty")
        assert agent.check({}) == {k: h.default for k, h in agent.hyperparameters.items()}

    def test_takes_the_ends_of_every_range(self, name):
        for key, item in agents.get(name).hyperparameters.items():
            ends = item.choices or [end for end in (item.low, item.high) if end is not None]
            for value in ends:
                assert agents.get(name).check({key: value})[key] == value

    def test_changes_its_search_with_the_seed(self, name):
        problem = toy_problem("toy.flat")
        budget = affordable(name, 40)
        first, other = (search_codes(name, problem, budget, seed) for seed in (0, 1))
        assert (first != other).any()

    def test_leaves_global_random_states_alone(self, name):
        import random

        before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        codes_of(records_of(make_agent(name, toy_problem("toy.flat")), 20))
        after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        assert before == after
