"""Transformers and Gaussian processes: what sees what, and whether they learn what is there."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra rl")

from archgym.cost_models.learned.discrete_process import DiscreteProcessRegressor  # noqa: E402
from archgym.cost_models.learned.ensemble import EnsembleRegressor  # noqa: E402
from archgym.cost_models.learned.gaussian_process import GaussianProcessRegressor  # noqa: E402
from archgym.cost_models.learned.network import MetricTransformer, Shape  # noqa: E402
from archgym.cost_models.learned.transformer import TransformerRegressor  # noqa: E402
from archgym.cost_models.learned.trees import BoostedTreesRegressor  # noqa: E402
from archgym.torch_session import torch_session  # noqa: E402

QUICK = {"width": 16, "layers": 2, "heads": 2, "epochs": 1, "fewest_steps": 400, "batch": 64}


@pytest.fixture(autouse=True)
def session():
    with torch_session():
        torch.manual_seed(0)
        yield


def network(chained=True, metrics=3):
    return MetricTransformer(Shape(4, 3, metrics, 16, 2, 2, chained)).eval()


def designs(count=5):
    return torch.randn(count, 4, 3)


def test_a_metric_sees_the_design_and_the_metrics_before_it_only():
    net, x = network(), designs()
    z, exist = torch.randn(5, 3), torch.ones(5, 3)
    before = net(x, z, exist)
    other = z.clone()
    other[:, 1] += 1.0
    after = net(x, other, exist)
    assert torch.equal(before.mean[:, :2], after.mean[:, :2])
    assert (before.mean[:, 2] != after.mean[:, 2]).all()
    assert torch.equal(before.feasible, after.feasible)
    moved = x.clone()
    moved[:, 3, 2] += 1.0
    assert (net(moved, z, exist).mean != before.mean).all()


def test_without_a_chain_no_metric_sees_another():
    net, x = network(chained=False), designs()
    exist = torch.ones(5, 3)
    means = [net(x, torch.randn(5, 3), exist).mean for _ in range(2)]
    assert torch.equal(*means)
    assert torch.allclose(net.chain(x).mean, means[0], atol=1e-6)


def test_the_chain_says_what_the_whole_network_says_of_its_own_means():
    """Keys and values that are kept are those of a pass over all tokens at once."""
    net, x = network(), designs()
    with torch.no_grad():
        net.head_bias[1, 2] = -20.0  # so that the second metric has no value
        said = net.chain(x)
        exist = (said.present > 0).float()
        whole = net(x, said.mean * exist, exist)
    assert exist[:, 1].sum() == 0
    for name in ("mean", "log_sigma", "present", "feasible"):
        assert torch.allclose(getattr(said, name), getattr(whole, name), atol=1e-5), name


def known_data(rng, count):
    """The second metric follows the first; the third is absent for some designs."""
    x = rng.uniform(-1, 1, (count, 2, 1))
    first = x[:, 0, 0] + 0.5 * x[:, 1, 0] ** 2
    second = np.sin(2 * first) + 0.1 * rng.standard_normal(count)
    third = np.where(x[:, 0, 0] > 0, x[:, 1, 0], np.nan)
    return x, np.stack([first, second, third], axis=1), x[:, 1, 0] > -0.5


LEARNING = {
    "ensemble": lambda: EnsembleRegressor({"width": 32, "epochs": 1, "fewest_steps": 400}),
    "transformer": lambda: TransformerRegressor(QUICK),
}


@pytest.mark.parametrize("kind", LEARNING)
def test_networks_learn_values_spreads_absence_and_feasibility(kind):
    rng = np.random.default_rng(1)
    x, y, feasible = known_data(rng, 600)
    model = LEARNING[kind]()
    model.fit(x, y, feasible, rng)
    x, y, feasible = known_data(rng, 400)
    said = model.predict(x)
    error = said.mean - y
    assert np.abs(error[:, 0]).mean() < 0.05
    assert 0.07 < np.std(error[:, 1]) < 0.16
    assert 0.07 < np.median(said.sigma[:, 1]) < 0.16
    present = np.isfinite(y[:, 2])
    assert ((said.present[:, 2] > 0.5) == present).mean() > 0.9
    assert np.abs(error[present, 2]).mean() < 0.1
    assert ((said.feasible > 0.5) == feasible).mean() > 0.9


MADE = {
    "transformer": lambda: TransformerRegressor({**QUICK, "fewest_steps": 3}),
    "ensemble": lambda: EnsembleRegressor({"width": 16, "epochs": 1, "fewest_steps": 20}),
    "gp": lambda: GaussianProcessRegressor({"iterations": 5}),
    "discrete_gp": lambda: DiscreteProcessRegressor({"iterations": 3}),
}


@pytest.mark.parametrize("kind", MADE)
def test_a_design_alone_and_in_a_batch_and_restored_are_the_same_to_the_last_bit(kind):
    rng = np.random.default_rng(2)
    x, y, feasible = known_data(rng, 150)
    model = MADE[kind]()
    model.fit(x, y, feasible, rng)
    again = type(model).restore(model.settings, model.tensors())
    all_of_them = model.predict(x)
    for row in (0, 77, 149):
        alone = again.predict(x[[row]])
        assert np.array_equal(alone.mean[0], all_of_them.mean[row])
        assert np.array_equal(alone.sigma[0], all_of_them.sigma[row])
    none = again.predict(x[:0])
    assert none.mean.shape == none.sigma.shape == none.present.shape == (0, 3)
    assert none.feasible.shape == (0,)


def test_of_few_designs_processes_learn_values_absence_and_feasibility():
    rng = np.random.default_rng(6)
    x, y, feasible = known_data(rng, 80)
    model = GaussianProcessRegressor()
    model.fit(x, y, feasible, rng)
    x, y, feasible = known_data(rng, 300)
    said, present = model.predict(x), np.isfinite(y[:, 2])
    assert np.abs(said.mean[:, 0] - y[:, 0]).mean() < 0.02
    assert 0.08 < np.std(said.mean[:, 1] - y[:, 1]) < 0.14
    assert 0.07 < np.median(said.sigma[:, 1]) < 0.14
    assert np.abs(said.mean[present, 2] - y[present, 2]).mean() < 0.02
    assert ((said.present[:, 2] > 0.5) == present).mean() > 0.9
    assert ((said.feasible > 0.5) == feasible).mean() > 0.9


def test_processes_are_those_of_scikit_learn():
    """Means and deviations for the same parameters."""
    kernels = pytest.importorskip(
        "sklearn.gaussian_process.kernels", reason="scikit-learn is compared with"
    )
    from sklearn.gaussian_process import GaussianProcessRegressor as Reference

    rng = np.random.default_rng(7)
    x, y, feasible = known_data(rng, 40)
    model = GaussianProcessRegressor({"iterations": 10})
    model.fit(x, y[:, :1], feasible, rng)
    tensors = model.tensors()
    *lengths, amplitude, noise = np.exp(tensors["parameters"][0])
    kernel = amplitude * kernels.Matern(lengths, nu=2.5)
    reference = Reference(kernel, alpha=noise + 1e-6 * (1 + amplitude), optimizer=None)
    reference.fit(tensors["inputs"], tensors["targets"][:, 0])
    fresh = known_data(rng, 20)[0]
    mean, sigma = reference.predict(fresh.reshape(20, -1), return_std=True)
    said = model.predict(fresh)
    assert np.allclose(said.mean[:, 0], mean, atol=1e-5)
    assert np.allclose(said.sigma[:, 0] ** 2 - noise, sigma**2, atol=1e-5)


def test_the_same_seed_learns_the_same():
    x, y, feasible = known_data(np.random.default_rng(3), 100)
    weights = []
    for seed in (5, 5, 6):
        model = TransformerRegressor({**QUICK, "fewest_steps": 5})
        model.fit(x, y, feasible, np.random.default_rng(seed))
        weights.append(model.tensors()["head"])
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


@pytest.mark.parametrize("kind", ["boosted_trees", "discrete_gp", "ensemble", "gp", "transformer"])
def test_training_says_how_far_it_is_and_can_be_broken_off(kind):
    x, y, feasible = known_data(np.random.default_rng(4), 60)
    made = MADE.get(kind, lambda: BoostedTreesRegressor({"rounds": 4}))
    heard = []
    made().fit(x, y, feasible, np.random.default_rng(5), lambda *steps: heard.append(steps))
    assert heard == [(done, len(heard)) for done in range(1, len(heard) + 1)]
    assert len(heard) > 1

    def broken_off(done, of):
        raise KeyboardInterrupt

    model = made()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, feasible, np.random.default_rng(5), broken_off)
