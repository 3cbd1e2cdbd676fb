"""Two fidelities: what is believed of the true model, who is asked, and what that costs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("botorch", reason="needs the extra bo")

from archgym.agents.autoregression import Autoregression, Process
from archgym.agents.cheaper_problem import cheaper_problem
from archgym.agents.committee import Opinion
from archgym.agents.gaussian_process import modelling
from archgym.errors import LaunchError, SettingError
from archgym.evaluator import Evaluator
from archgym.registry import make_agent
from archgym.results.catalogue import load_runs
from archgym.results.leaderboard import leaderboard
from archgym.results.store import Store
from archgym.scalar_parameters import Categorical, Integer
from archgym.testing.searches import codes_of, history_of, problem_of
from tests.agents.searches import QUICK
from tests.experiments.launching import run_locally, stored, toy_plan
from tests.toys import toy_problem

ROUGH = QUICK["multi_fidelity"] | {"cheap": "rough", "price": 0.1, "kind": "random_forest"}


def search(budget, seed=0, history=None, **values):
    """Return what was recorded, and the evaluator."""
    problem, records = toy_problem("toy"), []
    evaluator = Evaluator(problem, budget, records.append, history)
    make_agent("multi_fidelity", problem, seed, **(ROUGH | values)).run(evaluator)
    return records, evaluator


# -- beliefs -------------------------------------------------------------------------------------


def learnt(count=30):
    space = problem_of(
        Integer("x", 0, 49), Integer("y", 0, 49), Categorical("c", ("a", "b", "d"))
    ).space
    batch = space.sample(np.random.default_rng(0), count)
    cheap = np.random.default_rng(1).standard_normal(count)
    true = 1.7 * cheap + 0.3 * np.sin(batch["x"] / 8.0) - 0.2
    return space, batch, cheap, true


def test_a_process_is_the_regression_that_its_kernel_defines():
    """Against BoTorch's own posterior, and with full matrices (Rasmussen and Williams, 2.23)."""
    space, batch, cheap, true = learnt()
    others = space.sample(np.random.default_rng(2), 12)
    asked = np.linspace(-1.0, 1.0, 12)
    with modelling(np.random.default_rng(0)):
        process = Process(space, batch, cheap, true, None)
        mean, sigma = process.at(others, asked)
        inputs = np.column_stack([others.codes / 1.0, asked])
        assert inputs.shape == (12, 4)
        from archgym.agents.autoregression import _inputs

        said = process._model.posterior(_inputs(others, asked))
        kernel = process._model.covar_module
        near = kernel(_inputs(others, asked), process._inputs).to_dense().numpy()
        among = kernel(process._inputs).to_dense().numpy()
    assert np.allclose(mean, said.mean[:, 0].numpy(), atol=1e-8)
    assert np.allclose(sigma**2, said.variance[:, 0].numpy(), atol=1e-6)
    among = among + process._noise * np.eye(30)
    constant = process._model.mean_module.constant.item()
    left = true - process.rho * cheap - constant
    by_hand = process.rho * asked + constant + near @ np.linalg.solve(among, left)
    assert np.allclose(mean, by_hand, atol=1e-8)


def test_the_factor_and_the_difference_are_found():
    """Twelve designs suffice, since the difference is small and smooth."""
    space, batch, cheap, true = learnt(12)
    _, others, asked, answer = learnt(200)
    with modelling(np.random.default_rng(0)):
        with_cheap, without = (Autoregression(space) for _ in range(2))
        feasible = np.ones(12, dtype=bool)
        assert with_cheap.learn(batch, cheap[:, None], true[:, None], feasible)
        assert without.learn(batch, np.zeros((12, 1)), true[:, None], feasible)
        known = Opinion(asked[:, None], np.zeros((200, 1)), np.ones(200))
        said = with_cheap.opinion(others, known)
        nothing = Opinion(np.zeros((200, 1)), np.zeros((200, 1)), np.ones(200))
        guessed = without.opinion(others, nothing)
    assert with_cheap.rho[0] == pytest.approx(1.7, rel=0.1)
    errors = [np.std(one.mean[:, 0] - answer) for one in (said, guessed)]
    assert errors[0] < 0.2 * errors[1]
    within = np.abs(said.mean[:, 0] - answer) < 2.0 * said.sigma[:, 0] + 0.05
    assert within.mean() > 0.8


def test_a_cheap_model_that_is_exact_leaves_no_difference():
    space, batch, cheap, _ = learnt()
    feasible, known = np.ones(30, dtype=bool), np.full(30, 1.0)
    with modelling(np.random.default_rng(0)):
        process = Autoregression(space)
        for count in (5, 10, 20, 30):
            rows = slice(count)
            process.learn(batch.select(rows), cheap[rows, None], cheap[rows, None], feasible[rows])
        said = process.opinion(batch, Opinion(cheap[:, None], np.zeros((30, 1)), known))
    assert process.rho[0] == pytest.approx(1.0, abs=1e-3)
    assert np.allclose(said.mean[:, 0], cheap, atol=1e-3)
    assert said.sigma.max() < 0.02
    # A line search may try what rounds to no difference at all; its prior has no value there.
    kernel = process._metrics[0]._model.covar_module
    kernel.raw_outputscale.data.fill_(-1e4)
    assert kernel.outputscale.item() > 0.0


def test_what_is_unsure_of_the_cheap_model_is_unsure_of_the_true_one():
    space, batch, cheap, true = learnt()
    with modelling(np.random.default_rng(0)):
        process = Autoregression(space)
        process.learn(batch, cheap[:, None], true[:, None], np.ones(30, dtype=bool))
        sure, unsure = (
            process.opinion(batch, Opinion(cheap[:, None], np.full((30, 1), s), np.full(30, 0.5)))
            for s in (0.0, 2.0)
        )
    assert np.allclose(unsure.mean, sure.mean)
    assert np.allclose(unsure.sigma**2 - sure.sigma**2, (2.0 * process.rho[0]) ** 2)
    assert (sure.likely == 0.5).all()


def test_designs_that_the_true_model_refuses_become_unlikely():
    space, batch, cheap, true = learnt()
    feasible = batch["x"] < 25
    true = np.where(feasible, true, np.nan)
    with modelling(np.random.default_rng(0)):
        process = Autoregression(space)
        process.learn(batch, cheap[:, None], true[:, None], feasible)
        said = process.opinion(batch, Opinion(cheap[:, None], np.zeros((30, 1)), np.ones(30)))
    assert said.likely[~feasible].max() < 0.5 < said.likely[feasible].min()
    assert not process.learn(batch, cheap[:, None], true[:, None], np.zeros(30, dtype=bool))


# -- the cheap model -----------------------------------------------------------------------------


def test_the_cheap_model_is_found():
    problem = toy_problem("toy", objective="energy_delay", max_banks=7)
    rough = cheaper_problem(problem, "rough")
    assert rough.cost_model.name == "rough"
    assert (rough.workload_name, rough.settings) == (problem.workload_name, problem.settings)
    other = cheaper_problem(problem, "workload:other")
    assert (other.cost_model.name, other.workload_name) == ("distance", "other")


def test_what_is_no_cheap_model_is_refused_when_the_agent_is_made():
    problem = toy_problem("toy")
    with pytest.raises(
        SettingError, match=r"cheap model 'ruff': unknown cost model of 'toy' 'ruff' \(.*rough"
    ):
        make_agent("multi_fidelity", problem, cheap="ruff")
    with pytest.raises(
        SettingError, match="cheap model 'workload:nowhere': unknown workload 'nowhere'"
    ):
        make_agent("multi_fidelity", problem, cheap="workload:nowhere")
    for same in ("distance", "workload:mixed"):
        with pytest.raises(SettingError, match="is what is searched"):
            make_agent("multi_fidelity", problem, cheap=same)
    with pytest.raises(SettingError, match="is of no environment"):
        make_agent("multi_fidelity", problem_of(Integer("x", 0, 9)), cheap="rough")
    for price in (0, -0.1, 1.01):
        with pytest.raises(SettingError, match="price"):
            make_agent("multi_fidelity", problem, cheap="rough", price=price)


def test_a_cheap_model_of_other_designs_is_refused():
    import archgym

    problem = archgym.make_problem("dnn.mapping", "alexnet/conv1")
    with pytest.raises(SettingError, match="has other designs"):
        make_agent("multi_fidelity", problem, cheap="workload:alexnet/fc6")


def test_a_surrogate_may_be_the_cheap_model(tmp_path: Path):
    pytest.importorskip("lightgbm", reason="needs the extra surrogates")
    from archgym.cost_models.learned.learning import learn
    from archgym.cost_models.learned.rows import Rows

    problem = toy_problem("toy")
    batch = problem.space.sample(np.random.default_rng(0), 100)
    rows = Rows.of(batch, problem.measure(batch))
    for name, metrics in (("whole", None), ("part", ["energy_pj"])):
        learn(problem, rows, "random_forest", metrics).save(tmp_path / name)
    records, evaluator = search(8, cheap=f"surrogate:{tmp_path / 'whole'}", price=0.01)
    assert evaluator.cheap[0].evaluations > 10
    assert sum(len(made.batch) for made in records) >= 7
    with pytest.raises(SettingError, match="knows no latency_ns"):
        make_agent("multi_fidelity", problem, cheap=f"surrogate:{tmp_path / 'part'}")


# -- costs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("budget", [1, 2, 20])
def test_both_are_paid_from_the_budget_and_all_of_it_is_spent(price, budget):
    records, evaluator = search(budget, price=price)
    asked = sum(len(made.batch) for made in records)
    assert evaluator.spent == asked >= 1
    paid = asked + price * sum(cheap.evaluations for cheap in evaluator.cheap)
    assert budget - 1 < paid <= budget + 1e-9
    assert evaluator.remaining == 0
    assert (evaluator.charged > 0) == (budget > 1)


def test_no_design_is_evaluated_twice():
    records, _ = search(25)
    codes = codes_of(records)
    assert len(np.unique(codes, axis=0)) == len(codes)


def test_a_cut_search_goes_on_with_the_same_designs_and_charges():
    whole, before = search(20, seed=4)
    tail, after = search(20, seed=4, history=history_of(whole, 9))
    assert before.charged == after.charged > 0
    assert before.cheap[0].evaluations == after.cheap[0].evaluations
    rows = len(codes_of(whole))
    assert after.spent == rows
    first = tail[0].first_step
    assert first <= 9
    assert (codes_of(tail) == codes_of(whole)[first:]).all()


def test_trials_tell_what_was_charged_and_resume(tmp_path: Path):
    """In the summary, and on the board; the same stored rows after a cut."""
    agents = [
        {"name": "multi_fidelity", "hyperparameters": ROUGH},
        "random",
    ]
    problems = [{"env": "tests.toys:TOY"}]
    plan = toy_plan(agents=agents, problems=problems, budget=14, seeds=1)
    run_locally(plan, tmp_path / "s")
    (done,) = (tmp_path / "s").glob("env=*/agent=multi_fidelity/run=*/done.json")
    summary = json.loads(done.read_text())
    told = summary["cheap"]["rough"]
    assert told["price"] == 0.1
    assert summary["charged"] == pytest.approx(0.1 * told["evaluations"])
    assert summary["evaluations"] + summary["charged"] <= 14
    assert told["measured_price"] > 0
    (board,) = leaderboard(load_runs(Store.open(tmp_path / "s")))
    charged = {row["agent"]: row["charged"] for row in board.rows}
    assert charged == {"multi_fidelity": summary["charged"], "random": 0.0}

    rows = stored(tmp_path / "s")
    done.unlink()
    run_locally(plan, tmp_path / "s")
    again = json.loads(done.read_text())
    assert stored(tmp_path / "s") == rows
    assert again["charged"] == summary["charged"]
    assert again["cheap"]["rough"]["evaluations"] == told["evaluations"]


def test_a_launch_with_an_unknown_cheap_model_is_refused_before_anything_runs():
    agents = [{"name": "multi_fidelity", "hyperparameters": {"cheap": "ruff"}}]
    with pytest.raises(
        LaunchError, match=r"agents\[0\]: cheap model .*unknown cost model.*'ruff'"
    ):
        toy_plan(agents=agents)


@pytest.mark.extended
def test_fixed_mappings_say_which_accelerators_to_map_with_care():
    """At equal cost, both models paid; means of three seeds, which differ much."""
    from benchmarks.surrogate_loops import CASES, curve

    (case,) = (one for one in CASES if one.env == "dnn.eyeriss")
    cheap, alone = (
        [curve(case.problem, agent, seed, 30, values).best[-1] for seed in range(3)]
        for agent, values in case.agents
        if agent == "multi_fidelity"
    )
    assert np.mean(cheap) > 1.1 * np.mean(alone)
