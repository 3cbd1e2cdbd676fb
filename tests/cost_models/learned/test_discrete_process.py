"""Gaussian processes over choices: their steps, their kernel, and what they learn."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra rl")

from archgym.cost_models.learned.discrete_process import DiscreteProcessRegressor
from archgym.cost_models.learned.steps import beyond, steps_of
from archgym.torch_session import torch_session


@pytest.fixture(autouse=True)
def session():
    with torch_session():
        yield


def encoded(codes, sizes):
    """Ordered axes of these sizes, then one of three values without order."""
    x = np.zeros((len(codes), len(sizes) + 1, 9))
    for axis, size in enumerate(sizes):
        x[:, axis, 0] = 2.0 * (codes[:, axis] + 0.5) / size - 1.0
        x[np.arange(len(codes)), axis, 1 + codes[:, axis]] = 1.0
    x[np.arange(len(codes)), -1, 1 + codes[:, -1]] = 1.0
    return x


def drawn(rng, count, sizes=(4, 4, 2)):
    return np.stack([rng.integers(size, size=count) for size in (*sizes, 3)], axis=1)


def test_steps_are_of_values_neighbours_lesser_values_and_differences():
    codes = drawn(np.random.default_rng(0), 300)
    x = encoded(codes, (4, 4, 2))
    sides = beyond(x, steps_of(x, most_relations=5))
    a, b, c, which = codes.T
    expected = [which == value for value in range(3)]
    expected += [a > at for at in range(3)] + [b > at for at in range(3)] + [c > 0]
    expected += [np.minimum(a, b) > at for at in range(3)] + [a - b > at for at in range(-3, 3)]
    assert np.array_equal(sides, np.stack(expected, axis=1))
    assert len(steps_of(x, most_relations=5)) == len(expected)


def test_more_pairs_than_allowed_are_not_compared_and_many_values_share_steps():
    rng = np.random.default_rng(1)
    x = encoded(drawn(rng, 300, (4, 4, 4)), (4, 4, 4))
    assert len(steps_of(x, most_relations=2)) == 3 + 3 * 3
    assert len(steps_of(x, most_relations=3)) == 3 + 3 * 3 + 3 * 9
    real = rng.random((500, 1, 1))
    sides = beyond(real, steps_of(real, 1))
    assert np.allclose(sides.mean(axis=0), 1.0 - np.arange(1, 16) / 16, atol=0.01)
    assert steps_of(np.zeros((20, 2, 3)), 1).shape == (0, 4)


def test_beliefs_are_those_of_the_definition():
    """The kernel as it is written, pair by pair, and the equations solved as they stand."""
    rng = np.random.default_rng(2)
    codes = drawn(rng, 40)
    x = encoded(codes, (4, 4, 2))
    y = np.stack([np.sin(codes[:, 0]) + codes[:, 3], codes[:, 1] * codes[:, 2] - 1.0], axis=1)
    model = DiscreteProcessRegressor({"iterations": 4})
    model.fit(x, y, np.ones(40, dtype=bool), rng)
    tensors = model.tensors()
    assert tensors["groups"].tolist() == [0, 0, -1, -1, -1]
    told, count = tensors["inputs"].astype(float), tensors["inputs"].shape[1]
    parts = np.split(np.exp(tensors["parameters"][0]), count * np.arange(1, 4))
    first, second, alone, (one, two, noise) = parts

    def kernel(z, w):
        far = [sum(t[at] * abs(z[at] - w[at]) for at in range(count)) for t in (first, second)]
        near = one * math.exp(-far[0]) + two * math.exp(-far[1])
        return near + sum(alone[at] * z[at] * w[at] for at in range(count))

    fresh = encoded(drawn(rng, 5), (4, 4, 2))
    asked = beyond(fresh, tensors["steps"]).astype(float)
    inner = np.array([[kernel(z, w) for w in told] for z in told]) + (noise + 1e-8) * np.eye(40)
    cross = np.array([[kernel(z, w) for w in told] for z in asked])
    targets = tensors["targets"][:, :2]
    mean = targets.mean(axis=0) + cross @ np.linalg.solve(inner, targets - targets.mean(axis=0))
    explained = np.einsum("ij,ji->i", cross, np.linalg.solve(inner, cross.T))
    sigma = np.sqrt([kernel(z, z) + noise for z in asked] - explained)
    said = model.predict(fresh)
    assert np.allclose(said.mean, mean, atol=1e-6)
    assert np.allclose(said.sigma, sigma[:, None], atol=1e-6)
    assert (said.present == 1.0).all()
    assert (said.feasible == 1.0).all()


def test_small_effects_beside_large_ones_limits_absence_and_feasibility_are_learnt():
    rng = np.random.default_rng(3)
    sizes = (6, 6, 4)

    def truth(codes):
        a, b, c, which = codes.T
        y = np.minimum(a, b) * (1.0 + (which == 2)) + 0.01 * c
        return np.stack([y, np.where(c > 0, y**2 / 10, np.nan)], axis=1), which > 0

    model, codes = DiscreteProcessRegressor(), drawn(rng, 150, sizes)
    y, feasible = truth(codes)
    model.fit(encoded(codes, sizes), np.where(feasible[:, None], y, np.nan), feasible, rng)
    fresh = drawn(rng, 300, sizes)
    true, feasible = truth(fresh)
    said = model.predict(encoded(fresh, sizes))
    assert np.array_equal(said.feasible > 0.5, feasible)
    error = np.abs(said.mean - true)[feasible]
    # Small beside the effect of c, and of the standard deviation of 2.5.
    assert np.median(error[:, 0]) < 0.005
    assert np.array_equal((said.present[:, 1] > 0.5)[feasible], fresh[feasible, 2] > 0)
    higher = fresh.copy()
    higher[:, 2] = 3
    lower = higher.copy()
    lower[:, 2] = 1
    gain = (model.predict(encoded(d, sizes)).mean[feasible, 0] for d in (higher, lower))
    assert np.allclose(np.subtract(*gain), 0.02, atol=0.01)
