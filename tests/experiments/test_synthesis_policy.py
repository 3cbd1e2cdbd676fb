"""Policies from stored trials, and tables of reductions: a small launch from end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archgym.agents.word_policy import TrainedPolicy
from archgym.errors import StoreError
from archgym.experiments import pretrain_policy, synthesis_table
from archgym.experiments.plan import read_plan
from archgym.experiments.trial import Job, run_trial
from archgym.registry import make_problem
from archgym.results.reader import read_rows
from archgym.results.store import State, Store

LAUNCHES = Path(pretrain_policy.__file__).parent / "launches"
SMALL = """
name: small
problems:
  - env: synthesis.recipe
    workload: ["comparator:width=3", "priority:width=8"]
    settings: {length: 4, equivalence: never}
agents: [random]
budget: 24
seeds: 2
"""


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "small.yaml"
    path.write_text(SMALL)
    store = path.parent / "runs"
    Store.create(store)
    for trial in read_plan(path).trials:
        assert run_trial(Job(trial.data, str(store))).state is State.DONE
    return path


def test_a_policy_is_trained_from_stored_trials_and_is_the_same_each_time(
    launch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrain_policy, "_EPOCHS", 3)
    files = [launch.parent / name for name in ("one.npz", "two.npz")]
    for file in files:
        pretrain_policy.main([str(launch), f"--store={launch.parent}/runs", f"--output={file}"])
    one, two = (np.load(file) for file in files)
    assert all((one[name] == two[name]).all() for name in one.files)
    origin = json.loads(files[0].with_suffix(".json").read_text())
    assert len(origin["runs"]) == 4
    assert "synthesis.recipe-v0 comparator:width=3 adp_vs_resyn2" in origin["problems"]
    policy = TrainedPolicy.load(files[0])
    assert policy.network.vocabulary.symbols[0] == "refactor"
    assert len(policy.known) == 2


def test_a_table_holds_the_best_so_far(launch: Path) -> None:
    found = synthesis_table.reductions(np.array([1.1, 0.9, np.nan, 0.7]), (1, 2, 3, 4, 9))
    assert found == pytest.approx([-10.0, 10.0, 10.0, 30.0, 30.0])
    store = Store.open(launch.parent / "runs")
    table = synthesis_table.table(read_plan(launch).trials, store, (1, 24))
    assert set(table) == {"random"}
    assert len(table["random"]) == 2
    for cells in table["random"].values():
        assert cells[1] >= cells[0]
    trials = read_plan(launch).trials
    assert synthesis_table.checkpoints_of(trials) == [20, 24]
    assert "| agent | 20 | 24 |\n|---|---|---|\n" in synthesis_table.show(table, [20, 24])


def test_a_table_is_of_what_was_minimized(launch: Path) -> None:
    store = Store.open(launch.parent / "runs")
    trial = read_plan(launch).trials[0]
    rows = read_rows(store.folder(trial))
    assert rows is not None
    assert synthesis_table.ratios_of(trial, store) == pytest.approx(
        rows["adp_vs_resyn2"].to_numpy()
    )
    with pytest.raises(StoreError, match="objective level is none of"):
        synthesis_table.ratios_of(replace(trial, objective="level"), store)
    with pytest.raises(StoreError, match="is not run"):
        synthesis_table.ratios_of(replace(trial, objective="lut_cost"), store)
    in_luts = launch.parent / "in_luts.yaml"
    problem = "{length: 4, equivalence: never, library: lut6}\n    objective: lut_cost"
    in_luts.write_text(SMALL.replace("{length: 4, equivalence: never}", problem))
    trial = read_plan(in_luts).trials[0]
    assert run_trial(Job(trial.data, str(launch.parent / "runs"))).state is State.DONE
    rows = read_rows(store.folder(trial))
    assert rows is not None
    assert synthesis_table.ratios_of(trial, store) == pytest.approx(
        rows["lut_cost"].to_numpy() / 2
    )


def test_the_shipped_policy_knows_what_it_learnt_from_and_is_small() -> None:
    file = pretrain_policy.OUTPUT
    assert file.stat().st_size < 300_000
    origin = json.loads(file.with_suffix(".json").read_text())
    trained = {label.split()[1] for label in origin["problems"]}
    assert len(trained) == 26
    policy = TrainedPolicy.load(file)
    for workload, known in (("priority:width=32", True), ("parity", False)):
        problem = make_problem("synthesis.recipe", workload=workload)
        graph = problem.cost_model.graph(problem.workload)
        assert graph is not None
        distance = policy.distance(policy.network.embed(graph).detach().numpy())
        assert (distance < 1e-6) == known
        assert (workload in trained) == known
        problem.cost_model.close()  # type: ignore[attr-defined]


def test_circuits_of_tests_are_none_that_the_policy_learnt_from() -> None:
    origin = json.loads(pretrain_policy.OUTPUT.with_suffix(".json").read_text())
    trained = {label.split()[1] for label in origin["problems"]}
    tested = {trial.workload for trial in read_plan(LAUNCHES / "synthesis_abc_rl.yaml").trials}
    assert len(tested) == 14
    assert not trained & tested


@pytest.mark.parametrize("name", ["small", "abc_rl", "boils", "search", "pretraining"])
def test_shipped_launches_can_be_planned(name: str) -> None:
    assert read_plan(LAUNCHES / f"synthesis_{name}.yaml").trials
