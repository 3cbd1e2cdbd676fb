"""What every agent must do, whatever the kinds of parameters and outcomes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from archgym.agents.base import Agent, AskTellAgent
from archgym.agents.kinds import kind_of
from archgym.errors import ReplayMismatchError, SettingError, UnknownNameError
from archgym.evaluator import Evaluator, Record
from archgym.outcome import Status
from archgym.parameter import Parameter
from archgym.problem import Problem
from archgym.scalar_parameters import Categorical, Integer, Real
from archgym.testing.searches import (
    codes_of,
    digest,
    history_of,
    in_another_process,
    problem_of,
    records_of,
)
from archgym.testing.toys import TOYS, toy_problem

_BUDGET = 60
_REPLAYED = ("toy", "toy.real", "toy.failing")


class AgentConformance:
    """Tests of an agent; a subclass names it.

    Attributes:
        agent: The agent's class.
        quick: Hyper-parameters for short searches.
        wide: Further ones under which the search is mostly random, for the test that every value
            can be reached at all; agents that soon settle need them.
        wide_budget: Evaluations of that test.
        largest_budget: For agents that think long: tests spend no more than that.
        adaptive: False where the agent looks at no outcome.
        seeded: False where the agent draws no random numbers.
        another_process: Whether to search in another process too, which takes a second or more.
        real_levels: How many different values a real parameter takes, where they are limited.
    """

    agent: ClassVar[type[Agent]]
    quick: ClassVar[Mapping[str, Any]] = {}
    wide: ClassVar[Mapping[str, Any]] = {}
    wide_budget: ClassVar[int] = 320
    largest_budget: ClassVar[int | None] = None
    adaptive: ClassVar[bool] = True
    seeded: ClassVar[bool] = True
    another_process: ClassVar[bool] = True
    real_levels: ClassVar[int | None] = None

    # -- helpers ---------------------------------------------------------------------------------

    def make(self, problem: Problem, seed: int = 0, **hyperparameters: Any) -> Agent:
        """Return the agent with quick settings."""
        return self.agent(problem, seed, **{**self.quick, **hyperparameters})

    def budget(self, wanted: int) -> int:
        """Return what tests may spend."""
        return wanted if self.largest_budget is None else min(wanted, self.largest_budget)

    def records(self, problem: Problem, budget: int, seed: int = 0) -> list[Record]:
        """Return a short search."""
        return records_of(self.make(problem, seed), budget)

    def codes(self, problem: Problem, budget: int, seed: int = 0) -> NDArray[Any]:
        """Return the designs that a short search asks for."""
        return codes_of(self.records(problem, budget, seed))

    def handles(self, *parameters: Parameter) -> bool:
        """Return whether the agent says that it can search these parameters."""
        return all(kind_of(parameter) in self.agent.handles for parameter in parameters)

    def toy(self, name: str, **settings: Any) -> Problem:
        """Return a toy's problem; the test is skipped where the agent cannot search it."""
        problem = toy_problem(name, **settings)
        if not self.handles(*problem.space.parameters):
            pytest.skip(f"does not handle the parameters of {name}")
        return problem

    def _needs_seeds(self) -> None:
        if not self.seeded:
            pytest.skip("draws no random numbers")

    # -- what it declares ------------------------------------------------------------------------

    def test_declares_itself(self) -> None:
        """Listings and launches read these."""
        agent = self.agent
        assert agent.name
        assert agent.version
        assert agent.summary.strip()
        assert agent.handles
        assert agent.constraint_handling in ("mask", "repair", "penalty")
        assert agent.check({}) == {k: h.default for k, h in agent.hyperparameters.items()}
        assert all(item.meaning for item in agent.hyperparameters.values())

    def test_takes_the_ends_of_every_range(self) -> None:
        """What a hyper-parameter allows is accepted."""
        for key, item in self.agent.hyperparameters.items():
            ends = item.choices or [end for end in (item.low, item.high) if end is not None]
            for value in ends:
                assert self.agent.check({key: value})[key] == value

    def test_refuses_wrong_hyperparameters(self) -> None:
        """Unknown names, numbers outside the range and wrong types are errors."""
        with pytest.raises(UnknownNameError):
            self.agent.check({"no_such_hyperparameter": 1})
        for key, item in self.agent.hyperparameters.items():
            wrong: list[Any] = [object()]
            wrong += [] if item.high is None else [item.high + 1]
            wrong += [] if item.low is None else [item.low - 1]
            for value in wrong:
                with pytest.raises(SettingError, match=key):
                    self.agent.check({key: value})

    @pytest.mark.parametrize("seed", [-1, 1.5, "0"])
    def test_refuses_wrong_seeds(self, seed: Any) -> None:
        """A seed is a whole number."""
        with pytest.raises(SettingError, match="seed"):
            self.agent(self.toy("toy.flat"), seed)

    def test_refuses_kinds_that_it_does_not_declare(self) -> None:
        """Rather than searching them wrongly."""
        for problem in map(toy_problem, TOYS):
            if not self.handles(*problem.space.parameters):
                with pytest.raises(SettingError, match="cannot search"):
                    self.make(problem)

    # -- parameters ------------------------------------------------------------------------------

    @pytest.mark.parametrize("toy", TOYS)
    def test_spends_the_budget_on_designs_of_the_space(self, toy: str) -> None:
        """Any mix of the declared kinds can be searched; all designs lie on the grid."""
        problem = self.toy(toy)
        budget = self.budget(50)
        codes = self.codes(problem, budget)
        exhausted = len(np.unique(codes, axis=0)) == _designs(problem)
        assert len(codes) == budget or exhausted
        for column, axis in enumerate(problem.space.axes):
            low, high = (axis.low, axis.high) if axis.size is None else (0, axis.size - 1)
            assert ((codes[:, column] >= low) & (codes[:, column] <= high)).all()

    @pytest.mark.parametrize("toy", ["toy", "toy.words"])
    def test_reaches_every_value_of_every_axis(self, toy: str) -> None:
        """A uniform search of 320 misses one of the values with a probability below 1e-20."""
        space = self.toy(toy).space
        agent = self.make(problem_of(*space.parameters), **self.wide)
        codes = codes_of(records_of(agent, self.wide_budget))
        for column, axis in enumerate(space.axes):
            assert set(codes[:, column]) == set(range(axis.size or 0)), axis.name

    def test_real_parameters_take_many_values(self) -> None:
        """And lie on both sides of the middle of their scale."""
        if not self.handles(Real("x")):
            pytest.skip("does not handle real parameters")
        budget = self.budget(40)
        codes = self.codes(problem_of(Real("x", 1e-3, 1e3, log=True)), budget)
        levels = self.real_levels
        least = 0.75 * budget if levels is None else 0.5 * min(budget, levels)
        assert len(np.unique(codes)) > least
        assert codes.min() < 1 < codes.max()

    def test_searches_where_a_parameter_has_a_single_value(self) -> None:
        """Spaces may hold constants."""
        problem = problem_of(Categorical("only", ("one",)), Integer("level", 0, 40))
        assert len(self.codes(problem, 20)) == 20

    def test_searches_a_space_of_a_single_design(self) -> None:
        """It asks once, or again and again."""
        assert len(self.codes(problem_of(Categorical("only", ("one",))), 5)) in (1, 5)

    # -- outcomes --------------------------------------------------------------------------------

    @pytest.mark.parametrize("failures", ["raises", "infeasible", "nan"])
    def test_goes_on_after_failed_and_infeasible_designs(self, failures: str) -> None:
        """No outcome stops a search."""
        records = self.records(self.toy("toy.failing", failures=failures), 20)
        status = np.concatenate([record.outcomes.status for record in records])
        assert (status != Status.OK).any()
        assert (status == Status.OK).any()
        assert len(status) == 20

    def test_goes_on_under_a_constant_objective(self) -> None:
        """Nothing can be learnt, nothing breaks."""
        budget = self.budget(40)
        assert len(self.codes(problem_of(Integer("x", 0, 99)), budget)) == budget

    def test_what_it_is_told_changes_what_it_asks(self) -> None:
        """It begins alike and goes to where the score is larger, up or down."""
        if not self.adaptive:
            pytest.skip("looks at no outcome")
        up, down = (self.codes(_slope(sign), self.budget(60)) for sign in (1, -1))
        assert (up[0] == down[0]).all()
        assert (up != down).any()
        assert up.sum() > down.sum()

    # -- budget ----------------------------------------------------------------------------------

    @pytest.mark.parametrize("budget", [0, 1, 2, 37])
    def test_spends_exactly_the_budget(self, budget: int) -> None:
        """Neither more, which is an error, nor less."""
        records = self.records(self.toy("toy.flat"), budget)
        assert sum(len(record.batch) for record in records) == budget

    def test_stops_or_repeats_itself_when_a_finite_space_is_exhausted(self) -> None:
        """Nine designs, sixty evaluations."""
        codes = self.codes(problem_of(Integer("x", 0, 2), Integer("y", 0, 2)), 60)
        assert len(codes) == 60 or len(np.unique(codes, axis=0)) == len(codes) == 9

    @pytest.mark.parametrize("count", [1, 3, 50])
    def test_asks_for_no_more_than_it_may(self, count: int) -> None:
        """Agents that are asked and told."""
        agent = self.make(self.toy("toy"))
        if not isinstance(agent, AskTellAgent):
            pytest.skip("drives its own loop")
        for _ in range(4 if self.budget(count) == count else 1):
            batch = agent.ask(count)
            assert 1 <= len(batch) <= count
            agent.tell(batch, agent.problem.outcomes(batch))

    def test_obeys_constraints_as_it_declares(self) -> None:
        """Unless it declares to be punished for breaking them."""
        if self.agent.constraint_handling == "penalty":
            pytest.skip("proposes designs that break constraints, and is punished")
        problem = self.toy("toy")
        records = self.records(problem, self.budget(100))
        assert all(problem.space.valid(record.batch).all() for record in records)

    # -- the same spec is the same search --------------------------------------------------------

    @pytest.mark.parametrize("toy", ["toy", "toy.real"])
    def test_the_same_seed_gives_the_same_search(self, toy: str) -> None:
        """Twice in this process."""
        self.toy(toy)
        budget = self.budget(_BUDGET)
        first, again = (self.codes(toy_problem(toy), budget, seed=3) for _ in range(2))
        assert digest(first) == digest(again)

    def test_another_process_searches_alike(self) -> None:
        """Also under another hash seed."""
        if not self.another_process:
            pytest.skip("not asked for")
        here = search_digest(type(self))
        module, name = type(self).__module__, type(self).__qualname__
        there = in_another_process(f"archgym.testing.agents:digest_of('{module}:{name}')")
        assert there == here

    def test_another_seed_gives_another_search(self) -> None:
        """A seed counts."""
        self._needs_seeds()
        problem, budget = self.toy("toy.flat"), self.budget(40)
        assert (self.codes(problem, budget, 0) != self.codes(problem, budget, 1)).any()

    @pytest.mark.parametrize("toy", _REPLAYED)
    def test_a_cut_run_continues_as_if_it_had_not_been_cut(self, toy: str) -> None:
        """Made anew, it is answered from what was stored, then goes on alike."""
        self.toy(toy)
        budget = self.budget(_BUDGET)
        whole = self.records(toy_problem(toy), budget, seed=5)
        rows = len(codes_of(whole))
        cut = int(np.random.default_rng([len(self.agent.name), len(toy)]).integers(1, rows))
        tail: list[Record] = []
        fresh = toy_problem(toy)
        evaluator = Evaluator(fresh, budget, tail.append, history_of(whole, cut))
        self.make(fresh, seed=5).run(evaluator)
        first = tail[0].first_step if tail else rows
        assert first <= cut
        assert evaluator.spent == rows
        assert not tail or (codes_of(tail) == codes_of(whole)[first:]).all()

    def test_a_history_of_another_seed_is_refused(self) -> None:
        """A run is not continued as another one."""
        self._needs_seeds()
        problem = self.toy("toy.flat")
        history = history_of(self.records(problem, 20, seed=5), 20)
        with pytest.raises(ReplayMismatchError, match="evaluation 0"):
            records_of(self.make(problem, seed=6), 20, history)

    def test_leaves_global_random_states_alone(self) -> None:
        """All randomness comes from the seed."""
        problem = self.toy("toy.flat")
        before = _global_random_states()
        self.records(problem, 20)
        assert _global_random_states() == before


def digest_of(path: str) -> str:
    """Return `search_digest` of a conformance class that is named ``module:Class``."""
    from importlib import import_module

    module, _, name = path.partition(":")
    return search_digest(getattr(import_module(module), name))


def search_digest(conformance: type[AgentConformance]) -> str:
    """Return a hash of the designs that a short search asks for."""
    case = conformance()
    return digest(case.codes(toy_problem("toy.flat"), case.budget(_BUDGET), seed=3))


def _slope(sign: int) -> Problem:
    return problem_of(
        Integer("x", 0, 30),
        Integer("y", 0, 30),
        function=lambda batch: 100.0 + sign * (batch["x"] + batch["y"]),
    )


def _designs(problem: Problem) -> int:
    """Return how many different designs a small space has."""
    if problem.space.size > 1000:
        return -1
    return len(set().union(*(batch.keys() for batch in problem.space.enumerate())))


def _global_random_states() -> tuple[Any, Any]:
    state: Any = np.random.get_state()  # noqa: NPY002
    return random.getstate(), state[1].tolist()
