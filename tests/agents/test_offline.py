"""Offline search: a table is all that is learnt from, and proposals are new, good and in order."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch", reason="needs the extra surrogates")

import archgym
from archgym.agents.base import Agent
from archgym.agents.coms import ComsAgent
from archgym.agents.offline_table import KnownDesigns, read_rows
from archgym.agents.prime import PrimeAgent
from archgym.agents.relaxation import Relaxation
from archgym.batch import Batch
from archgym.errors import SettingError
from archgym.problem import Problem
from archgym.scalar_parameters import Categorical, Integer, Real
from archgym.testing import AgentConformance
from archgym.testing.toys import TOYS
from archgym.torch_session import torch_session
from tests.agents.searches import codes_of, problem_of, records_of, rewards_of
from tests.toys import toy_problem

OFFLINE = ["coms", "prime"]
QUICK: dict[str, dict[str, Any]] = {
    "coms": {"steps": 8, "members": 1, "width": 8, "ascent": 3},
    "prime": {"steps": 8, "members": 1, "width": 8, "generations": 2, "children": 32},
}


def table(problem: Problem, count: int = 300, worst: float = 1.0, seed: int = 7) -> pd.DataFrame:
    """Return random designs, evaluated: infeasible ones, and of the others the worst share."""
    found = problem.evaluate(problem.space.sample(np.random.default_rng(seed), count))
    good = found["status"] == "ok"
    known = good & (found["reward"] <= found["reward"][good].quantile(worst))
    return found[known | ~good]


@pytest.fixture
def rows(tmp_path):
    def write(problem: Problem, **changes: Any) -> str:
        table(problem, **changes).to_csv(tmp_path / "rows.csv", index=False)
        return str(tmp_path / "rows.csv")

    return write


def proposals(name: str, problem: Problem, rows: str, budget: int, seed: int = 0, **more: Any):
    agent = archgym.make_agent(name, problem, seed, rows=rows, **(QUICK[name] | more))
    return codes_of(records_of(agent, budget))


class OfflineConformance(AgentConformance):
    """The kit, with a table of each problem; what cannot be learnt from is replaced."""

    adaptive = False

    def make(self, problem: Problem, seed: int = 0, **more: Any) -> Agent:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "rows.csv"
            table(problem).to_csv(path, index=False)
            return super().make(problem, seed, rows=str(path), repeats=True, **more)

    def test_searches_a_space_of_a_single_design(self):
        with pytest.raises(SettingError, match="1 different designs ran, 10 are needed"):
            self.make(problem_of(Categorical("only", ("one",))))

    def test_real_parameters_take_many_values(self):
        """They lie to whichever side the model points."""
        codes = self.codes(problem_of(Real("x", 1e-3, 1e3, log=True)), 40)
        assert len(np.unique(codes)) == 40

    def test_stops_or_repeats_itself_when_a_finite_space_is_exhausted(self):
        codes = self.codes(problem_of(Integer("x", 0, 3), Integer("y", 0, 3)), 60)
        assert len(np.unique(codes, axis=0)) == len(codes) == 16


class TestComs(OfflineConformance):
    agent = ComsAgent
    quick: ClassVar = QUICK["coms"]
    another_process = False  # one of two that share what could differ there


class TestPrime(OfflineConformance):
    agent = PrimeAgent
    quick: ClassVar = QUICK["prime"]


# -- what is learnt from ------------------------------------------------------------------------


def test_a_table_teaches_logarithms_of_rewards(rows):
    problem = toy_problem(objective="frugal")
    path = rows(problem)
    known = KnownDesigns.of(read_rows(Path(path), problem), problem, path)
    outcomes = problem.outcomes(known.batch)
    assert (outcomes.reward > 0).all()
    assert np.allclose(known.rewards(known.values), outcomes.reward)
    assert (known.values.mean(), known.values.std()) == pytest.approx((0.0, 1.0))
    assert len(known.infeasible) > 0
    assert (problem.outcomes(known.infeasible).reward <= 0).all()
    best = problem.outcomes(known.best(5)).reward
    assert best.tolist() == sorted(outcomes.reward.tolist(), reverse=True)[:5]


@pytest.mark.parametrize("name", OFFLINE)
def test_nothing_is_evaluated_before_all_proposals_are_made(name, rows, monkeypatch):
    problem = toy_problem("toy.flat")
    path = rows(problem)
    assert problem.reference  # rewards compare with the default design

    def evaluated(*_: Any) -> None:
        raise AssertionError("the cost model was asked")

    monkeypatch.setattr(type(problem.cost_model), "evaluate", evaluated)
    agent = archgym.make_agent(name, problem, rows=path, **QUICK[name])
    agent.plan(30)
    assert len(agent.ask(30)) == 30


@pytest.mark.parametrize("name", OFFLINE)
def test_the_table_decides_where_proposals_lie(name, rows):
    def mean_of_proposals(sign: int) -> float:
        problem = problem_of(
            Integer("x", 0, 60),
            Integer("y", 0, 60),
            function=lambda batch: 200.0 + sign * (batch["x"] + batch["y"]),
        )
        path = rows(problem, worst=0.5)
        ascent = {"ascent": 30} if name == "coms" else {}
        return float(proposals(name, problem, path, 20, steps=150, **ascent).mean())

    assert mean_of_proposals(1) > 35
    assert mean_of_proposals(-1) < 25


# -- what is proposed ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFLINE)
def test_proposals_are_new_different_in_effect_and_in_order_of_promise(name, rows):
    problem = toy_problem(max_banks=8)
    path = rows(problem, count=60)
    agent = archgym.make_agent(name, problem, rows=path, **QUICK[name])
    found = Batch(problem.space, codes_of(records_of(agent, 100)))
    known = problem.space.encode(pd.read_csv(path)[list(problem.space.names)])
    assert len(set(found.keys())) == 100
    assert not set(found.keys()) & set(known.keys())
    assert (np.diff(agent.promises) <= 0).all()
    again = proposals(name, problem, path, 1000, repeats=True)
    assert len(again) == 588
    assert set(known.keys()) <= set(Batch(problem.space, again).keys())


@pytest.mark.parametrize("name", OFFLINE)
def test_proposals_are_better_than_a_table_of_the_worse_half(name, rows):
    problem = toy_problem("toy.flat", parameters=6)
    for seed in range(2):
        path = rows(problem, count=400, worst=0.5, seed=seed)
        agent = archgym.make_agent(name, problem, seed, rows=path, steps=300, members=1)
        first, *others = rewards_of(records_of(agent, 30))
        best_known = pd.read_csv(path)["reward"].max()
        assert first > best_known
        assert np.mean(others) > 0.9 * best_known


@pytest.mark.parametrize("name", OFFLINE)
def test_infeasible_designs_of_the_table_are_avoided(name, rows):
    """The limit lies where the reward is largest: what is best without it is forbidden."""
    limit = {"energy_pj": {"min": 28.0}}
    problem = toy_problem("toy.flat", objective={"minimize": "latency_ns", "subject_to": limit})
    path = rows(problem, count=400)
    agent = archgym.make_agent(name, problem, rows=path, members=1)
    feasible = (rewards_of(records_of(agent, 30)) > 0).mean()
    drawn = problem.outcomes(problem.space.sample(np.random.default_rng(1), 2000))
    assert feasible > 0.8 > 2 * (drawn.reward > 0).mean()


# -- conservatism -------------------------------------------------------------------------------


def flattered(name: str, rows: str, problem: Problem, **values: Any) -> tuple[float, float]:
    """Return the mean of what proposals promise, and of what they are worth."""
    agent = archgym.make_agent(name, problem, 0, rows=rows, steps=300, members=1, **values)
    found = rewards_of(records_of(agent, 30))
    return float(agent.promises.mean()), float(found[found > 0].mean())


def saturated(batch: Batch) -> Any:
    """Rise with both numbers, but no further than a table of the worse half reaches."""
    return np.exp(np.minimum(batch["x"] + batch["y"], 60) / 20.0)


@pytest.mark.parametrize(
    ("name", "plain"), [("coms", {"overestimation": 100.0}), ("prime", {"conservatism": 0.0})]
)
def test_a_conservative_model_promises_less(name, plain, rows):
    problem = problem_of(Integer("x", 0, 60), Integer("y", 0, 60), function=saturated)
    path = rows(problem, worst=0.45)
    promised, worth = flattered(name, path, problem, **plain)
    held_back, _ = flattered(name, path, problem, overestimation=1.0)
    assert held_back < 0.8 * promised
    assert promised > 1.2 * worth


def test_what_ascent_gains_in_training_is_held_to_the_bound(rows):
    """Counted anew: values of ascended points above those of the table, on the finished model."""
    import torch

    problem = toy_problem("toy.flat", parameters=6)
    path = rows(problem, worst=0.5)

    def excess(bound: float) -> float:
        agent = ComsAgent(
            problem, 0, rows=path, steps=400, members=1, width=16, overestimation=bound
        )
        known = KnownDesigns.of(agent._rows, problem, path)
        with torch_session():
            networks = agent._learn(known)
            points = torch.from_numpy(agent.relaxation.points(known.batch)).float()
            *_, ascended = agent._ascend(networks, points.expand(1, -1, -1))
            return float((networks(ascended).mean() - networks(points).mean()).detach())

    assert excess(100.0) > 1.5
    assert excess(1.0) == pytest.approx(1.0, abs=0.25)


# -- points -------------------------------------------------------------------------------------


@pytest.mark.parametrize("toy", TOYS)
def test_points_lead_back_to_their_designs(toy):
    space = toy_problem(toy).space
    batch = space.sample(np.random.default_rng(0), 200)
    relaxation = Relaxation(space)
    again = relaxation.designs(relaxation.points(batch))
    assert np.allclose(again.codes, space.canonical(batch.codes))


def test_a_point_stands_for_the_nearest_value_of_each_axis():
    """Against a search of all values, one at a time."""
    space = problem_of(
        Categorical("c", tuple("abcde")), Integer("n", 0, 9), Integer("m", 0, 99)
    ).space
    relaxation, rng = Relaxation(space), np.random.default_rng(1)
    points = rng.normal(0.0, 1.5, (100, relaxation.size))
    found = relaxation.designs(points).codes
    for column, size in enumerate((5, 10, 100)):
        codes = np.zeros((size, 3), dtype=np.int64)
        codes[:, column] = np.arange(size)
        values = relaxation.points(Batch(space, codes)).reshape(size, 3, -1)[:, column]
        own = points.reshape(100, 3, -1)[:, column]
        own = own if size <= 16 else own[:, :1]
        apart = ((own[:, None] - values[:, : own.shape[1]]) ** 2).sum(axis=2)
        assert (found[:, column] == apart.argmin(axis=1)).all()


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFLINE)
def test_wrong_tables_are_refused_before_anything_is_learnt(name, rows, tmp_path):
    problem = toy_problem()
    good = pd.read_csv(rows(problem))

    def refused(match: str, frame: pd.DataFrame | None = None) -> None:
        path = tmp_path / "wrong.csv"
        if frame is not None:
            frame.to_csv(path, index=False)
        with pytest.raises(SettingError, match=match):
            archgym.make_agent(name, problem, rows=str(path))

    refused(r"'rows': '.*wrong\.csv' is not allowed \(an existing file\)")
    refused(r"wrong\.csv: 9 different designs ran, 10 are needed", good[:9])
    refused(r"wrong\.csv: row 0: parameter 'banks': 99", good.assign(banks=99))
    refused("0 of its designs are feasible, 10 are needed", good.assign(status="infeasible"))
    refused("no values of metric 'latency_ns', which objective", good.drop(columns="latency_ns"))
    refused("no rows of workload 'mixed', but of other", good.assign(workload="other"))
    refused("no column 'banks', a parameter", good.drop(columns="banks"))
    with pytest.raises(SettingError, match="'rows' is needed"):
        archgym.make_agent(name, problem)


def test_limits_may_leave_too_little_to_learn_from(rows):
    limits = {"minimize": "latency_ns", "subject_to": {"hits": {"min": 1e9}}}
    agent = archgym.make_agent("prime", toy_problem(objective=limits), rows=rows(toy_problem()))
    with pytest.raises(SettingError, match="0 of its designs are feasible"):
        agent.ask(1)
