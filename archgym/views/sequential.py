"""One axis at a time, in order."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from archgym.evaluator import Evaluator
from archgym.parameter import Codes
from archgym.views.actions import Mask
from archgym.views.base import DesignEnv
from archgym.views.observations import DesignFeatures, Features
from archgym.views.partial_actions import Choices, make_step_actions

_PATIENCE = 4


class SequentialEnv(DesignEnv):
    """Build a design axis by axis; the reward comes with the last choice and is 0 before.

    Which values may be chosen depends on the choices made: constraints over parameters that are
    all decided are obeyed as long as any value does. Axes without a choice are skipped: inactive
    parameters keep their default, and where one value alone is allowed it is taken.

    With ``action="discrete"`` an action is the index of a value, and the space is as large as the
    largest axis: use the mask (``info["action_mask"]``, or `action_masks` for MaskablePPO). An
    action that the mask forbids decides nothing and the same axis is asked again, so that even
    without a mask uniform actions are uniform values; an episode that wastes too many steps in
    this way is truncated. With ``action="box"`` the allowed values share [-1, 1] evenly and every
    action is valid. Real axes are cut into levels in both.

    The observation holds, for each axis, its value in [0, 1] (0 while undecided), whether it is
    decided, and whether it is asked now, and the activity of conditional parameters. ``info`` of
    the last step is as in `OneShotEnv`.

    Args:
        evaluator: What evaluates the designs and counts them.
        action: "discrete" or "box".
    """

    def __init__(self, evaluator: Evaluator, action: str = "discrete"):
        super().__init__(evaluator)
        space = self.problem.space
        self._choices, self._features = Choices(space), DesignFeatures(space)
        self._steps = make_step_actions(action, self._choices.grid.sizes)
        self.action_space = self._steps.space
        self.observation_space = spaces.Box(
            0.0, 1.0, (self._features.size + 2 * space.width,), np.float32
        )
        self._width, self._default = space.width, space.default.codes
        self._patience = _PATIENCE * space.width * int(self._choices.grid.sizes.max())
        self._codes: Codes = self._default.copy()
        self._decided = np.zeros(self._width, dtype=bool)
        self._column, self._wasted = 0, 0
        self._allowed: Mask = np.ones(1, dtype=bool)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        self._codes = self._default.copy()
        self._decided[:] = False
        self._wasted = 0
        self._move_to(0)
        return self._observe(), self._mask_info()

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        if self._column < self._width:
            index = self._steps.pick(action, self._allowed)
            if index is None:
                self._wasted += 1
                return self._observe(), 0.0, False, self._impatient(), self._mask_info()
            self._decide(index)
            self._move_to(self._column + 1)
        if self._column < self._width:
            return self._observe(), 0.0, False, False, self._mask_info()
        _, reward, info = self._reporter.evaluate(self._codes)
        return self._observe(), reward, True, False, info | self._mask_info()

    def action_masks(self) -> Mask:
        """Return which actions stand for an allowed value of the axis that is asked."""
        mask = np.zeros(int(self._choices.grid.sizes.max()), dtype=bool)
        mask[: len(self._allowed)] = self._allowed
        return mask

    def _move_to(self, column: int) -> None:
        """Go to the first axis from ``column`` on that leaves a choice; settle those before it."""
        self._column = column
        while self._column < self._width:
            self._allowed = self._choices.allowed(self._codes, self._column)
            if not self._choices.has_effect(self._codes, self._column):
                self._decided[self._column] = True
            elif np.count_nonzero(self._allowed) == 1:
                self._decide(int(self._allowed.argmax()))
            else:
                return
            self._column += 1
        self._allowed = np.ones(1, dtype=bool)

    def _decide(self, index: int) -> None:
        self._codes[0, self._column] = self._choices.value(self._column, index)
        self._decided[self._column] = True

    def _impatient(self) -> bool:
        return self._wasted >= self._patience

    def _mask_info(self) -> dict[str, Any]:
        return {"action_mask": self.action_masks().astype(np.int8)}

    def _observe(self) -> Features:
        design = self._features(self._codes)[0]
        design[: self._width][~self._decided] = 0.0
        asked = np.arange(self._width) == self._column
        return np.concatenate([design, self._decided, asked], dtype=np.float32)
