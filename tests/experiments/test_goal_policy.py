"""Drawing targets, and training policies to meet them."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace

import numpy as np
import pytest

import archgym
from archgym.errors import SettingError
from archgym.experiments import draw_targets as drawing
from archgym.experiments.draw_targets import Pool, draw_targets
from archgym.metric import Metric

METRICS = (Metric("speed_hz", "Hz", "maximize"), Metric("power_w", "W", "minimize"))


def pool(count=4000):
    values = np.random.default_rng(0).lognormal(size=(count, 2))
    return Pool(METRICS, values, 2 * count)


def test_each_target_is_met_by_the_share_asked_for():
    drawn = draw_targets(pool(), np.random.default_rng(1), 40, 0.01)
    rates = np.array([pool().hit_rate(row) for row in drawn])
    assert (rates >= 0.01).all()
    assert np.median(rates) < 0.0105
    assert len(np.unique(drawn, axis=0)) == 40


def test_the_share_counts_designs_that_failed_too():
    values = np.array([[1.0, 1.0], [2.0, 0.5]])
    assert Pool(METRICS, values, 8).hit_rate(np.array([1.5, 1.0])) == 1 / 8
    assert Pool(METRICS, values, 8).hit_rate(np.array([0.5, 1.0])) == 2 / 8


def test_a_least_bound_is_kept_where_the_others_are_relaxed():
    drawn = draw_targets(pool(), np.random.default_rng(1), 20, 0.01, {"speed_hz": 1.5})
    assert drawn[:, 0].min() >= 1.5
    free = draw_targets(pool(), np.random.default_rng(1), 20, 0.01)
    assert free[:, 0].min() < 1.5
    assert min(pool().hit_rate(row) for row in drawn) >= 0.01
    with pytest.raises(SettingError, match="maximized"):
        draw_targets(pool(), np.random.default_rng(1), 1, 0.01, {"power_w": 1.0})
    with pytest.raises(SettingError, match="draw more"):
        draw_targets(pool(20), np.random.default_rng(1), 5, 1e-6)


def test_the_table_is_one_that_the_verb_takes(tmp_path, capsys):
    output = tmp_path / "targets.csv"
    words = ["analog.sizing", "--workload", "ota5t", "--bounds", "gain_db,power_w"]
    words += ["--count", "3", "--hit-rate", "0.02", "--designs", "600", "--output", str(output)]
    assert drawing.main(words) == 0
    rows = list(csv.DictReader(output.open()))
    assert [*rows[0]] == ["target_id", "workload", "min_gain_db", "max_power_w", "hit_rate"]
    problem = archgym.make_problem("analog.sizing", "ota5t", metrics="without_slew")
    fresh = problem.evaluate(problem.space.sample(np.random.default_rng(7), 3000).frame())
    for row in rows:
        met = (fresh["gain_db"] >= float(row["min_gain_db"])) & (
            fresh["power_w"] <= float(row["max_power_w"])
        )
        assert 0.01 < met.mean() < 0.035
    assert drawing.main([*words, "--least", "gain_db=much"]) == 2
    assert "much" in capsys.readouterr().err


def test_a_policy_is_trained_tested_and_walks(tmp_path, monkeypatch, capsys):
    pytest.importorskip("stable_baselines3", reason="needs the extra rl")
    from archgym.agents.goal_policy import GoalPolicy
    from archgym.experiments.goal_policy.__main__ import main

    recipe, output = tmp_path / "recipe.yaml", tmp_path / "policy.npz"
    recipe.write_text(
        "{name: tiny, env: analog.sizing, workload: ota5t, metrics: [gain_db, power_w],"
        " hit_rate: 0.05, designs: 400, targets: 10, unseen: 4, horizon: 8, envs: 4, rollout: 8,"
        " steps: 64, minibatch: 32, width: 8, settings: {metrics: without_slew}}"
    )
    monkeypatch.setattr(sys, "argv", ["goal_policy", str(recipe), str(output)])
    assert main() == 0
    first, purpose = output.read_bytes(), GoalPolicy.load(output).purpose
    assert purpose.offline_evaluations == 400 + 64
    assert purpose.training["unseen_targets"] == 4
    assert "wrote" in capsys.readouterr().out
    assert main() == 0
    assert output.read_bytes() == first
    monkeypatch.setattr(sys, "argv", ["goal_policy", str(tmp_path / "none.yaml")])
    assert main() == 2
    recipe.write_text(recipe.read_text().replace("horizon: 8", "horizon: 0"))
    monkeypatch.setattr(sys, "argv", ["goal_policy", str(recipe)])
    assert main() == 2
    assert "horizon" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("workload", "bounds"),
    [
        ("miller2", (92.4, 25.8e6, 65.0, 4.4e-5, 3.57e-7)),
        ("ota5t", (61.9, 79.5e6, 60.0, 3.94e-5, 2.25e-8)),
    ],
)
def test_the_policies_that_come_along_meet_targets_that_they_have_not_seen(workload, bounds):
    names = ("gain_db", "ugbw_hz", "phase_margin_deg", "power_w", "input_noise_1khz_v_rthz")
    objective = {"targets": dict(zip(names, bounds, strict=True))}
    problem = archgym.make_problem("analog.sizing", workload, objective)
    problem = replace(problem, cost_model=problem.cost_model.focused(names))
    agent = archgym.make_agent("goal_ppo", problem)
    assert archgym.search(problem, agent, 150).best["reward"] >= 1.0
