"""Active learning: what designs promise, how sure committees are, and who is asked."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra surrogates")
pytest.importorskip("lightgbm", reason="needs the extra surrogates")

import archgym
from archgym.agents.committee import Committee, Opinion
from archgym.agents.distinct import DistinctDesigns
from archgym.agents.diverse import pick
from archgym.agents.improvement import even_noise, expected
from archgym.agents.planning import Planner
from archgym.agents.told import ToldDesigns, without_verdict
from archgym.encodings import to_unit
from archgym.objective_spec import parse_objective
from archgym.outcome import Measurements
from archgym.problem import Problem
from archgym.registry import make_agent
from archgym.scalar_parameters import Integer
from archgym.testing.searches import problem_of
from tests.agents.searches import QUICK
from tests.toys import toy_problem

CAPPED = {"minimize": "latency_ns", "subject_to": {"energy_pj": {"max": 20.0}}}


def grid(function=None) -> Problem:
    """900 designs of two integers, with a score from 1 to 10 unless told otherwise."""
    return problem_of(
        Integer("x", 0, 29),
        Integer("y", 0, 29),
        function=function or (lambda batch: 1.0 + 9.0 * batch["x"] / 29.0),
    )


def told(problem: Problem, count: int, seed: int = 0):
    batch = problem.space.sample(np.random.default_rng(seed), count)
    return batch, problem.measure(batch)


# -- what a design promises ----------------------------------------------------------------------


def test_the_expected_improvement_is_that_of_the_formula():
    """Jones et al. 1998, equation (15): of a normal reward, s * (z * P(z) + p(z))."""
    problem = grid()
    reference = problem.reference["score"]
    noise = even_noise(np.random.default_rng(0), 4000, 1)
    means, sigma, best = np.array([2.8, 3.2, 4.0]), 0.3, 3.2 / reference
    drawn = (Measurements.of({"score": means + sigma * row}) for row in noise)
    gained, reward = expected(problem, drawn, best)
    for at, mean in enumerate(means):
        z = (mean - 3.2) / sigma
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        formula = sigma * (z * 0.5 * (1 + math.erf(z / math.sqrt(2))) + density)
        assert gained[at] == pytest.approx(formula / reference, rel=5e-3)
        assert reward[at] == pytest.approx(mean / reference, rel=1e-9)


def test_nothing_is_gained_beyond_targets_that_are_met():
    spec = {"targets": {"score": 5.0}}
    made = grid()
    objective = parse_objective(spec, {}, made.cost_model.metrics)
    problem = Problem(made.env, made.space, made.cost_model, None, objective)
    drawn = [Measurements.of({"score": np.array([5.0, 9.0])})]
    assert expected(problem, drawn, 0.5)[0].tolist() == [0.5, 0.5]


def test_the_noise_lies_evenly():
    noise = even_noise(np.random.default_rng(1), 64, 3)
    assert np.allclose(noise.mean(axis=0), 0.0)
    assert np.allclose(noise.std(axis=0), 1.0, atol=0.03)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.5


def test_limits_of_an_objective_do_not_hide_what_was_measured():
    """A design that breaks one is infeasible, yet its metrics can be learnt."""
    problem = toy_problem("toy", objective=CAPPED)
    batch, measured = told(problem, 200)
    outcomes = problem.score(measured)
    assert (outcomes.violation > 0).any()
    own = without_verdict(problem, outcomes)
    assert own.violation.tolist() == measured.violation.tolist()
    kept = ToldDesigns(problem.space)
    kept.add(batch, own)
    assert (kept.all[1].status == 0).all()


def test_what_the_cost_model_calls_infeasible_stays_so():
    problem = toy_problem("toy.failing", failures="infeasible", objective="energy")
    batch = problem.space.encode([{"behaviour": b} for b in ("fine", "infeasible")])
    measured = problem.measure(batch)
    own = without_verdict(problem, problem.score(measured))
    assert own.violation.tolist() == measured.violation.tolist()
    assert own.violation[1] > 0


# -- batches -------------------------------------------------------------------------------------


def test_designs_of_a_batch_keep_their_distance():
    """Against the definition, one design after the other."""
    space = grid().space
    rng = np.random.default_rng(3)
    batch, taken = space.sample(rng, 40), space.sample(rng, 3)
    promise = rng.random(40)
    points, others = to_unit(space, batch.codes), to_unit(space, taken.codes).tolist()
    expected_rows = []
    for _ in range(6):
        apart = [
            min(1 - math.exp(-sum((p - o) ** 2) / (2 * 0.2**2 * 2)) for o in map(np.array, others))
            for p in points
        ]
        left = [-1 if r in expected_rows else promise[r] * apart[r] for r in range(40)]
        expected_rows.append(int(np.argmax(left)))
        others.append(points[expected_rows[-1]].tolist())
    assert pick(batch, promise, taken, 6, 0.2) == expected_rows
    assert pick(batch.select([]), promise[:0], taken, 6, 0.2) == []


def test_a_plan_finds_the_best_new_design():
    space = grid().space
    proposed = DistinctDesigns(space)

    def height(batch):
        return -np.abs(batch["x"] - 21.0) - np.abs(batch["y"] - 4.0)

    rng = np.random.default_rng(0)
    for _ in range(3):
        elite, promised = Planner(6, 128).best(space.sample(rng, 64), height, proposed, rng)
        assert (promised == height(elite)).all()
        assert (np.diff(promised) <= 0).all()
        proposed.take_new(elite, 1)
    taken = sorted(np.frombuffer(key, dtype=np.int64).tolist() for key in proposed._seen)
    assert [21, 4] in taken
    assert len(taken) == 3
    assert max(abs(x - 21) + abs(y - 4) for x, y in taken) == 1


# -- committees ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["random_forest", "boosted_trees"])
def test_trees_are_less_sure_where_they_are_more_wrong(kind):
    """Half of the space is even, the other one a chequered pattern."""

    def score(batch):
        return np.where(batch["x"] < 15, 5.0, 1.0 + (batch["x"] * 7 + batch["y"] * 3) % 11)

    problem = grid(score)
    committee = Committee(problem, kind)
    assert not committee.learnt
    committee.learn(*told(problem, 120), np.random.default_rng(0))
    asked, _ = told(problem, 200, seed=1)
    sigma = committee.opinion(asked).sigma[:, 0]
    even = asked["x"] < 15
    assert sigma[~even].mean() > 3.0 * sigma[even].mean()


def test_a_committee_believes_the_mean_of_its_trees():
    """Member by member, in the metric's own unit."""
    problem = toy_problem("toy")
    batch, measured = told(problem, 80)
    committee = Committee(problem, "random_forest")
    committee.learn(batch, measured, np.random.default_rng(0))
    asked, _ = told(problem, 20, seed=1)
    said = [np.log(m.evaluate(asked, None).metrics["latency_ns"]) for m in committee._models]
    assert len(said) == 8
    opinion = committee.opinion(asked)
    back = np.log(committee.measured(opinion.mean).metrics["latency_ns"])
    assert np.allclose(back, np.mean(said, axis=0))
    scale = committee._models[0].scales.scales[0]
    assert np.allclose(opinion.sigma[:, 0] * scale.deviation, np.std(said, axis=0))
    assert (opinion.likely == 1.0).all()


def test_a_committee_knows_what_is_likely_to_be_infeasible():
    problem = toy_problem("toy.failing", failures="infeasible")
    batch, measured = told(problem, 120)
    committee = Committee(problem, "random_forest")
    committee.learn(batch, measured, np.random.default_rng(0))
    likely = committee.opinion(batch).likely
    bad = measured.violation > 0
    assert 0 < bad.sum() < len(bad)
    assert likely[bad].max() < 0.5 < likely[~bad].min()


def test_where_nothing_varies_nothing_is_learnt():
    problem = problem_of(Integer("x", 0, 99))
    committee = Committee(problem, "random_forest")
    committee.learn(*told(problem, 30), np.random.default_rng(0))
    assert not committee.learnt


# -- the agent -----------------------------------------------------------------------------------


def test_uncertain_designs_are_drawn_in_proportion_to_their_variance(monkeypatch):
    problem = grid()
    agent = make_agent("active_learning", problem, 0, **QUICK["active_learning"])

    def opinion(batch):
        sigma = np.where(batch["x"] < 15, 1.0, 3.0)
        return Opinion(np.zeros((len(batch), 1)), sigma[:, None], np.ones(len(batch)))

    monkeypatch.setattr(agent._committee, "opinion", opinion)
    drawn = np.concatenate([agent._uncertain(1)["x"] for _ in range(1000)])
    assert np.mean(drawn >= 15) == pytest.approx(0.9, abs=0.03)


def test_uncertain_designs_are_likely_to_be_feasible(monkeypatch):
    problem = grid()
    agent = make_agent("active_learning", problem, 0, **QUICK["active_learning"])

    def opinion(batch):
        ones = np.ones((len(batch), 1))
        return Opinion(ones, ones, np.where(batch["x"] < 15, 0.0, 1.0))

    monkeypatch.setattr(agent._committee, "opinion", opinion)
    assert (agent._uncertain(20)["x"] >= 15).all()


@pytest.mark.parametrize("acquisition", ["expected_improvement", "uncertainty"])
def test_it_ends_by_itself_when_nothing_is_left_to_try(acquisition):
    problem = problem_of(
        Integer("x", 0, 4), Integer("y", 0, 4), function=lambda batch: 1.0 + batch["x"]
    )
    quick = QUICK["active_learning"] | {"acquisition": acquisition}
    result = archgym.search(problem, make_agent("active_learning", problem, 0, **quick), 60)
    assert result.unique == len(result.history) == 25


def test_a_cap_is_learnt_from_the_designs_that_break_it():
    """The best design within the cap is found; random search of as many finds it seldom."""
    problem = toy_problem("toy", objective=CAPPED)
    everything = problem.outcomes(next(iter(problem.space.enumerate())))
    best = everything.reward.max()
    quick = QUICK["active_learning"] | {"generations": 3, "draws": 16, "batch_size": 4}
    for seed in range(2):
        agent = make_agent("active_learning", problem, seed, **quick)
        assert archgym.search(problem, agent, 60).best["reward"] > 0.95 * best


@pytest.mark.extended
def test_a_surrogate_is_better_from_designs_that_were_chosen():
    """Median over three seeds; the designs scored are random."""
    from archgym.cost_models.learned.rows import Rows
    from benchmarks.surrogate_loops import TAUGHT, TEACHING, taught

    problem = archgym.make_problem("dram", "stream", "energy_delay", space="archgym")
    unseen = Rows.of(*told(problem, 1000, seed=99))
    chosen = {"kind": "random_forest", "acquisition": "uncertainty", **TEACHING}
    errors = {
        name: np.median(
            [
                taught(problem, unseen, "random_forest", name, seed, values)["total_time_ns"][
                    "mape"
                ]
                for seed in range(3)
            ]
        )
        for name, values in (("active_learning", chosen), ("random", {}))
    }
    assert TAUGHT == 300
    assert errors["active_learning"] < 0.8 * errors["random"]
