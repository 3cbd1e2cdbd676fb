"""Choices in order, held to their definition by a slow one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from archgym import Categorical, Constraint, DesignSpace, Integer, Ordinal, Real, Sequence
from archgym.batch import Batch
from archgym.views.actions import AxisGrid
from archgym.views.choices import Choices
from archgym.views.observations import DesignFeatures
from archgym.views.partial_designs import PartialDesigns
from tests.core.views.cases import IDS, problem_of
from tests.core.views.test_actions import CONSTRAINED
from tests.toys import toy_problem

# A chain of conditions, of which one hangs on a default off the grid, and a rule about words.
CHAIN = DesignSpace(
    [
        Categorical("mode", ("off", "on")),
        Ordinal("depth", (2, 4), legal=(0, 8), default=0, active_when={"mode": ("on",)}),
        Integer("width", 0, 2, active_when={"depth": (2,)}),
        Sequence("recipe", ("b", "rw"), 2, active_when={"width": (0, 1)}),
        Real("bias", -1.0, 1.0),
        Categorical("only", ("one",)),
    ],
    [
        Constraint(
            "short",
            ("width", "recipe"),
            lambda columns: np.array(
                [w != 1 or len(r) < 2 for w, r in zip(*columns.values(), strict=True)]
            ),
            "a recipe of two words needs another width",
        )
    ],
)
# Walks of circuits have words by the hundred, too many for the slow definition below.
IDS_OF_FEW_AXES = [name for name in IDS if name != "analog.topology"]
SPACES = {name: problem_of(name).space for name in IDS_OF_FEW_AXES}
SPACES |= {"chain": CHAIN, "rule": CONSTRAINED}


class SlowDesign:
    """One design, asked for what the space itself says about every continuation."""

    def __init__(self, space: DesignSpace):
        self.space, self.grid = space, AxisGrid(space.axes)
        self.codes = space.default.codes.copy()
        self.decided = np.zeros(space.width, dtype=bool)
        self.column = -1
        self.advance()

    def choose(self, index: int) -> None:
        self.codes[0, self.column] = self.grid.values(self.column)[index]
        self.decided[self.column] = True
        self.advance()

    def advance(self) -> None:
        self.column += 1
        if self.column == self.space.width:
            return
        if not self.has_effect():
            self.decided[self.column] = True
            self.advance()
        elif self.allowed().sum() == 1:
            self.choose(int(self.allowed().argmax()))

    def continued(self) -> NDArray[Any]:
        rows = np.repeat(self.codes, self.grid.sizes[self.column], axis=0)
        rows[:, self.column] = self.grid.values(self.column)
        return rows

    def has_effect(self) -> bool:
        tidy = self.space.canonical(self.continued())[:, self.column]
        return len(tidy) == 1 or len(set(tidy.tolist())) > 1

    def allowed(self) -> NDArray[np.bool_]:
        batch = Batch(self.space, self.continued())
        allowed = np.ones(len(batch), dtype=bool)
        for constraint in self.space.constraints:
            last = max(self.space.columns[name].stop for name in constraint.parameters) - 1
            if last == self.column:
                allowed &= constraint.holds({name: batch[name] for name in constraint.parameters})
        return allowed if allowed.any() else ~allowed

    def observation(self) -> NDArray[np.float32]:
        design = DesignFeatures(self.space)(self.codes)[0]
        design[: self.space.width][~self.decided] = 0.0
        asked = np.arange(self.space.width) == self.column
        return np.concatenate([design, self.decided, asked], dtype=np.float32)


@pytest.mark.parametrize("name", SPACES)
def test_many_partial_designs_are_as_the_definition_says(name: str) -> None:
    space, count, rng = SPACES[name], 12, np.random.default_rng(5)
    fast = PartialDesigns(Choices(space), space, count)
    slow = [SlowDesign(space) for _ in range(count)]
    for _ in range(2 * space.width):
        compare(fast, slow)
        going = np.flatnonzero(~fast.complete & (rng.random(count) < 0.8))
        index = np.array([rng.choice(np.flatnonzero(fast.allowed[row])) for row in going], int)
        fast.choose(going, index)
        for row, choice in zip(going, index, strict=True):
            slow[row].choose(int(choice))
        again = np.flatnonzero(rng.random(count) < 0.05)
        fast.restart(again)
        for row in again:
            slow[row] = SlowDesign(space)


def compare(fast: PartialDesigns, slow: list[SlowDesign]) -> None:
    for row, one in enumerate(slow):
        assert fast.columns[row] == one.column
        assert (fast.codes[row] == one.codes[0]).all()
        assert (fast.observations[row] == one.observation()).all()
        size = 1 if fast.complete[row] else len(one.allowed())
        wanted = [True] if fast.complete[row] else one.allowed().tolist()
        assert fast.allowed[row].tolist() == wanted + [False] * (fast.allowed.shape[1] - size)


def test_choices_obey_constraints_and_leave_a_way_out() -> None:
    choices = Choices(CONSTRAINED)
    assert choices.allowed(np.array([[0, 0]]), 0).tolist() == [[True, False, True, False, True]]
    assert choices.allowed(np.array([[0, 0], [-1, 0]]), 1).tolist() == [
        [True, False, False],
        [True, True, True],
    ]


def test_axes_without_effect_are_known() -> None:
    space = toy_problem().space
    choices, column = Choices(space), space.columns["cache_ways"].start
    codes = space.encode([{"cache": "none"}, {"cache": "small"}]).codes
    assert choices.has_effect(codes, column, choices.active(codes)).tolist() == [False, True]
    word = DesignSpace([Sequence("passes", ("b", "rw"), 3)])
    choices, codes = Choices(word), np.array([[1, 0, 0, 0]])
    effects = [choices.has_effect(codes, at, choices.active(codes))[0] for at in range(4)]
    assert effects == [True, True, False, False]
