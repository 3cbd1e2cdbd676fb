"""`archgym sample`: a design of experiments, evaluated in parts, as a dataset."""

from __future__ import annotations

import json
from pathlib import Path

from archgym.experiments.plan import read_plan
from archgym.experiments.sampling import sampling_launch, sampling_plan
from archgym.results.dataset import find_dataset
from archgym.results.store import Store
from tests.experiments.launching import archgym

TOY = {"env": "tests.toys:TOY", "workload": "mixed"}


def test_parts_have_the_budget_of_the_whole_and_do_not_depend_on_workers(tmp_path):
    store = Store.create(tmp_path)
    plan = sampling_plan(store, sampling_launch("some", TOY, "sobol", 100, 7, part=30))
    assert [trial.budget for trial in plan.trials] == [25] * 4
    assert [t.hyperparameters["part"] for t in plan.trials] == ["1/4", "2/4", "3/4", "4/4"]
    assert {trial.seed for trial in plan.trials} == {7}


def test_the_launch_is_kept_and_plans_the_same_trials(tmp_path):
    store = Store.create(tmp_path)
    plan = sampling_plan(store, sampling_launch("some", TOY, "latin", 100, 0, part=30))
    again = read_plan(tmp_path / "launches" / "some.yaml")
    assert [t.run_id for t in again.trials] == [t.run_id for t in plan.trials]


def test_the_verb_makes_a_dataset_and_goes_on_where_it_was(tmp_path: Path):
    words = ["sample", "tests.toys:TOY", "--workload", "mixed", "--n", 60, "--designer", "latin"]
    done = archgym(*words, "--workers", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "60 evaluations" in done.stdout
    again = archgym(*words, "--workers", 1, cwd=tmp_path)
    assert " 0 evaluations" in again.stdout
    built = find_dataset(Store.open(tmp_path / "runs"), "tests.toys.toy-mixed-latin-60")
    assert built.card.version == 1
    assert (built.card.rows, built.card.repeats) == (60, 0)
    assert built.card.agents == {"sample": 60}


def test_wrong_input_is_one_line(tmp_path):
    wrong = archgym("sample", "tests.toys:TOY", "--n", 5, "--set", "banks=2", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "banks" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("runs/env=*"))
    assert json.loads(archgym("dataset", "list", "--format", "json", cwd=tmp_path).stdout) == []
