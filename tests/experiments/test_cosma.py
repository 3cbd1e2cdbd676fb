"""COSMA's table: no way beats the proven optimum, and the order matters most."""

from __future__ import annotations

from pathlib import Path

from archgym.experiments import cosma
from archgym.experiments.plan import read_plan


def test_agents_lie_between_the_best_replacement_and_the_best_plan(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["cosma", "200", "1", "random_12"])
    cosma.main()
    _, header, line = capsys.readouterr().out.splitlines()
    found = dict(zip(header.split(" | ")[1:], map(int, line.split(" | ")[1:]), strict=True))
    assert found["ilp"] == found["state_search"] == 8
    assert found["lru_topo"] >= found["belady_topo"] >= found["opt_replacement_topo"] == 21
    assert all(8 <= found[agent] < 21 for agent in cosma.AGENTS)


def test_the_launch_covers_the_same_agents():
    path = Path(cosma.__file__).parent / "launches" / "cosma_scratchpad.yaml"
    trials = read_plan(path).trials
    assert {trial.agent for trial in trials} == set(cosma.AGENTS)
