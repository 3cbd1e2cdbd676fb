"""What the single-agent environments have in common."""

from __future__ import annotations

from typing import Any

import gymnasium

from archgym.evaluator import Evaluator
from archgym.views.designs import DesignReporter
from archgym.views.observations import Features


class DesignEnv(gymnasium.Env[Features, Any]):
    """A Gymnasium environment over an evaluator; renders nothing.

    Args:
        evaluator: What evaluates the designs and counts them.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, evaluator: Evaluator):
        self.evaluator, self.problem = evaluator, evaluator.problem
        self._reporter = DesignReporter(evaluator)

    def close(self) -> None:
        """End the cost model's process where it has one of its own."""
        self.evaluator.close()
