"""The contract of every search method.

An agent is constructed for one problem and one seed and spends one evaluator's budget. All that
it does is a function of (problem, hyper-parameters, seed, what it was told), never of time, hash
seeds or global random state. So a run that was cut is continued by constructing the agent anew
and answering its first evaluations from the store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Literal

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter, check_hyperparameters
from archgym.agents.kinds import ALL_KINDS, kind_of
from archgym.batch import Batch
from archgym.errors import ArchgymError, MissingExtraError, SettingError
from archgym.evaluator import Evaluator
from archgym.outcome import Outcomes
from archgym.problem import Problem
from archgym.registry import agents

ConstraintHandling = Literal["mask", "repair", "penalty"]


class Agent(ABC):
    """A search method. Subclasses declare the attributes and implement `setup` and `run`.

    Args:
        problem: What is searched.
        seed: Of everything random; the same seed gives the same search.
        hyperparameters: Declared ones; those not given take their default.

    Attributes:
        name: What launches and the command line call it.
        version: Raised when the same seed would search differently; part of a run's identity.
        summary: One line for listings.
        library: The distribution that does the work, or empty for own code.
        extra: The pip extra that brings the library, or empty.
        requires: Modules that must be importable; imported when the agent is constructed.
        hyperparameters: Name -> declaration.
        handles: Kinds of parameters it can search.
        constraint_handling: How it treats the space's constraints: ``mask`` never proposes a
            design that breaks one, ``repair`` turns it into one that obeys, ``penalty`` proposes
            it and learns from the negative reward.
        multi_objective: True where it looks at all objectives; the others maximise the reward.
        values: Name -> value of all hyper-parameters.
        rng: The agent's random numbers.
        library_seed: The seed for its library, an independent 32-bit number.

    Raises:
        UnknownNameError: A hyper-parameter is not declared.
        SettingError: A value is not allowed, or the agent cannot search such a parameter.
        MissingExtraError: The library is not installed.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    summary: ClassVar[str]
    library: ClassVar[str] = ""
    extra: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    hyperparameters: ClassVar[Mapping[str, Hyperparameter]] = {}
    handles: ClassVar[tuple[str, ...]] = ALL_KINDS
    constraint_handling: ClassVar[ConstraintHandling]
    multi_objective: ClassVar[bool] = False

    def __init__(self, problem: Problem, seed: int = 0, **hyperparameters: Any):
        self.values = self.check(hyperparameters)
        _check_seed(seed)
        _check_installed(type(self))
        _check_kinds(type(self), problem)
        own, library = np.random.SeedSequence(seed).spawn(2)
        self.problem, self.space, self.seed = problem, problem.space, seed
        self.rng = np.random.default_rng(own)
        self.library_seed = int(library.generate_state(1)[0])
        self.setup()

    @classmethod
    def check(cls, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return all hyper-parameters, defaults filled in, without making an agent."""
        return check_hyperparameters(cls.hyperparameters, hyperparameters, f"agent {cls.name!r}")

    def setup(self) -> None:  # noqa: B027
        """Prepare the search; called once, at the end of construction."""

    @abstractmethod
    def run(self, evaluator: Evaluator) -> None:
        """Search until the evaluator's budget is spent or nothing is left to try."""


class AskTellAgent(Agent):
    """An agent that proposes designs and is told their outcomes, strictly in turns.

    Attributes:
        batch_size: How many designs one turn proposes at most.
        budget: Evaluations that the search may spend, for methods that plan ahead.
    """

    batch_size: int = 1
    budget: int = 1000

    def plan(self, budget: int) -> None:
        """Take the budget, before the first `ask`; by hand that is optional."""
        self.budget = budget

    @abstractmethod
    def ask(self, count: int) -> Batch:
        """Return 1 to ``count`` designs to be evaluated next; none when nothing is left to try."""

    @abstractmethod
    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Take the outcomes of the batch that the last `ask` returned."""

    def run(self, evaluator: Evaluator) -> None:
        self.plan(evaluator.budget)
        while evaluator.remaining > 0:
            batch = self.ask(min(self.batch_size, evaluator.remaining))
            if not len(batch):
                return
            self.tell(batch, evaluator.evaluate(batch))


def _check_seed(seed: Any) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SettingError(f"seed: {seed!r} is not allowed (an integer >= 0)")


def _check_installed(agent: type[Agent]) -> None:
    if not is_installed(agent):
        raise MissingExtraError(f"agent {agent.name!r}", agent.extra)


def is_installed(agent: type[Agent]) -> bool:
    """Return whether the libraries behind an agent can be imported, without importing them."""
    return all(find_spec(module) is not None for module in agent.requires)


def _check_kinds(agent: type[Agent], problem: Problem) -> None:
    for parameter in problem.space.parameters:
        kind = kind_of(parameter)
        if kind not in agent.handles:
            able = ", ".join(_agents_that_handle(kind)) or "none"
            raise SettingError(
                f"agent {agent.name!r} cannot search parameter {parameter.name!r}, which is of"
                f" kind {kind} (it handles {', '.join(agent.handles)}); agents that can: {able}"
            )


def _agents_that_handle(kind: str) -> list[str]:
    names = []
    for name in agents.names():
        try:
            known = agents.get(name)
        except (ArchgymError, ImportError):
            continue  # a third-party agent that cannot be loaded is no help here
        if kind in getattr(known, "handles", ()):
            names.append(name)
    return names
