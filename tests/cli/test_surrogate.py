"""`archgym surrogate`: training from each kind of source, use as a cost model, wrong arguments."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra rl")
pytest.importorskip("safetensors", reason="needs the extra rl")

import archgym
from archgym.cli import app
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


def test_datasets_teach_their_workloads_one_at_a_time(dataset):
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
