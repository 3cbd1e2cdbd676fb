"""What the agents behind stable-baselines3's algorithms share."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, cast

from archgym.agents.base import Agent, ConstraintHandling
from archgym.agents.hyperparameter import Hyperparameter
from archgym.agents.padded_evaluator import PaddedEvaluator
from archgym.evaluator import Evaluator
from archgym.torch_session import torch_session

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

_ENDLESS = 2**62
LARGEST_BATCH = 65536

N_ENVS = Hyperparameter(
    None,
    "designs evaluated at a time; none: by budget",
    low=1,
    high=LARGEST_BATCH,
    log=True,
    kind=int,
)
LEARNING_RATE = Hyperparameter(
    None,
    "step size of the optimiser; none: by action encoding",
    low=1e-6,
    high=1.0,
    log=True,
    kind=float,
)
WIDTH = Hyperparameter(64, "neurons per hidden layer, of two", low=4, high=1024, log=True)
BUFFER = Hyperparameter(
    100_000, "transitions kept for learning", low=100, high=10_000_000, log=True
)
LEARNING_BATCH = Hyperparameter(
    64, "transitions per gradient step", low=2, high=LARGEST_BATCH, log=True
)


class Sb3Agent(Agent):
    """Lets an algorithm of stable-baselines3 learn on a view, and stops exactly at the budget.

    Random states of Python, numpy and torch are put back afterwards, and torch uses one thread.
    """

    library = "stable-baselines3"
    extra = "rl"
    requires: ClassVar[tuple[str, ...]] = ("stable_baselines3", "torch")
    constraint_handling: ClassVar[ConstraintHandling] = "penalty"
    hyperparameters: ClassVar = {}

    def run(self, evaluator: Evaluator) -> None:
        budget = evaluator.remaining
        if budget <= 0:
            return
        with torch_session():
            padded = PaddedEvaluator(evaluator)
            model = self.make_model(cast(Evaluator, padded), budget)

            def go_on(*_: Any) -> bool:
                self.adapt(model, padded.remaining / budget)
                return padded.remaining > 0

            model.learn(_ENDLESS, callback=go_on)

    @abstractmethod
    def make_model(self, evaluator: Evaluator, budget: int) -> BaseAlgorithm:
        """Return the algorithm over a view of the evaluator.

        Args:
            evaluator: What views evaluate with.
            budget: Evaluations that may be spent.
        """

    def adapt(self, model: BaseAlgorithm, left: float) -> None:
        """Change what depends on the share of the budget that is left; called at every step."""
