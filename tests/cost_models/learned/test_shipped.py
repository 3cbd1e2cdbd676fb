"""The surrogates that come along are cost models like any other, and guide a search."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("safetensors", reason="needs the extra rl")

import archgym
from archgym.cost_models.learned.folders import SHIPPED
from archgym.cost_models.learned.purpose import fitting
from archgym.registry import environments
from archgym.testing import CostModelConformance

NAMES = ("gain_db", "ugbw_hz", "phase_margin_deg", "power_w", "input_noise_1khz_v_rthz")
# Each is met by about one random design in a thousand.
BOUNDS = {
    "miller2": (92.4, 25.8e6, 65.0, 4.4e-5, 3.57e-7),
    "ota5t": (61.9, 79.5e6, 60.0, 3.94e-5, 2.25e-8),
}


class TestSurrogate(CostModelConformance):
    environment = environments.get("analog.sizing")
    cost_model = "surrogate:analog_miller2_afm1"
    workload = "miller2"


@pytest.mark.parametrize("model", ["afm1", "gf180"])
@pytest.mark.parametrize("workload", sorted(BOUNDS))
def test_each_is_found_for_its_problem_and_only_there(workload, model):
    problem = archgym.make_problem("analog.sizing", workload, model=model)
    assert fitting(problem) == SHIPPED / f"analog_{workload}_{model}"
    warm = archgym.make_problem("analog.sizing", workload, model=model, temperature_c=85)
    assert fitting(warm) is None
    other = archgym.make_problem(
        "analog.sizing", workload, {"minimize": "peaking_db"}, model=model
    )
    assert fitting(other) is None


@pytest.mark.parametrize("workload", sorted(BOUNDS))
def test_with_it_few_evaluations_meet_a_hard_target(workload):
    objective = {"targets": dict(zip(NAMES, BOUNDS[workload], strict=True))}
    problem = archgym.make_problem("analog.sizing", workload, objective)
    problem = replace(problem, cost_model=problem.cost_model.focused(NAMES))
    agent = archgym.make_agent("insight", problem, seed=1)
    assert agent.offline_evaluations == 5000
    assert archgym.search(problem, agent, 4).best["reward"] >= 1.0
