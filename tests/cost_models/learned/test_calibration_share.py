"""How many rows calibrate."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.learned.learning import _parts
from archgym.experiments.surrogate_rows import measured_rows
from archgym.registry import make_problem


@pytest.mark.parametrize(
    ("rows", "share", "calibrating", "scored"),
    [
        (400, 0.1, 40, 40),
        (4990, 0.1, 499, 499),
        (5000, 0.1, 1500, 500),
        (8000, 0.1, 2000, 800),
        (30000, 0.1, 3000, 3000),
        (8000, 0.0, 0, 0),
    ],
)
def test_of_many_rows_enough_calibrate(rows, share, calibrating, scored):
    data = measured_rows(make_problem("functions"), rows, 0)
    taught, known, unseen = _parts(data, np.random.default_rng(0), share, None)
    assert (len(known), len(unseen)) == (calibrating, scored)
    assert len(taught) == rows - calibrating - scored
    keys = [set(part.batch.keys()) for part in (taught, known, unseen)]
    assert len(set().union(*keys)) == rows
