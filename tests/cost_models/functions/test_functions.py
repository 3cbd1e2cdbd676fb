"""The functions are COCO's and pymoo's, and their optima are where they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from archgym.cost_models.functions.bbob import FUNCTIONS, Instance
from archgym.cost_models.functions.bbob_random import rotation
from archgym.cost_models.functions.fronts import FRONTS

# Values of coco-experiment 2.8.2 (suite bbob) at points drawn uniformly from [-5, 5].
RECORDED = json.loads(Path(__file__).with_name("coco_values.json").read_text())


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda r: f"{r['function']}-{r['instance']}")
def test_values_differ_from_coco_by_a_constant_only(recorded):
    """The constant is the optimal value, which is the same for all dimensions of an instance."""
    points, values = np.array(recorded["points"]), np.array(recorded["values"])
    which = Instance(recorded["function"], recorded["instance"], points.shape[1])
    offset = values - which(points)
    assert offset == pytest.approx(offset[0], rel=1e-9, abs=1e-9 * np.abs(values).max())


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dimensions", [2, 7])
def test_the_optimum_is_zero_and_the_smallest_value(name, dimensions):
    which = Instance(name, 3, dimensions)
    assert which(which.optimum[None]) == pytest.approx(0.0, abs=1e-12)
    near = which.optimum + np.random.default_rng(0).normal(0.0, 0.5, (2000, dimensions))
    assert (which(near) > 0).all()


def test_rotations_are_orthogonal():
    turned = rotation(42, 6)
    assert turned @ turned.T == pytest.approx(np.eye(6), abs=1e-12)


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("objectives", [2, 3])
def test_fronts_are_those_of_pymoo(name, objectives):
    from pymoo.problems import get_problem

    if objectives == 3 and name != "dtlz2":
        pytest.skip("two objectives")
    more = {"n_obj": objectives} if name == "dtlz2" else {}
    points = np.random.default_rng(0).random((50, 12))
    wanted = get_problem(name, n_var=12, **more).evaluate(points)
    assert FRONTS[name](points, objectives) == pytest.approx(wanted, rel=1e-12)
