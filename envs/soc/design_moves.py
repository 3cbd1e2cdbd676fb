"""FARSI's moves on a chip: migrate, swap, split and join, each with its target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.design.workload import TaskGraph
from archgym.envs.soc.design_layout import (
    KINDS,
    MEMORY,
    PE,
    ChipLayout,
    Codes,
    Field,
    Occupancy,
)
from archgym.space import DesignSpace

MIGRATE, SWAP, SPLIT, JOIN = "migrate", "swap", "split", "join"


@dataclass(frozen=True)
class Move:
    """A move and its target.

    Attributes:
        name: migrate, swap, split or join.
        target: What is moved or changed, in words.
        kind, block: The block that must be in use; empty and -1 for tasks.
        column: What a migration or swap sets, else -1.
        value: The code that a migration sets; the step up or down of a swap.
    """

    name: str
    target: str
    kind: str = ""
    block: int = -1
    column: int = -1
    value: int = 0


class Moves:
    """All moves of a space of chips, and which of them a chip allows.

    Migrate puts a task on another PE or its output into another memory, or a block on another
    bus. Swap takes a block's next larger or smaller unrolling, frequency or width, or its other
    kind. Split gives half of what a block carries to an unused one of the same make; join gives
    all of it to the first other used block of its kind.

    Attributes:
        moves: All of them; actions are their numbers.
    """

    def __init__(self, space: DesignSpace, graph: TaskGraph):
        self.layout = ChipLayout(space, graph)
        # Blocks that may carry anything of their kind: an accelerator runs its own task alone.
        self._shared = self.layout.counts | {PE: self.layout.cores}
        self._sizes = np.array([axis.size for axis in space.axes])
        self.moves = (
            *self._of_tasks(graph),
            *self._of_wires(),
            *(move for field in self.layout.fields for move in _swaps(field)),
            *self._of_blocks(),
        )
        self._direct = np.array([move.column >= 0 for move in self.moves])
        self._reshaping = np.flatnonzero(~self._direct).tolist()
        blocks = [(kind, block) for kind in KINDS for block in range(self.layout.counts[kind])]
        self._numbers = {block: at for at, block in enumerate(blocks)}
        # The block that must be in use; tasks' moves point behind the last one.
        needed = [self._numbers.get((m.kind, m.block), len(blocks)) for m in self.moves]
        self._needed = np.array(needed)
        self._column = np.array([max(move.column, 0) for move in self.moves])
        self._value = np.array([move.value for move in self.moves])
        self._steps = np.array([move.name == SWAP for move in self.moves])

    def _of_tasks(self, graph: TaskGraph) -> list[Move]:
        found = []
        for task, name in enumerate(graph.task_names):
            for kind, columns in ((PE, self.layout.task_pe), (MEMORY, self.layout.task_mem)):
                found += self._puts(f"{kind} of task {name}", columns[task])
        return found

    def _of_wires(self) -> list[Move]:
        return [
            Move(MIGRATE, f"bus of {kind} {block}", kind, block, move.column, move.value)
            for kind, columns in self.layout.bus_of.items()
            for block, column in enumerate(columns)
            for move in self._puts("", column)
        ]

    def _puts(self, target: str, column: int) -> list[Move]:
        values = range(int(self._sizes[column])) if column >= 0 else range(0)
        return [Move(MIGRATE, target, column=column, value=value) for value in values]

    def _of_blocks(self) -> list[Move]:
        return [
            Move(name, f"{kind} {block}", kind, block)
            for name in (SPLIT, JOIN)
            for kind in KINDS
            for block in range(self._shared[kind])
        ]

    def mask(self, codes: Codes) -> NDArray[np.bool_]:
        """Return which moves change a chip, bool (moves,); codes are of shape (width,)."""
        now = codes[self._column]
        after = np.where(self._steps, now + self._value, self._value)
        allowed = (
            self._direct & (after != now) & (after >= 0) & (after < self._sizes[self._column])
        )
        occupancy = self.layout.occupancy(codes)
        used = [self._numbers[kind, block] for kind in KINDS for block in occupancy[kind]]
        in_use = np.zeros(len(self._numbers) + 1, dtype=np.bool_)
        in_use[[*used, -1]] = True
        allowed &= in_use[self._needed]
        for at in self._reshaping:
            allowed[at] = self._plan(self.moves[at], occupancy) is not None
        return np.asarray(allowed, dtype=np.bool_)

    def apply(self, action: int, codes: Codes) -> Codes:
        """Return the chip after a move that `mask` allows; codes are of shape (width,)."""
        move, codes = self.moves[action], codes.copy()
        if move.name == MIGRATE:
            codes[move.column] = move.value
        elif move.name == SWAP:
            codes[move.column] += move.value
        else:
            self._reshape(move, codes)
        return codes

    def _plan(self, move: Move, occupancy: Occupancy) -> tuple[int, list[int]] | None:
        """Return which block a split or join gives to, and what it gives; None where it cannot."""
        used = occupancy[move.kind]
        if move.block not in used:
            return None
        carried = [column for column in used[move.block] if column >= 0]
        given = carried if move.name == JOIN else carried[1::2]
        limit = self.layout.cores if move.kind == PE else self.layout.counts[move.kind]
        blocks = [
            b for b in range(limit) if (b in used) == (move.name == JOIN) and b != move.block
        ]
        if not given or not blocks or move.block >= limit:
            return None
        return blocks[0], given

    def _reshape(self, move: Move, codes: Codes) -> None:
        plan = self._plan(move, self.layout.occupancy(codes))
        assert plan is not None, "the mask forbids it"
        to, given = plan
        if move.name == SPLIT:
            self.layout.copy_block(codes, move.kind, move.block, to)
        codes[given] = to


def _swaps(field: Field) -> list[Move]:
    target = f"{field.name} of {field.kind} {field.block}"
    return [Move(SWAP, target, field.kind, field.block, field.column, step) for step in (1, -1)]
