"""`archgym surrogate compare`, `curve` and `train --tune`: tables, files, wrong arguments."""

from __future__ import annotations

import csv
import json
import statistics

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("lightgbm", reason="needs the extra surrogates")

from archgym.cli import app
from archgym.errors import ArchgymError, SettingError, StoreError, UnknownNameError

BASELINES = ["mean", "nearest"]
KINDS = ["boosted_trees", "random_forest"]
TREES = [word for kind in KINDS for word in ("--kind", kind)]
QUICK = ["--option", "rounds=5"]


def call(*words):
    done = CliRunner().invoke(app, ["surrogate", *map(str, words)])
    if isinstance(done.exception, ArchgymError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def rows_of(*words):
    return json.loads(call(*words, "--format", "json"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    here = tmp_path_factory.mktemp("compared")
    (here / "launch.yaml").write_text(
        "name: x\nproblems: [{env: functions, workload: [sphere, rastrigin]}]\n"
        "agents: [random, hill_climbing]\nbudget: 60\nseeds: 1\n"
    )
    store = ["--store", str(here / "runs")]
    for words in (
        ["run", str(here / "launch.yaml"), "--workers", "1"],
        ["dataset", "build", "both"],
    ):
        assert CliRunner().invoke(app, [*words, *store]).exit_code == 0
    return ["--dataset", "both", *store, "--workload", "rastrigin"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_kinds_and_baselines_have_equal_rows_by_design_and_by_agent(data):
    by_design = rows_of("compare", *data, *TREES, *QUICK)
    assert [row["kind"] for row in by_design] == [*BASELINES, *KINDS]
    assert len({(row["left_out"], row["taught"], row["rows"]) for row in by_design}) == 1
    by_agent = rows_of("compare", *data, *TREES[:2], *QUICK, "--split", "agent")
    assert [(row["left_out"], row["kind"]) for row in by_agent] == [
        (agent, kind)
        for agent in ("hill_climbing", "random")
        for kind in (*BASELINES, "boosted_trees")
    ]


def test_a_workload_is_left_out_in_turn_where_workloads_have_features(tmp_path):
    (tmp_path / "launch.yaml").write_text(
        "name: x\nproblems: [{env: dram, workload: [stream, spmv, gemm], settings:"
        " {space: archgym}}]\nagents: [random]\nbudget: 40\nseeds: 1\n"
    )
    for words in (["run", "launch.yaml", "--workers", "1"], ["dataset", "build", "three"]):
        assert CliRunner().invoke(app, words).exit_code == 0
    words = ["compare", "--dataset", "three", "--split", "workload", "--kind", "random_forest"]
    rows = rows_of(*words, *QUICK, "--metrics", "total_time_ns")
    assert sorted(row["left_out"] for row in rows[::3]) == ["gemm", "spmv", "stream"]
    assert all(row["taught"] > 70 and row["rows"] <= 40 for row in rows)
    two = rows_of(*words, *QUICK, "--metrics", "total_time_ns", "--workload", "stream,gemm")
    assert {row["left_out"] for row in two} == {"stream", "gemm"}


def test_several_seeds_give_means_and_deviations_and_a_file_holds_all_digits(data, here):
    words = ["compare", *data, *TREES[:2], *QUICK]
    single = [rows_of(*words, "--seed", seed)[-1]["mae"] for seed in (4, 5, 6)]
    (*_, row) = rows_of(*words, "--seed", 4, "--seeds", 3, "--output", "table.csv")
    assert row["mae"] == pytest.approx(statistics.mean(single))
    assert row["mae_sd"] == pytest.approx(statistics.stdev(single))
    assert row["seeds"] == 3
    with (here / "table.csv").open() as file:
        (*_, written) = csv.DictReader(file)
    assert (written["kind"], float(written["mae"])) == ("boosted_trees", row["mae"])
    assert "±" in call(*words, "--seeds", 2)


def test_settings_are_of_all_kinds_or_of_one(data):
    def errors(*options):
        words = [word for option in options for word in ("--option", option)]
        return [row["mae"] for row in rows_of("compare", *data, *TREES, *words)][2:]

    both, one = errors("rounds=5"), errors("rounds=5", "random_forest.rounds=1")
    assert both[0] == one[0]
    assert both[1] != one[1]


def test_more_rows_are_learnt_from_the_same_pool_and_drawn(data, here):
    words = ["curve", *data, "--kind", "boosted_trees", *QUICK, "--seeds", 2]
    rows = rows_of(*words, "--sizes", "20,60", "--plot", "curve.svg", "--output", "table.csv")
    assert [(row["taught"], row["kind"]) for row in rows] == [
        (size, kind) for size in (20, 60) for kind in (*BASELINES, "boosted_trees")
    ]
    assert len({row["rows"] for row in rows}) == 1
    picture = (here / "curve.svg").read_text()
    assert picture.lstrip().startswith("<?xml")
    call(*words, "--sizes", "20,60", "--plot", "curve.svg")
    assert (here / "curve.svg").read_text() == picture
    assert (here / "table.csv").exists()


def test_training_tunes_and_the_card_tells(data, here):
    train = ["train", "functions", *data, "--output", "mine", "--kind", "random_forest", *QUICK]
    call(*train, "--tune", 3)
    told = json.loads((here / "surrogates/mine/card.json").read_text())
    tuning = told["tuning"]
    assert tuning["trials"] == 3
    assert "rounds" not in tuning["searched"]
    assert tuning["error"] <= tuning["default_error"]
    assert tuning["values"].items() <= told["regressor"].items()


def test_wrong_arguments_are_refused_and_nothing_is_written(data, here):
    compare, curve = ["compare", *data, *TREES], ["curve", *data, *TREES, "--sizes"]
    train = ["train", "functions", "--designs", 20, "--output", "mine", "--tune", 2]
    for words, kind, text in (
        ([*compare, "--kind", "oracle"], UnknownNameError, "oracle"),
        ([*compare, "--option", "gp.iterations=3"], SettingError, "'gp' is not among"),
        ([*compare, "--option", "width=3"], UnknownNameError, "width"),
        ([*compare, "--option", "boosted_trees.rounds=0"], SettingError, "from 1 on"),
        ([*compare, "--output", "no/table.csv"], StoreError, "does not exist"),
        ([*compare, "--split", "workload"], SettingError, "several workloads"),
        (["compare", *data, "--kind", "mean", "--metrics", "x"], UnknownNameError, "x"),
        ([*curve, "20,many"], SettingError, "whole numbers"),
        ([*curve, "60,20"], SettingError, "ascend"),
        ([*curve, "5,20"], SettingError, "10 or more"),
        ([*curve, "20,1000"], SettingError, "at most"),
        ([*curve, "20", "--plot", "curve.gif"], SettingError, ".png"),
        ([*curve, "20", "--plot", "no/curve.png"], StoreError, "does not exist"),
        ([*curve, "20", "--plot", "a.png", "--score", "speed"], SettingError, "rrmse"),
        ([*train, "--kind", "mean"], SettingError, "no ranges"),
        ([*train, "--kind", "gp", "--option", "iterations=3"], SettingError, "are given"),
    ):
        with pytest.raises(kind, match=text):
            call(*words)
    assert not list(here.iterdir())
