"""Common ground of the agents whose method may come back to a design."""

from __future__ import annotations

from abc import abstractmethod

from archgym.agents.generations import GenerationAgent
from archgym.batch import Batch
from archgym.outcome import Floats


class RememberingAgent(GenerationAgent):
    """Asks only for those designs of a generation that are new; the others it remembers.

    So a method runs unchanged, and what it proposes twice spends budget once. Where nothing new
    is proposed for `patience` generations in a row, the method starts over and random new designs
    are asked for once.

    Attributes:
        patience: Generations without a new design after which the method starts over.
    """

    patience: int = 100

    @abstractmethod
    def propose(self) -> Batch:
        """Return the next generation; its designs may be old or repeat each other."""

    @abstractmethod
    def update(self, generation: Batch, losses: list[float]) -> None:
        """Take the loss of each design that `propose` returned."""

    @abstractmethod
    def restart(self) -> None:
        """Start over."""

    def setup(self) -> None:
        super().setup()
        self._memory: dict[bytes, float] = {}
        self._keys: list[bytes] = []
        self._new_keys: list[bytes] = []

    def breed(self) -> Batch:
        for _ in range(self.patience):
            self._proposal = self.propose()
            self._keys = self._proposal.keys()
            new = self._first_unknown()
            self._new_keys = list(new)
            if len(new) == len(self._keys):
                return self._proposal
            if new:
                return self._proposal.select(list(new.values()))
            self._recall()
        self.restart()
        return self.space.default.select([])

    def keys_of(self, generation: Batch) -> list[bytes]:
        return self._new_keys

    def learn(self, generation: Batch, losses: Floats) -> None:
        keys = self._new_keys or generation.keys()
        self._memory.update(zip(keys, losses[:, 0].tolist(), strict=True))
        if self._new_keys:
            self._recall()

    def _first_unknown(self) -> dict[bytes, int]:
        """Return the key of each design that is not remembered and the first row that holds it."""
        rows: dict[bytes, int] = {}
        for row, key in enumerate(self._keys):
            if key not in self._memory:
                rows.setdefault(key, row)
        return rows

    def _recall(self) -> None:
        self.update(self._proposal, [self._memory[key] for key in self._keys])
