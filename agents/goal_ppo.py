"""Walks towards targets, led by a policy that was trained to meet any: AutoCkt's agent."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from archgym.agents.base import AskTellAgent
from archgym.agents.goal_policy import GoalPolicy, find_policy
from archgym.agents.hyperparameter import Hyperparameter
from archgym.batch import Batch
from archgym.errors import SettingError
from archgym.objective_forms import Targets
from archgym.outcome import Floats, Outcomes
from archgym.problem import Problem
from archgym.views.goals import Moves


class GoalPpoAgent(AskTellAgent):
    """Begins in the middle of the grid and moves every parameter by at most a step at a time.

    The first walk takes the policy's most likely moves, later ones draw them. Each walk is as long
    as the policy's episodes were. The policy was trained by proximal policy optimisation on
    targets drawn at random (`archgym.experiments.goal_policy`); nothing is learnt here.

    Attributes:
        offline_evaluations: Evaluations that training took.

    Source: Settaluri et al., AutoCkt, DATE 2020.
    """

    name = "goal_ppo"
    summary = "A trained goal-conditioned policy (PPO) walks towards targets (AutoCkt)."
    constraint_handling = "penalty"
    hyperparameters: ClassVar = {
        "policy": Hyperparameter(
            None, "file of a trained policy; none: one that comes along", kind=str
        ),
        "greedy": Hyperparameter(True, "whether the first walk takes the most likely moves"),
    }

    def setup(self) -> None:
        self.policy = _policy(self.problem, self.values["policy"])
        self.offline_evaluations = self.policy.purpose.offline_evaluations
        self._moves, self._goals = Moves(self.problem), self.policy.purpose.goals(self.problem)
        self._targets = _targets(self.problem, self.policy)
        self._walks = self._steps = 0
        self._index = self._moves.start(1)

    def ask(self, count: int) -> Batch:
        return Batch(self.space, self._moves.codes(self._index))

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        if self._steps == self.policy.purpose.horizon:
            self._walks, self._steps = self._walks + 1, 0
            self._index = self._moves.start(1)
            return
        seen = (
            self._goals.relative(self._goals.values(outcomes)),
            self._goals.relative(self._targets),
            self._moves.shares(self._index),
        )
        self._index = self._moves.apply(self._index, self._act(np.hstack(seen)))
        self._steps += 1

    def _act(self, observation: Floats) -> NDArray[np.int64]:
        if self.values["greedy"] and not self._walks:
            return self.policy.best(observation)
        return self.policy.drawn(observation, self.rng)


def _policy(problem: Problem, asked: str | None) -> GoalPolicy:
    policy = find_policy(problem) if asked is None else GoalPolicy.load(Path(asked))
    if policy is None:
        raise SettingError(
            f"agent 'goal_ppo': no policy comes along for {problem.env}, workload"
            f" {problem.workload_name!r}, with these settings; train one by"
            " python -m archgym.experiments.goal_policy RECIPE.yaml"
        )
    mismatch = policy.purpose.mismatch(problem)
    if mismatch:
        raise SettingError(f"agent 'goal_ppo': policy {asked!r} {mismatch}")
    return policy


def _targets(problem: Problem, policy: GoalPolicy) -> Floats:
    """Return the objective's targets (1, k) in the policy's order.

    Raises:
        SettingError: The objective has no targets, or one that the policy was not trained for.
    """
    form, known = problem.objective.form, policy.purpose.metrics
    if not isinstance(form, Targets):
        raise SettingError("agent 'goal_ppo' needs an objective with targets: {targets: {...}}")
    given = {term.metric.name: term.weight for term in form.terms}
    for name in given:
        if name not in known:
            raise SettingError(
                f"agent 'goal_ppo': {name} is no goal of its policy ({', '.join(known)})"
            )
    easy = zip(known, policy.purpose.easy, strict=True)
    return np.array([[given.get(name, target) for name, target in easy]])
