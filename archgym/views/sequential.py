"""One axis at a time, in order."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from archgym.evaluator import Evaluator
from archgym.views.actions import Mask
from archgym.views.base import DesignEnv
from archgym.views.choices import Choices
from archgym.views.observations import Features
from archgym.views.partial_actions import make_step_actions
from archgym.views.partial_designs import PartialDesigns

_PATIENCE = 4
_ROW = np.zeros(1, dtype=np.int64)


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

    The observation holds, for each axis, its value in [0, 1] (0 while undecided), the activity of
    conditional parameters, and again for each axis whether it is decided and whether it is asked
    now. ``info`` of the last step is as in `OneShotEnv`.

    Args:
        evaluator: What evaluates the designs and counts them.
        action: "discrete" or "box".
    """

    def __init__(self, evaluator: Evaluator, action: str = "discrete"):
        super().__init__(evaluator)
        choices = Choices(self.problem.space)
        self._partial = PartialDesigns(choices, self.problem.space, 1)
        self._steps = make_step_actions(action, choices.grid.sizes)
        self.action_space = self._steps.space
        self.observation_space = spaces.Box(0.0, 1.0, (self._partial.size,), np.float32)
        self._patience = patience(choices)
        self._wasted = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        self._partial.restart(_ROW)
        self._wasted = 0
        return self._observe(), self._mask_info()

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        if not self._is_complete():
            index = self._steps.pick(np.asarray(action)[None], self._partial.allowed)
            if index[0] < 0:
                self._wasted += 1
                cut = self._wasted >= self._patience
                return self._observe(), 0.0, False, cut, self._mask_info()
            self._partial.choose(_ROW, index)
        if not self._is_complete():
            return self._observe(), 0.0, False, False, self._mask_info()
        _, reward, info = self._reporter.evaluate(self._partial.codes.copy())
        return self._observe(), reward, True, False, info | self._mask_info()

    def action_masks(self) -> Mask:
        """Return which actions stand for an allowed value of the axis that is asked."""
        return np.array(self._partial.allowed[0])

    def _is_complete(self) -> bool:
        return self._partial.columns.item(0) == self.problem.space.width

    def _mask_info(self) -> dict[str, Any]:
        return {"action_mask": self._partial.allowed[0].astype(np.int8)}

    def _observe(self) -> Features:
        return np.array(self._partial.observations[0])


def patience(choices: Choices) -> int:
    """Return the number of forbidden actions that end an episode."""
    return _PATIENCE * int(choices.grid.sizes.max()) * len(choices.grid.sizes)
