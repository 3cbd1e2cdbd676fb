"""Goal specifications: what counts as met, how evaluations are counted, what is refused."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import archgym
from archgym import registry
from archgym.cli import app
from archgym.errors import ArchgymError, SettingError, UnknownNameError
from archgym.experiments.targets import attempt, read_targets

ENV = "analog.sizing"
HEAD = "target_id,workload,model,min_gain_db,min_phase_margin_deg,max_power_w,hit_rate\n"
EASY = "easy,ota5t,afm1,45,60,0.0002,0.2\n"
HOPELESS = "hopeless,csload,afm1,200,60,1e-9,0\n"


def table(tmp_path, text):
    path = tmp_path / "targets.csv"
    path.write_text(text)
    return path


def targets_of(tmp_path, text):
    return read_targets(table(tmp_path, text), registry.environments.get(ENV))


def test_evaluations_are_counted_up_to_the_first_design_that_meets_the_target(tmp_path):
    (target,) = targets_of(tmp_path, HEAD + EASY)
    problem = target.problem(registry.environments.get(ENV), {})
    found = attempt(problem, target, "random", seed=3, budget=200)
    full = archgym.search(problem, archgym.make_agent("random", problem, seed=3), 200).history
    meets = (
        (full["gain_db"] >= 45)
        & (full["phase_margin_deg"] >= 60)
        & (full["power_w"] <= 2e-4)
        & (full["status"] == "ok")
    )
    first = int(np.flatnonzero(meets)[0])
    assert found.solved
    assert found.evaluations == first + 1
    assert found.best["ib_a"] == full["ib_a"][first]


def test_a_target_that_cannot_be_met_spends_the_budget(tmp_path):
    (target,) = targets_of(tmp_path, HEAD + HOPELESS)
    problem = target.problem(registry.environments.get(ENV), {})
    found = attempt(problem, target, "random", seed=0, budget=25)
    assert not found.solved
    assert found.evaluations == 25
    assert found.best


def test_the_verb_writes_designs_that_meet_their_targets(tmp_path):
    path, out, designs = table(tmp_path, HEAD + EASY + HOPELESS), tmp_path / "o.csv", None
    words = ["targets", ENV, "--targets", str(path), "--agent", "genetic", "--seeds", "0,1"]
    done = CliRunner().invoke(app, [*words, "--budget", "60", "--output", str(out)])
    assert done.exit_code == 0, done.output
    assert "2 of 4 met within 60 evaluations" in done.output
    rows = pd.read_csv(out)
    assert rows.columns.tolist()[:5] == ["target_id", "seed", "solved", "n_evals", "offline_evals"]
    assert rows["target_id"].tolist() == ["easy", "easy", "hopeless", "hopeless"]
    assert rows["seed"].tolist() == [0, 1, 0, 1]
    assert rows["solved"].tolist() == [1, 1, 0, 0]
    assert (rows["offline_evals"] == 0).all()
    problem = archgym.make_problem(ENV, "ota5t")
    designs = rows[rows["solved"] == 1][[*problem.space.names]]
    again = problem.evaluate(designs.reset_index(drop=True))
    assert (again["gain_db"] >= 45).all()
    assert (again["power_w"] <= 2e-4).all()
    assert (again["well_posed"] == 1).all()


def test_slew_rates_are_left_out_unless_a_target_bounds_them(tmp_path):
    environment = registry.environments.get(ENV)
    text = "target_id,min_slew_v_per_us,min_gain_db\na,,40\nb,1,40\n"
    without, bounded = (t.problem(environment, {}) for t in targets_of(tmp_path, text))
    assert np.isnan(without.measure(without.space.default).metrics["slew_v_per_us"]).all()
    assert bounded.measure(bounded.space.default).metrics["slew_v_per_us"][0] > 1.0


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("target_id,model\na,afm1\n", ArchgymError, "has no bound"),
        ("name,min_gain_db\na,40\n", ArchgymError, "target_id"),
        ("target_id,min_gain_db\na,much\n", ArchgymError, "'much' is not a number"),
        ("target_id,gain_db\na,40\n", UnknownNameError, "gain_db"),
        ("target_id,max_gain_db\na,40\n", SettingError, "min_gain_db"),
        ("target_id,min_beauty\na,40\n", UnknownNameError, "beauty"),
        ("target_id,model,min_gain_db\na,bsim9,40\n", SettingError, "bsim9"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, text, error, said):
    environment = registry.environments.get(ENV)

    def read():
        return [target.problem(environment, {}) for target in targets_of(tmp_path, text)]

    with pytest.raises(error, match=said):
        read()


def test_wrong_seeds_are_refused(tmp_path):
    path = table(tmp_path, HEAD + EASY)
    words = ["targets", ENV, "--targets", str(path), "--agent", "random", "--seeds", "0,0"]
    done = CliRunner().invoke(app, [*words, "--output", str(tmp_path / "o.csv")])
    assert isinstance(done.exception, SettingError)
    assert not (tmp_path / "o.csv").exists()


def test_columns_come_in_the_order_of_the_space(tmp_path):
    path, out = table(tmp_path, HEAD + EASY), tmp_path / "o.csv"
    words = ["targets", ENV, "--targets", str(path), "--agent", "random", "--budget", "3"]
    CliRunner().invoke(app, [*words, "--output", str(out)])
    with out.open() as file:
        header = next(csv.reader(file))
    assert header[5:] == [*archgym.make_problem(ENV, "ota5t").space.names]
