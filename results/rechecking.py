"""What the true cost model says of a trial's best designs, beside what the search believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.outcome import Floats, Status
from archgym.problem import Problem
from archgym.results.summary import described

if TYPE_CHECKING:
    import pyarrow as pa

_TOLERANCES = 0.01, 0.05, 0.1
_FEWEST_FOR_AN_ORDER = 3


def summarise_recheck(
    searched: pa.Table | None, found: pa.Table | None, truth: Problem, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the block ``rechecked`` of ``done.json``, made of plain values.

    Args:
        searched: The rows of the designs as the search stored them, the best first.
        found: The rows of the same designs as the true cost model has them; None where the search
            found no feasible design, so that there was none to evaluate.
        truth: The problem with the true cost model.
        asked: What the trial's spec says of the re-check.

    Returns:
        ``evaluations`` of the true cost model; of each design its ``steps`` in the search, the
        reward ``predicted`` there and the true one (``rewards``); the ``best`` by the true one,
        with its ``rank`` by the predicted one; how many predictions ``agree`` within 1, 5 and
        10 %, and ``tau``, Kendall's, of both orders (None where it has no value).
    """
    if searched is None or found is None:
        return {**asked, "evaluations": 0, "best": None}
    predicted, rewards = searched["reward"].to_numpy(), found["reward"].to_numpy()
    status, best = found["status"].to_numpy(), int(np.argmax(rewards))
    steps = searched["step"].to_pylist()
    own = {"rank": best + 1, "predicted": float(predicted[best]), "step": steps[best]}
    return {
        **asked,
        "evaluations": len(found),
        **{s.label: int(np.count_nonzero(status == s)) for s in Status if s != Status.OK},
        "best": described(found, best, truth) | own,
        "steps": steps,
        "predicted": predicted.tolist(),
        "rewards": rewards.tolist(),
        "agree": _agreeing(predicted, rewards),
        "tau": _tau(predicted, rewards),
        "seconds": float(found["evaluate_us"].to_numpy().sum(dtype=np.float64)) / 1e6,
    }


def _agreeing(predicted: Floats, rewards: Floats) -> dict[str, int]:
    """Return relative error -> how many predictions have no larger one."""
    error = np.abs(predicted - rewards)
    return {f"{t:g}": int(np.count_nonzero(error <= t * np.abs(rewards))) for t in _TOLERANCES}


def _tau(predicted: Floats, rewards: Floats) -> float | None:
    if len(rewards) < _FEWEST_FOR_AN_ORDER:
        return None
    from scipy.stats import kendalltau

    tau = float(kendalltau(predicted, rewards).statistic)
    return None if math.isnan(tau) else tau
