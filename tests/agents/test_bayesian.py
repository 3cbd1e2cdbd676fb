"""Bayesian optimisation: models by plain linear algebra, regions by hand, what libraries hear."""

from __future__ import annotations

import os

import numpy as np
import pytest

from archgym.agents.library_agent import Fact
from archgym.agents.observations import Observations
from archgym.agents.perturbation import perturb
from archgym.agents.trust_region import TrustRegion
from archgym.batch import Batch
from archgym.registry import make_agent
from archgym.scalar_parameters import Categorical, Integer, Real
from archgym.space import DesignSpace
from tests.agents.searches import codes_of, problem_of, records_of, rewards_of
from tests.toys import toy_problem


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestObservations:
    def test_keep_the_best_half_and_the_most_recent(self):
        known = Observations(DesignSpace([Integer("x", 0, 99)]))
        known.add(np.arange(8)[:, None], np.array([9.0, 1.0, 8.0, -1.0, 2.0, 3.0, 4.0, 5.0]))
        known.keep(4)
        assert known.codes[:, 0].tolist() == [0, 2, 6, 7]
        assert known.reward.tolist() == [9.0, 8.0, 4.0, 5.0]

    def test_feasible_designs_violate_nothing_and_others_as_much_as_they_are_punished(self):
        known = Observations(DesignSpace([Integer("x", 0, 99)]))
        known.add(np.zeros((3, 1), dtype=int), np.array([0.1, -0.25, -1.0]))
        assert known.violation.tolist() == [-1.0, 0.25, 1.0]


class TestTrustRegion:
    """The schedule of the paper, step by step."""

    def test_doubles_after_successes_in_a_row_up_to_its_limit(self):
        region = TrustRegion(3, 2, best=1.0)
        for value in (2.0, 3.0, 2.5, 4.0, 5.0):
            region.update(value)
            assert region.length == 0.8
        for value in (6.0, 7.0, 8.0, 9.0):
            region.update(value)
        assert region.length == 1.6
        assert region.best == 9.0

    def test_halves_after_failures_in_a_row_until_it_collapses(self):
        region = TrustRegion(3, 2, best=1.0)
        lengths = []
        while not region.collapsed:
            region.update(1.0005)  # less than a thousandth better is no success
            lengths.append(region.length)
        assert lengths[:4] == [0.8, 0.4, 0.4, 0.2]
        assert len(lengths) == 14


class TestPerturbation:
    SPACE = DesignSpace(
        [Integer("n", 0, 99), Real("r", 0.0, 1.0), Categorical("c", tuple("abcd"))]
    )

    def moved(self, reach: float, share: float):
        centres = np.tile([50.0, 0.5, 1.0], (4000, 1))
        return centres, perturb(self.SPACE, rng(), centres, np.full(3, reach), share)

    def test_stays_within_reach_and_covers_it(self):
        _, codes = self.moved(0.2, 1.0)
        assert (codes[:, 0].min(), codes[:, 0].max()) == (40, 60)
        assert 0.4 <= codes[:, 1].min() < 0.41
        assert 0.59 < codes[:, 1].max() <= 0.6
        # Binomial: a jump with probability 0.2, to another value in 3 of 4 cases.
        assert (codes[:, 2] != 1).mean() == pytest.approx(0.15, abs=0.03)

    def test_changes_its_share_of_axes_and_one_at_least(self):
        centres, codes = self.moved(2.0, 1e-9)
        changed = codes != centres
        assert (changed.sum(axis=1) <= 1).all()
        assert changed[:, 1].mean() == pytest.approx(1 / 3, abs=0.04)


class TestModels:
    def test_a_posterior_is_that_of_plain_linear_algebra(self):
        pytest.importorskip("botorch", reason="needs the extra bo")
        import torch

        from archgym.agents.gaussian_process import DesignModels, features, modelling

        space = toy_problem("toy.real").space
        seen, asked = space.sample(rng(), 20).codes, space.sample(rng(1), 5).codes
        known = Observations(space)
        known.add(seen, np.exp(rng(2).normal(size=20)))
        models = DesignModels(space)
        with modelling(rng()), torch.no_grad():
            with torch.enable_grad():
                models.train(known)
            model = models.objectives[0]
            posterior = model.posterior(features(space, asked))
        matern, hamming = model.covar_module.kernels
        scales = matern.lengthscale[0].tolist(), hamming.lengthscale[0].tolist()
        noise = model.likelihood.noise.item()
        constant = model.mean_module.constant.item()

        def kernel(a, b):
            far = (a[:, None, :3] - b[None, :, :3]) / np.array(scales[0])
            d = np.sqrt(5) * np.sqrt((far**2).sum(axis=2))
            same = np.where(a[:, None, 3] == b[None, :, 3], 1.0, np.exp(-1 / scales[1][0]))
            return (1 + d + d**2 / 3) * np.exp(-d) * same

        x, z = features(space, seen).numpy(), features(space, asked).numpy()
        y = np.log(known.reward)
        standard = (y - y.mean()) / y.std(ddof=1)
        weights = np.linalg.solve(kernel(x, x) + noise * np.eye(20), kernel(x, z))
        mean = constant + weights.T @ (standard - constant)
        variance = 1 - (weights * kernel(x, z)).sum(axis=0)
        assert posterior.mean[:, 0].tolist() == pytest.approx(mean * y.std(ddof=1) + y.mean())
        assert posterior.variance[:, 0].tolist() == pytest.approx(variance * y.var(ddof=1))

    def test_features_are_places_in_the_cube_and_codes_of_choices(self):
        pytest.importorskip("botorch", reason="needs the extra bo")
        from archgym.agents.gaussian_process import features

        space = DesignSpace([Integer("n", 0, 3), Categorical("c", tuple("abcd"))])
        assert features(space, np.array([[1, 3]])).tolist() == [[0.375, 3.0]]


class Told:
    """Records what a library agent's library is told."""

    def __init__(self, agent, proposals):
        self.facts: list[Fact] = []
        self.agent = agent
        codes = agent.space.encode(proposals).codes
        names = [f"p{i}" for i in range(len(codes))]
        agent.propose = lambda count: (names, codes)
        agent.learn = self.facts.extend

    def turn(self) -> Batch:
        batch = self.agent.ask(len(self.facts) + 8)
        self.agent.tell(batch, self.agent.problem.outcomes(batch))
        return batch


class TestLibraries:
    """Proposals that are not worth an evaluation."""

    BROKEN = {"buffer_entries": 8, "banks": 5}  # noqa: RUF012
    TWINS = [{"cache": "none", "cache_ways": ways} for ways in (2, 4)]  # noqa: RUF012

    @pytest.fixture
    def agent(self):
        pytest.importorskip("torch", reason="needs the extra bo")
        return make_agent("gp", toy_problem())

    def test_a_broken_proposal_is_mended_and_its_library_told_for_nothing(self, agent):
        told = Told(agent, [self.BROKEN])
        batch = told.turn()
        assert len(batch) == 1
        assert agent.space.valid(batch).all()
        proposed, mended = told.facts
        assert (proposed.proposal, proposed.reward, proposed.repeated) == ("p0", -0.5, False)
        assert mended.proposal is None
        assert mended.reward > 0
        assert (mended.codes == batch.codes[0]).all()

    def test_proposals_that_behave_alike_are_evaluated_once(self, agent):
        told = Told(agent, self.TWINS)
        assert len(told.turn()) == 1
        first, second, evaluated = told.facts
        assert first.repeated
        assert second.repeated
        assert not evaluated.repeated
        assert first.reward == second.reward == evaluated.reward

    def test_a_repeated_proposal_gives_way_to_a_new_design(self, agent):
        told = Told(agent, [{}])
        first, second = told.turn(), told.turn()
        assert (first.codes != second.codes).any()


def test_optuna_has_what_the_agent_sets_without_an_argument():
    pytest.importorskip("torch", reason="needs the extra bo")
    agent = make_agent("gp", toy_problem(), local_searches=7)
    fresh = type(agent._study.sampler)()
    assert fresh._n_local_search == 10
    assert agent._study.sampler._n_local_search == 7


def test_gp_forgets_and_goes_on():
    pytest.importorskip("torch", reason="needs the extra bo")
    agent = make_agent("gp", toy_problem("toy.flat", parameters=2), max_observations=12)
    records = records_of(agent, 22)
    assert len(codes_of(records)) == 22
    assert len(agent._observations) <= 12
    assert len(agent._study.trials) <= 13
    best = codes_of(records)[rewards_of(records).argmax()]
    assert best.tolist() in agent._observations.codes.tolist()


@pytest.mark.parametrize("name", ["gp", "turbo", "qnehvi"])
def test_learns_where_designs_are_feasible(name):
    """The limit on energy leaves a fifth of the designs; the last twelve are to lie there."""
    pytest.importorskip("botorch", reason="needs the extra bo")
    problem = toy_problem("toy.flat", parameters=4, objective="frugal")
    drawn = problem.outcomes(problem.space.sample(rng(), 2000)).reward
    assert (drawn > 0).mean() < 0.2
    rewards = rewards_of(records_of(make_agent(name, problem), 32))
    assert (rewards[20:] > 0).sum() >= 6
    assert rewards.max() > np.quantile(drawn, 0.95)


def test_smac_leaves_no_files_and_says_nothing(tmp_path, monkeypatch, capfd):
    pytest.importorskip("smac", reason="needs the extra smac")
    monkeypatch.chdir(tmp_path)
    records_of(make_agent("smac", toy_problem(), startup=4, candidates=20), 12)
    assert not os.listdir(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_smac_is_asked_for_active_parameters_only():
    pytest.importorskip("smac", reason="needs the extra smac")
    problem = toy_problem()
    agent = make_agent("smac", problem, startup=20)
    trials, codes = agent.propose(20)
    active = problem.space.active(Batch(problem.space, codes))
    for row, trial in enumerate(trials):
        assert set(trial.config) == {n for n in problem.space.names if active[n][row]}


def test_qnehvi_finds_most_of_a_front():
    """441 designs, 21 of them on the front; random search finds 2 to 3 of them in 48."""
    pytest.importorskip("botorch", reason="needs the extra bo")
    problem = toy_problem("toy.front", objective="tradeoff")
    agent = make_agent("qnehvi", problem, batch_size=8, candidates=64, samples=16)
    codes = codes_of(records_of(agent, 48))
    assert len({trade for trade, waste in codes.tolist() if waste == 0}) >= 15


def branin(batch: Batch) -> np.ndarray:
    """The function of Branin turned round, so that 1 / 0.397887 is its largest value."""
    x, y = batch["x"], batch["y"]
    bowl = (y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6) ** 2
    return 1 / (bowl + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "budget"),
    [("gp", {}, 40), ("turbo", {}, 60), ("qnehvi", {"batch_size": 2}, 40)],
)
def test_reaches_the_optimum_of_branin(name, settings, budget):
    """Random search comes within 0.4 of it in 60 designs, on average."""
    pytest.importorskip("botorch", reason="needs the extra bo")
    axes = Real("x", -5.0, 10.0, default=0.0), Real("y", 0.0, 15.0, default=5.0)
    problem = problem_of(*axes, function=branin)
    best = rewards_of(records_of(make_agent(name, problem), budget)).max()
    scale = branin(problem.space.default)[0]
    assert 1 / (best * scale) - 0.397887 < 0.05
