"""Designs that a team draws, with what each agent is rewarded for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.marl.designs import DesignTeam
from archgym.agents.marl.layout import TeamActions, concatenate_actions
from archgym.agents.marl.memory import DesignMemory
from archgym.agents.marl.policy import TeamDistribution
from archgym.batch import Batch
from archgym.evaluator import Evaluator

_MOST_ROUNDS = 4
_BLIND_SHARE = 0.25


@dataclass(frozen=True)
class Draws:
    """N designs that the policy drew.

    Attributes:
        actions: What the agents chose.
        batch: The designs.
        rewards: (N,), of the designs.
        without: (N, A), of the designs in which one agent's choice is the default; (N, 0) unless
            asked for.
        drawn: How often the policy was asked; N, and what the budget did not suffice for.
        spent: Evaluations that it took.
    """

    actions: TeamActions
    batch: Batch
    rewards: NDArray[np.float64]
    without: NDArray[np.float64]
    drawn: int
    spent: int


class Explorer:
    """Draws designs from a policy and has those evaluated that are not known.

    Known designs are drawn and learned from like the others, so samples stay on-policy, but cost
    no evaluation. Where the policy draws nothing new, some designs are drawn at random.

    Args:
        evaluator: Whose budget is spent.
        team: Turns actions into designs.
        remember: Whether known designs are answered from memory; else all are evaluated.
        counterfactual: Whether designs without each agent's choice are evaluated too.
        rng: Draws.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        team: DesignTeam,
        remember: bool,
        counterfactual: bool,
        rng: np.random.Generator,
    ):
        self._evaluator, self._team, self._rng = evaluator, team, rng
        self._remember, self._counterfactual = remember, counterfactual
        self.memory = DesignMemory(evaluator.problem)
        self._blind = DistinctDesigns(team.space)
        self._exhausted = False

    @property
    def goes_on(self) -> bool:
        """Whether there is budget and anything left to try."""
        return self._evaluator.remaining > 0 and not self._exhausted

    def draw(self, distribution: TeamDistribution, count: int) -> Draws:
        """Draw until ``count`` evaluations were spent, or new designs have become rare."""
        before, parts = self._evaluator.spent, []
        end = min(before + count, self._evaluator.budget)
        for _ in range(_MOST_ROUNDS if self._remember else 1):
            parts.append(self._round(distribution.sample(self._rng, count), end))
            if self._evaluator.spent == end:
                break
        if self._evaluator.spent == before:
            self._draw_blindly(max(1, int(_BLIND_SHARE * count)))
        return _together(parts)

    def _round(self, actions: TeamActions, end: int) -> Draws:
        before, batch = self._evaluator.spent, self._team.designs(actions)
        wanted, keys = (
            self._with_variants(batch) if self._counterfactual else (batch, batch.keys())
        )
        self._evaluate(wanted, keys, end)
        table = self.memory.recall(wanted, keys).reshape(len(batch), -1)
        rows = np.flatnonzero(~np.isnan(table).any(axis=1))
        return Draws(
            actions.select(rows),
            batch.select(rows),
            table[rows, 0],
            table[rows, 1:],
            len(batch),
            self._evaluator.spent - before,
        )

    def _with_variants(self, batch: Batch) -> tuple[Batch, list[bytes]]:
        """Return each design followed by its variants, and the keys."""
        variants = self._team.without(batch).codes.reshape(len(batch), -1, batch.codes.shape[1])
        codes = np.concatenate([batch.codes[:, None], variants], axis=1)
        wanted = Batch(batch.space, codes.reshape(-1, codes.shape[2]))
        return wanted, wanted.keys()

    def _evaluate(self, batch: Batch, keys: list[bytes], end: int) -> None:
        rows = list(range(len(batch)))
        if self._remember:
            unknown = np.flatnonzero(np.isnan(self.memory.recall(batch, keys)))
            rows = sorted({keys[row]: row for row in reversed(unknown.tolist())}.values())
        self._spend(batch.select(rows[: end - self._evaluator.spent]))

    def _spend(self, batch: Batch) -> None:
        if len(batch):
            self._blind.take_new(batch)
            self.memory.learn(batch.keys(), self._evaluator.evaluate(batch).reward)

    def _draw_blindly(self, count: int) -> None:
        found = self._blind.draw(self._rng, min(count, self._evaluator.remaining))
        self._exhausted = not len(found)
        self._spend(found)


def _together(parts: list[Draws]) -> Draws:
    return Draws(
        concatenate_actions([part.actions for part in parts]),
        Batch(parts[0].batch.space, np.concatenate([part.batch.codes for part in parts])),
        np.concatenate([part.rewards for part in parts]),
        np.concatenate([part.without for part in parts]),
        sum(part.drawn for part in parts),
        sum(part.spent for part in parts),
    )
