"""The environment as users meet it: tables, models, lengths, exports."""

from __future__ import annotations

import pandas as pd
import pytest
from typer.testing import CliRunner

import archgym
from archgym.cli import app
from archgym.cost_models.analog.ngspice import availability
from archgym.errors import ArchgymError, SettingError

ENV = "analog.sizing"
HEAD = "model,l1_um,l2_um,m1,m2,ib_a\n"
GOOD = "afm1,0.5,1,4,6,1e-5\n"


def evaluate(tmp_path, text, *more):
    designs, out = tmp_path / "in.csv", tmp_path / "out.csv"
    designs.write_text(text)
    words = ["evaluate", ENV, "--workload", "csload", "--designs", str(designs)]
    done = CliRunner().invoke(app, [*words, "--output", str(out), *more])
    return done, pd.read_csv(out) if out.exists() else None


def test_values_outside_the_ranges_are_evaluated(tmp_path):
    done, out = evaluate(tmp_path, HEAD + GOOD + "afm1,0.5,1,500,0.01,1e-3\n")
    assert done.exit_code == 0, done.output
    assert out["converged"].tolist() == [1, 1]
    assert out["m1"].tolist() == [4, 500]
    assert out["gain_db"].notna()[0]
    assert out["slew_v_per_us"].isna().all()


def test_lengths_must_be_those_of_the_model(tmp_path):
    done, out = evaluate(tmp_path, HEAD + GOOD + GOOD.replace("0.5", "0.4"))
    assert isinstance(done.exception, ArchgymError)
    assert "row 2, column 'l1_um': 0.4" in str(done.exception)
    assert "0.18, 0.36, 0.5, 1.0, 2.0 with model afm1" in str(done.exception)
    assert out is None
    done, out = evaluate(tmp_path, HEAD + GOOD + GOOD.replace("0.5", "0.7"), "--keep-going")
    assert done.exit_code == 0
    assert out["status"].tolist() == ["ok", "invalid"]


def test_a_foundrys_model_without_its_tools_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(availability, "library", lambda: None)
    availability.missing_for.cache_clear()
    try:
        text = HEAD + GOOD + "gf180,0.6,0.6,4,6,1e-5\n"
        done, out = evaluate(tmp_path, text)
        assert isinstance(done.exception, ArchgymError)
        assert "apt-get install ngspice libngspice0" in str(done.exception)
        assert "row 2" in str(done.exception)
        assert out is None
        done, out = evaluate(tmp_path, text, "--keep-going")
        assert out["status"].tolist() == ["ok", "invalid"]
    finally:
        availability.missing_for.cache_clear()


@pytest.mark.parametrize("wrong", ["0", "-1", "nan", "much", "inf"])
def test_sizes_must_be_positive_numbers(tmp_path, wrong):
    done, _ = evaluate(tmp_path, HEAD + GOOD.replace(",4,", f",{wrong},"))
    assert isinstance(done.exception, ArchgymError)
    assert "'m1'" in str(done.exception)


def test_starved_designs_are_infeasible_and_say_why():
    problem = archgym.make_problem(ENV, "fcascode", metrics="without_slew")
    # the tail's current is more than twice what the sinks take
    rows = [{"m0": 20, "mc": 1, "m3": 1}, {}]
    found = problem.evaluate(rows)
    assert found["status"].tolist() == ["infeasible", "ok"]
    assert found["well_posed"].tolist() == [0, 1]
    assert "starved" in found["error"][0]
    assert -1 < found["reward"][0] < 0


def test_no_agent_ends_at_a_starved_design():
    problem = archgym.make_problem(
        ENV, "fcascode", objective={"maximize": "gain_db"}, metrics="without_slew"
    )
    for name in ("random", "cma_es", "genetic"):
        best = archgym.search(problem, archgym.make_agent(name, problem, seed=0), 150).best
        assert best["well_posed"] == 1, name
        assert best["min_drain_current_a"] > 1e-9, name


def test_other_processes_are_searched_on_their_own_grid():
    space = archgym.make_problem(ENV, "ota5t", model="gf180").space
    assert space["l1_um"].values == (0.3, 0.4, 0.6, 1.0, 2.0)
    assert archgym.make_problem(ENV, "fcascode").space["vcn_v"].high == pytest.approx(1.17)
    wide = archgym.make_problem(ENV, "fcascode", model="gf180").space["vcn_v"]
    assert (wide.low, wide.high) == (pytest.approx(1.32), pytest.approx(2.145))


def test_temperatures_below_absolute_zero_are_refused():
    with pytest.raises(SettingError, match="absolute zero"):
        archgym.make_problem(ENV, "ota5t", temperature_c=-300)


def test_corners_are_a_setting_and_details_show_them(tmp_path):
    folder = tmp_path / "detail"
    done, out = evaluate(tmp_path, HEAD + GOOD, "--set", "corners=pvt", "--detail", str(folder))
    assert done.exit_code == 0, done.output
    cases = pd.read_csv(folder / "row-0-cases.csv")
    assert len(cases) == 21
    assert out["ugbw_hz"][0] == pytest.approx(cases["ugbw_hz"].min(), rel=1e-12)
    assert out["power_w"][0] == pytest.approx(cases["power_w"].max(), rel=1e-12)
    for wrong, said in (
        ("corners=extreme", "nominal, process, pvt or a file"),
        ("process=typical", "tt, ff, ss, fs, sf"),
        ("mismatch_samples=-1", "less than 0"),
        ("supply_scale=-1", "above 0"),
    ):
        done, _ = evaluate(tmp_path, HEAD + GOOD, "--set", wrong)
        assert isinstance(done.exception, ArchgymError), wrong
        assert said in str(done.exception), wrong


def test_runs_from_before_these_settings_keep_their_identity():
    from archgym.experiments.plan import open_spec

    plain = open_spec(ENV, archgym.make_problem(ENV, "ota5t"), "nodal")
    assert set(plain.settings) == {"model", "metrics", "temperature_c", "points_per_decade"}
    said = open_spec(ENV, archgym.make_problem(ENV, "ota5t", corners="nominal"), "nodal")
    assert said.run_id == plain.run_id
    other = open_spec(ENV, archgym.make_problem(ENV, "ota5t", corners="process"), "nodal")
    assert other.run_id != plain.run_id


def test_agents_size_for_the_worst_corner():
    goal = {"minimize": "power_w", "subject_to": {"ugbw_hz": {"min": 3e7}}}
    settings = {"objective": goal, "metrics": "without_slew"}
    nominal, worst = (
        archgym.make_problem(ENV, "ota5t", corners=name, **settings) for name in ("nominal", "pvt")
    )
    best = [
        archgym.search(made, archgym.make_agent("cma_es", made, seed=0), 200).best
        for made in (nominal, worst)
    ]
    designs = [{name: design[name] for name in worst.space.names} for design in best]
    # what just meets the goal on typical silicon misses it in the slow corner
    assert worst.evaluate(designs)["status"].tolist() == ["infeasible", "ok"]
    assert nominal.evaluate(designs)["status"].tolist() == ["ok", "ok"]


def test_designs_are_exported_as_decks(tmp_path):
    designs = tmp_path / "in.csv"
    designs.write_text(HEAD + GOOD)
    words = ["export", ENV, "--workload", "csload", "--designs", str(designs)]
    done = CliRunner().invoke(app, [*words, "--output", str(tmp_path / "decks")])
    assert done.exit_code == 0, done.output
    deck = (tmp_path / "decks" / "row-0" / "circuit.cir").read_text()
    assert "m1 out inn 0 0 n050 w=5e-06 l=5e-07 m=4" in deck
    assert "m2 out pb vdd vdd p100 w=5e-06 l=1e-06 m=6" in deck
    assert deck.rstrip().endswith(".end")
