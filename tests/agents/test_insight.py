"""INSIGHT-M: what a pretrained simulator is worth, and what told designs correct."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("safetensors", reason="needs the extra rl")

import archgym
from archgym.agents.error_process import ErrorProcess
from archgym.batch import Batch
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import Rows
from archgym.errors import SettingError, UnknownNameError
from archgym.torch_session import torch_session

TARGETS = {"targets": {"gain_db": 60, "ugbw_hz": 7e7, "phase_margin_deg": 60, "power_w": 4e-5}}
LEARN = {"width": 24, "layers": 2, "heads": 2, "epochs": 1, "fewest_steps": 500, "batch": 64}
METRICS = ["power_w", "gain_db", "ugbw_hz", "phase_margin_deg"]
SMALL = {"candidates": 256, "generations": 3, "children": 64, "draws": 8}


def problem(workload="ota5t"):
    return archgym.make_problem("analog.sizing", workload, TARGETS, metrics="without_slew")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    made = problem()
    batch = made.space.sample(np.random.default_rng(0), 600)
    with torch_session():
        model = learn(made, Rows.of(batch, made.measure(batch)), metrics=METRICS, settings=LEARN)
    folder = tmp_path_factory.mktemp("simulators") / "ota5t"
    model.save(folder)
    return str(folder)


def test_with_a_simulator_few_evaluations_meet_what_random_designs_seldom_do(simulator):
    made = problem()
    drawn = made.outcomes(made.space.sample(np.random.default_rng(5), 2000))
    assert (drawn.reward >= 1.0).mean() < 0.01
    for seed in range(3):
        agent = archgym.make_agent("insight", made, seed, simulator=simulator, **SMALL)
        assert agent.offline_evaluations == 600
        assert archgym.search(made, agent, 12).best["reward"] >= 1.0


def test_told_designs_correct_the_simulator_near_them(simulator):
    made = problem()
    agent = archgym.make_agent("insight", made, 0, simulator=simulator, **SMALL)
    told = made.space.sample(np.random.default_rng(1), 10)
    truth = agent._simulator.scales.standardise(made.outcomes(told).metrics)
    said = agent._said(told)
    agent.tell(told, made.outcomes(told))
    error, left = agent._errors.at(agent._points(told))
    before, after = said.mean - truth, said.mean + said.sigma * error - truth
    assert np.nanmean(after**2) < 0.05 * np.nanmean(before**2)
    assert (left < 0.2).all()


def test_the_process_of_errors_is_the_regression_that_it_claims_to_be():
    """Against the textbook's formulas with full matrices, Rasmussen and Williams 2006, (2.23)."""
    rng = np.random.default_rng(0)
    points, others, errors = rng.random((6, 3)), rng.random((4, 3)), rng.standard_normal((6, 2))
    process = ErrorProcess(0.3)
    assert process.at(others)[1].tolist() == [1.0] * 4
    process.learn(points, errors)
    mean, left = process.at(others)
    length = 0.3 * np.sqrt(3)

    def kernel(a, b):
        return np.exp(-0.5 * np.linalg.norm(a - b) ** 2 / length**2)

    among = np.array([[kernel(a, b) for b in points] for a in points]) + 0.01 * np.eye(6)
    for row, point in enumerate(others):
        near = np.array([kernel(point, other) for other in points])
        assert np.allclose(mean[row], near @ np.linalg.solve(among, errors))
        assert left[row] == pytest.approx(np.sqrt(1 - near @ np.linalg.solve(among, near)))


def test_designs_near_one_that_proved_infeasible_are_avoided():
    made = problem("fcascode")
    agent = archgym.make_agent("insight", made, 0, simulator="none", steps=5, **SMALL)
    drawn = made.space.sample(np.random.default_rng(2), 40)
    agent.tell(drawn, made.outcomes(drawn))
    bad = made.outcomes(drawn).violation > 0
    assert 0 < bad.sum() < 40
    assert agent._trust(agent._points(drawn.select(bad))).max() < 1e-6
    far = Batch(made.space, made.space.default.codes)
    assert agent._trust(agent._points(far))[0] > 0.0


def test_a_simulator_of_another_problem_is_refused(simulator):
    with pytest.raises(SettingError, match="workload"):
        archgym.make_agent("insight", problem("miller2"), simulator=simulator)
    other = archgym.make_problem(
        "analog.sizing", "ota5t", "figure_of_merit", metrics="without_slew"
    )
    with pytest.raises(SettingError, match="knows no figure_of_merit"):
        archgym.make_agent("insight", other, simulator=simulator)
    with pytest.raises(UnknownNameError, match="nothing"):
        archgym.make_agent("insight", problem(), simulator="nothing")
