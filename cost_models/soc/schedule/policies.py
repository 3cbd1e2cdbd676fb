"""Saved policies, used as ``scheduler=policy:PATH``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archgym.cost_models.soc.schedule.engine.schedulers.score import FEATURES
from archgym.cost_models.soc.schedule.engine.state import Floats
from archgym.errors import WorkloadError


def load_policy(path: Path) -> Floats:
    """Return the numbers that `engine.schedulers.policy` decides with, float64 (n,).

    Raises:
        WorkloadError: The file holds no policy.
    """
    try:
        with np.load(path) as file:
            weights = np.asarray(file["weights"], dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise WorkloadError(f"policy {path.name}: cannot be read ({error})") from None
    if weights.shape != (len(FEATURES),):
        raise WorkloadError(f"policy {path.name}: weights must have shape ({len(FEATURES)},)")
    return weights
