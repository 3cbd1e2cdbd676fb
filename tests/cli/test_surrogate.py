"""`archgym surrogate`: training from each kind of source, use as a cost model, wrong arguments."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("safetensors", reason="needs the extra rl")

import archgym
from archgym.batch import Batch
from archgym.cli import app
from archgym.cli.surrogate_source import workloads_of
from archgym.errors import ArchgymError, SettingError, StoreError, UnknownNameError

ENV = "functions"
QUICK = [
    part
    for option in ("width=8", "layers=1", "heads=2", "epochs=1", "fewest_steps=60")
    for part in ("--option", option)
]


def call(*words):
    done = CliRunner().invoke(app, ["surrogate", *map(str, words)])
    if isinstance(done.exception, ArchgymError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_surrogate_is_trained_listed_scored_and_used(here):
    told = call("train", ENV, "--designs", 60, "--output", "mine", *QUICK)
    assert "surrogate:mine" in told
    listed = list(csv.DictReader(call("list", "--format", "csv").splitlines()))
    (row,) = [row for row in listed if row["name"] == "mine"]
    assert row["rows"] == "48"
    (score,) = json.loads(call("evaluate", "mine", "--designs", 40, "--format", "json"))
    assert score["rows"] == 40
    problem = archgym.make_problem(ENV, cost_model="surrogate:mine")
    other = archgym.make_problem(ENV, cost_model=f"surrogate:{here / 'surrogates' / 'mine'}")
    design = problem.space.default
    assert problem.cost_model.fidelity == "surrogate"
    assert problem.outcomes(design).reward == other.outcomes(design).reward


def test_tables_and_stores_teach_the_same_as_what_they_hold(here):
    problem = archgym.make_problem(ENV)
    result = archgym.search(problem, archgym.make_agent("random", problem, seed=1), 40)
    result.history.to_csv("rows.csv", index=False)
    result.history.to_parquet("rows.parquet")
    (here / "launch.yaml").write_text(
        f"name: x\nproblems: [{{env: {ENV}}}]\nagents: [random]\nbudget: 40\nseeds: [1]\n"
    )
    assert CliRunner().invoke(app, ["run", "launch.yaml", "--workers", "1"]).exit_code == 0
    for number, source in enumerate(
        (["--rows", "rows.csv"], ["--rows", "rows.parquet"], ["--store", "runs"])
    ):
        call("train", ENV, *source, "--output", f"s{number}", *QUICK)
    cards = [json.loads((here / f"surrogates/s{n}/card.json").read_text()) for n in range(3)]
    assert cards[0]["evaluations"] == 41  # the default design, too
    hashes = {card["data_sha256"] for card in cards}
    assert len(hashes) == 1


def test_wrong_arguments_are_refused_and_nothing_is_written(here):
    (here / "rows.csv").write_text("a,b\n1,2\n")
    train = ["train", ENV, "--output", "mine"]
    for words, kind, text in (
        ([*train], SettingError, "exactly one"),
        ([*train, "--designs", 20, "--store", "runs"], SettingError, "exactly one"),
        ([*train, "--designs", 5], SettingError, "are needed"),
        ([*train, "--store", "nowhere"], StoreError, "nowhere"),
        ([*train, "--rows", "rows.csv"], SettingError, "no column"),
        ([*train, "--rows", "none.csv"], SettingError, "none.csv"),
        ([*train, "--designs", 20, "--kind", "oracle"], UnknownNameError, "transformer"),
        ([*train, "--designs", 20, "--metrics", "speed"], UnknownNameError, "speed"),
        ([*train, "--designs", 20, "--option", "widht=3"], UnknownNameError, "width"),
        (["train", ENV, "--output", ".", "--designs", 20], StoreError, "no surrogate"),
        (["evaluate", "nothing", "--designs", 20], UnknownNameError, "nothing"),
    ):
        with pytest.raises(kind, match=text):
            call(*words)
    assert not (here / "surrogates").exists()


@pytest.fixture
def dataset(here):
    pytest.importorskip("lightgbm", reason="needs the extra surrogates")
    (here / "launch.yaml").write_text(
        f"name: x\nproblems: [{{env: {ENV}, workload: [sphere, rastrigin]}}]\n"
        "agents: [random, hill_climbing]\nbudget: 60\nseeds: 1\n"
    )
    for words in (["run", "launch.yaml", "--workers", "1"], ["dataset", "build", "both"]):
        assert CliRunner().invoke(app, words).exit_code == 0
    return "both"


QUICK_TREES = ["--kind", "boosted_trees", "--option", "rounds=5"]


def test_datasets_teach_their_workloads_alone_or_together(dataset):
    train = ["train", ENV, "--dataset", dataset, "--output", "mine", *QUICK_TREES]
    for words, kind, text in (
        (train, SettingError, "one of rastrigin, sphere"),
        ([*train, "--workload", "step_ellipsoid"], SettingError, "no rows of workload"),
        ([*train, "--workload", "rastrigin", "--set", "dimensions=3"], SettingError, "its own"),
        ([*train, "--workload", "rastrigin", "--designs", 20], SettingError, "exactly one"),
        (["train", "dram", *train[2:]], SettingError, "not of dram"),
        ([*train, "--dataset", "both:9"], UnknownNameError, "both:1"),
    ):
        with pytest.raises(kind, match=text):
            call(*words)
    assert "surrogate:mine" in call(*train, "--workload", "rastrigin")
    told = call("evaluate", "mine", "--dataset", dataset)
    assert "these very rows" in told
    assert "these very rows" not in call("evaluate", "mine", "--designs", 30)
    call(*train, "--workload", "all")
    told = json.loads(call("evaluate", "mine", "--designs", 30, "--format", "json"))
    assert [row["workload"] for row in told] == ["rastrigin", "sphere"]
    assert {row["rows"] for row in told} == {30}
    (row,) = json.loads(
        call("evaluate", "mine", "--designs", 30, "--workload", "sphere", "--format", "json")
    )
    assert row["workload"] == "sphere"
    with pytest.raises(SettingError, match="rastrigin, sphere, not rosenbrock"):
        call("evaluate", "mine", "--designs", 30, "--workload", "rosenbrock")


METRICS = ["--metrics", "total_time_ns,energy_pj"]
IN_SPACE = ["--set", "space=archgym"]


def evaluated(here, *words):
    """Return what `archgym evaluate dram` says of in.csv: its rows and its remarks."""
    own = ["--designs", here / "in.csv", "--output", here / "out.csv", *IN_SPACE]
    done = CliRunner().invoke(app, ["evaluate", "dram", *map(str, (*own, *words))])
    if isinstance(done.exception, ArchgymError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return list(csv.DictReader((here / "out.csv").open())), done.output


@pytest.fixture
def designs(here):
    """Forty random designs of dram, the default one before them."""
    space = archgym.make_problem("dram", space="archgym").space
    codes = space.sample(np.random.default_rng(5), 40).codes
    frame = Batch(space, np.concatenate([space.default.codes, codes])).frame()
    frame.to_csv(here / "in.csv", index=False)


def test_rewards_on_a_surrogate_compare_with_the_true_default_design(here, designs):
    pytest.importorskip("lightgbm", reason="needs the extra surrogates")
    words = ["--workload", "stream_short", *IN_SPACE, "--kind", "random_forest", *METRICS]
    call("train", "dram", *words, "--designs", 300, "--output", "mine")
    told, _ = evaluated(here, *words[:2], "--cost-model", "surrogate:mine")
    true, _ = evaluated(here, *words[:2])
    assert float(told[0]["reward"]) == float(true[0]["reward"]) == 1.0
    assert told[0]["total_time_ns"] == true[0]["total_time_ns"]
    pairs = [(float(a["reward"]), float(b["reward"])) for a, b in zip(told, true, strict=True)]
    assert np.median([abs(a / b - 1.0) for a, b in pairs if b > 0.0]) < 0.05
    assert "warning" in told[0]
    assert "warning" not in true[0]


def test_one_surrogate_of_several_workloads_is_used_on_each_and_warns_on_others(here, designs):
    pytest.importorskip("lightgbm", reason="needs the extra surrogates")
    words = [*IN_SPACE, "--kind", "boosted_trees", "--option", "rounds=20", *METRICS]
    train = ["train", "dram", *words, "--output", "mix"]
    call(*train, "--workload", "stream_short,gemm_short", "--designs", 60)
    (row,) = [row for row in listed() if row["name"] == "mix"]
    assert row["workload"] == "stream_short, gemm_short"
    for name in ("stream_short", "gemm_short"):
        told, said = evaluated(here, "--workload", name, "--cost-model", "surrogate:mix")
        assert float(told[0]["reward"]) == 1.0
        assert "not learnt" not in said
    other = ["--workload", "fft_short", "--cost-model", "surrogate:mix"]
    with pytest.raises(SettingError, match="compares with nothing"):
        evaluated(here, *other)
    told, said = evaluated(here, *other, "--objective", "{targets: {total_time_ns: 60000}}")
    assert "archgym: 40 of 41 designs" in said
    assert "'fft_short' was not learnt" in told[1]["warning"]
    assert told[0]["status"] == "crashed"
    text = (here / "in.csv").read_text().replace("\nopen", "\nwide", 2)
    (here / "in.csv").write_text(text)
    targets = ["--objective", "{targets: {total_time_ns: 60000}}", "--keep-going"]
    told, said = evaluated(here, *other, *targets)
    bad = [row["warning"] for row in told if row["status"] == "invalid"]
    assert bad == ["", ""]
    assert "archgym: 39 of 41 designs" in said


def listed():
    return list(csv.DictReader(call("list", "--format", "csv").splitlines()))


def test_a_table_of_several_workloads_tells_them_apart(here):
    pytest.importorskip("lightgbm", reason="needs the extra surrogates")
    parts = []
    for name in ("sphere", "rastrigin"):
        problem = archgym.make_problem(ENV, name)
        batch = problem.space.sample(np.random.default_rng(0), 40)
        parts.append(problem.evaluate(batch.dicts()).assign(workload=name))
    pd.concat(parts).to_csv("rows.csv", index=False)
    pd.concat(parts).drop(columns="workload").to_csv("mute.csv", index=False)
    train = ["train", ENV, "--workload", "sphere,rastrigin", *QUICK_TREES, "--output", "mine"]
    with pytest.raises(SettingError, match="workload"):
        call(*train, "--rows", "mute.csv")
    assert not (here / "surrogates").exists()
    call(*train, "--rows", "rows.csv")
    card = json.loads((here / "surrogates/mine/card.json").read_text())
    assert card["evaluations"] == 80 + 2
    assert set(card["defaults"]) == set(card["workloads"]) == {"sphere", "rastrigin"}


def test_what_is_wrong_is_told_before_anything_is_evaluated(here, monkeypatch):
    def evaluated(self, batch):
        raise AssertionError("evaluated")

    monkeypatch.setattr("archgym.problem.Problem.measure", evaluated)
    train = ["train", ENV, "--designs", 20, "--workload"]
    for words, text in (
        ([*train, "sphere,sphere", "--output", "x"], "twice"),
        ([*train, "sphere", "--output", "."], "no surrogate"),
        ([*train, "sphere", "--output", "x", "--kind", "oracle"], "oracle"),
        ([*train, "sphere", "--output", "x", "--metrics", "speed"], "speed"),
        ([*train, "sphere", "--output", "x", *QUICK[:1], "width=none"], "width"),
        (["train", "dnn.systolic", *train[2:], "resnet18,mobilenet_v2", "--output", "x"], "space"),
    ):
        with pytest.raises(ArchgymError, match=text):
            call(*words)


def test_texts_of_layers_hold_commas_of_their_own():
    layers = ["conv:K=64,C=64,R=3,S=3,P=56,Q=56", "gemm:M=128,N=64,K=256"]
    assert workloads_of(", ".join(layers)) == layers
    attention = "{model: bert, seq: 4096}"
    assert workloads_of(f"{attention},bert/1k") == [attention, "bert/1k"]
    assert workloads_of("stream,gemm, spmv") == ["stream", "gemm", "spmv"]
    assert workloads_of(None) == []
