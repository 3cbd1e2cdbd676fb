"""Common ground of agents whose library proposes designs and may be told of any."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgym.agents.base import AskTellAgent
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.outcome import Outcomes
from archgym.parameter import Codes


@dataclass(frozen=True)
class Fact:
    """What a library is told of one design.

    Attributes:
        codes: The design, shape (width,).
        reward: What it earned; positive where the design is feasible.
        proposal: What the library calls it, or None where the design is not from the library.
        repeated: Whether the library knows of this design, or of one that behaves alike.
    """

    codes: Codes
    reward: float
    proposal: Any = None
    repeated: bool = False


class LibraryAgent(AskTellAgent):
    """Turns proposals into designs that are worth an evaluation, and tells what became of them.

    Parameters without effect are set to their default, so that the library sees designs that
    behave alike as one. A proposal that breaks a constraint is mended, and the library told that
    it is infeasible, which costs no evaluation. A proposal that was made before is not evaluated
    again; where no other is left, a random new design takes its place.

    Attributes:
        proposed: All designs handed out so far.
    """

    @abstractmethod
    def propose(self, count: int) -> tuple[list[Any], Codes]:
        """Return up to ``count`` of the library's proposals and their codes, shape (n, width)."""

    @abstractmethod
    def learn(self, facts: list[Fact]) -> None:
        """Take what became of the last proposals, and designs that took their place."""

    def setup(self) -> None:
        self.proposed = DistinctDesigns(self.space)
        self._rewards: dict[bytes, float] = {}
        self._pending: tuple[list[Any], Batch] = [], self.space.default.select([])

    def ask(self, count: int) -> Batch:
        proposals, codes = self.propose(count)
        self._pending = proposals, Batch(self.space, codes)
        mended = repair(self._pending[1], self.rng)
        batch = self.proposed.take_new(Batch(self.space, self.space.canonical(mended.codes)))
        return batch if len(batch) else self.proposed.draw(self.rng, count)

    def tell(self, batch: Batch, outcomes: Outcomes) -> None:
        rewards = outcomes.reward.tolist()
        self._rewards.update(zip(batch.keys(), rewards, strict=True))
        new = {row.tobytes(): (row, reward) for row, reward in _pairs(batch, rewards)}
        facts = self._proposal_facts(new)
        self.learn(facts + [Fact(codes, reward) for codes, reward in new.values()])

    def _proposal_facts(self, new: dict[bytes, tuple[Codes, float]]) -> list[Fact]:
        """Return what became of the proposals; take those that were evaluated out of ``new``."""
        proposals, batch = self._pending
        broken, facts = self._penalties(batch), []
        for row, (proposal, key) in enumerate(zip(proposals, batch.keys(), strict=True)):
            codes = batch.codes[row]
            if row in broken:
                facts.append(Fact(codes, broken[row], proposal))
            elif codes.tobytes() in new:
                facts.append(Fact(*new.pop(codes.tobytes()), proposal))
            else:
                facts.append(Fact(codes, self._rewards[key], proposal, repeated=True))
        return facts

    def _penalties(self, batch: Batch) -> dict[int, float]:
        """Return row -> reward of proposals that break a constraint; they are not simulated."""
        rows = np.flatnonzero(~self.space.valid(batch)).tolist()
        if not rows:
            return {}
        rewards: list[float] = self.problem.outcomes(batch.select(rows)).reward.tolist()
        return dict(zip(rows, rewards, strict=True))


def _pairs(batch: Batch, rewards: list[float]) -> list[tuple[Codes, float]]:
    return list(zip(np.ascontiguousarray(batch.codes), rewards, strict=True))
