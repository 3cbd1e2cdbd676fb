"""The size of the region in which a local search believes its model."""

from __future__ import annotations

from dataclasses import dataclass

from archgym.objective import FAILED_REWARD

# Eriksson et al. 2019, section 2.1 and its supplement.
_FIRST, _SMALLEST, _LARGEST = 0.8, 0.5**7, 1.6
_NOTICEABLE = 1e-3


@dataclass
class TrustRegion:
    """Grows after several batches in a row that improve, shrinks after several that do not.

    Source: Eriksson et al., Scalable global optimization via local Bayesian optimization,
    NeurIPS 2019.

    Attributes:
        success_tolerance: Batches in a row that improve before the region doubles.
        failure_tolerance: Batches in a row that do not before it halves.
        length: Side of the region in the unit cube.
        best: The best reward told so far.
    """

    success_tolerance: int
    failure_tolerance: int
    length: float = _FIRST
    best: float = FAILED_REWARD
    successes: int = 0
    failures: int = 0

    @property
    def collapsed(self) -> bool:
        """Whether the region is too small for the search to go on in it."""
        return self.length < _SMALLEST

    def update(self, value: float) -> None:
        """Take the best reward of a batch."""
        improved = value > self.best + _NOTICEABLE * abs(self.best)
        self.successes, self.failures = (
            (self.successes + 1, 0) if improved else (0, self.failures + 1)
        )
        self.best = max(self.best, value)
        if self.successes == self.success_tolerance:
            self.length, self.successes = min(2 * self.length, _LARGEST), 0
        elif self.failures == self.failure_tolerance:
            self.length, self.failures = self.length / 2, 0
