"""A circuit word by word, as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from archgym.cost_models.analog.topology.grammar import END, Limits, begin
from archgym.cost_models.analog.topology.tokens import TERMINALS
from archgym.envs.analog.circuit_walk import CircuitWalk
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.views.actions import Mask
from archgym.views.base import DesignEnv
from archgym.views.observations import Features

_REMEMBERED = 3
_CIRCUIT = "circuit"


class TopologyEnv(DesignEnv):
    """Write the walk of a circuit word by word; the finished circuit is one evaluation.

    **Actions**: Discrete, the words of the space's alphabet, END first. `action_masks`, also
    ``info["action_mask"]``, says which may follow; there is always one, and every walk that keeps
    to the masks ends as a circuit that keeps all rules. Another word ends the episode: the words
    so far are evaluated as they are, which is no circuit.

    **Observation**: float32 in [0, 1]: the share of the length that is used; shares of the limits
    of devices of each kind and of nets inside; open pins, nets that lack current and unused
    inputs, each x / (1 + x); the last three words, one-hot, the latest first.

    **Reward**: the objective's at the end, 0 before. ``info`` holds the walk so far, at the end
    also design, metrics, objectives, status and error.

    Args:
        evaluator: What evaluates the circuits and counts them.
    """

    def __init__(self, evaluator: Evaluator):
        super().__init__(evaluator)
        parameter = self.problem.space[_CIRCUIT]
        assert isinstance(parameter, CircuitWalk)
        if not parameter.masked:
            raise SettingError("style 'native' needs grammar=on")
        self.words = parameter.alphabet
        self._places = {word: place for place, word in enumerate(self.words)}
        self.limits = Limits.of(parameter.max_length + 1)
        self._restart()
        self.action_space = spaces.Discrete(len(self.words))
        size = 1 + len(TERMINALS) + 1 + 3 + _REMEMBERED * len(self.words)
        self.observation_space = spaces.Box(0.0, 1.0, (size,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Features, dict[str, Any]]:
        super().reset(seed=seed)
        self._restart()
        return self._observe(), self._info()

    def _restart(self) -> None:
        self.walk = begin(self.limits)
        self.written = [self.walk.last]
        self._allowed = self.walk.allowed

    def step(self, action: Any) -> tuple[Features, float, bool, bool, dict[str, Any]]:
        word = self.words[int(action)]
        may_follow = word in self._allowed
        if word != END:
            self.written.append(word)
        if may_follow and word != END:
            self.walk = self.walk.after(word)
            self._allowed = self.walk.allowed
            return self._observe(), 0.0, False, False, self._info()
        codes = self.problem.space.encode([{_CIRCUIT: " ".join(self.written)}]).codes
        _, reward, info = self._reporter.evaluate(codes)
        return self._observe(), reward, True, False, self._info() | info

    def action_masks(self) -> Mask:
        """Return which words may follow."""
        mask = np.zeros(len(self.words), dtype=bool)
        mask[[self._places[word] for word in self._allowed]] = True
        return mask

    def _info(self) -> dict[str, Any]:
        mask = self.action_masks().astype(np.int8)
        return {_CIRCUIT: " ".join(self.written), "action_mask": mask}

    def _observe(self) -> Features:
        walk, limits = self.walk, self.limits
        shares = [walk.length / limits.length]
        shares += [walk.count(kind) / most for kind, most in limits.devices.items()]
        shares.append(walk.inner / limits.inner_nets)
        owed = (walk.open_pins, len(walk.needy), len(walk.unused_inputs))
        shares += [count / (1.0 + count) for count in owed]
        last = np.zeros((_REMEMBERED, len(self.words)), dtype=np.float32)
        for at, word in enumerate(reversed(self.written[-_REMEMBERED:])):
            last[at, self._places[word]] = 1.0
        return np.concatenate([np.array(shares, dtype=np.float32), last.ravel()])
