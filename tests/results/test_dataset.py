"""Datasets: what stands in them is what runs stored, once, and can be traced back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from archgym.errors import StoreError, UnknownNameError
from archgym.results.dataset import DATA, datasets, find_dataset
from archgym.results.dataset_building import Selection, build_dataset
from archgym.results.reader import batch_of, measurements_of, read_rows
from archgym.results.store import Store
from tests.experiments.launching import archgym, run_locally, toy_plan
from tests.toys import TOY

AGENTS = ["random", "sobol"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    run_locally(toy_plan(agents=AGENTS), folder)
    return folder


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Store:
    """A store with the same runs and no dataset yet."""
    for env in filled.glob("env=*"):
        (tmp_path / env.name).symlink_to(env)
    return Store.open(tmp_path)


def test_every_row_is_that_of_the_run_and_step_it_names(store):
    built = build_dataset(store, "all", Selection())
    rows = built.table().to_pylist()
    for row in rows[:: len(rows) // 40]:
        folder = store.find(row["run"])
        spec = folder.read_run()["spec"]
        assert (row["agent"], row["seed"], row["workload"]) == (
            spec["agent"],
            spec["seed"],
            spec["workload"],
        )
        stored = read_rows(folder).slice(row["step"], 1)
        problem = toy_plan(agents=AGENTS).trials[0].make_problem()
        design = batch_of(stored, problem).dicts()[0]
        shown = {name: row[name] for name in built.card.parameters}
        for name, value in design.items():
            assert shown[name] == (
                " ".join(map(str, value)) if isinstance(value, tuple) else value
            )
        measured = measurements_of(stored, problem)
        for name in built.card.metrics:
            assert row[name] == measured.metrics[name][0]
        assert row["violation"] == measured.violation[0]
        assert row["status"] == ("infeasible" if row["violation"] > 0 else "ok")


def test_every_design_of_a_workload_stands_there_once_and_none_is_lost(store):
    built = build_dataset(store, "all", Selection())
    wanted: dict[str, set[bytes]] = {}
    total = 0
    for folder in store.runs():
        spec = folder.read_run()["spec"]
        table = read_rows(folder)
        problem = toy_plan(agents=AGENTS).trials[0].make_problem()
        wanted.setdefault(spec["workload"], set()).update(batch_of(table, problem).keys())
        total += len(table)
    assert built.card.workloads == {name: len(keys) for name, keys in wanted.items()}
    assert built.card.rows + built.card.repeats == total
    assert built.card.rows == len(built.table())


def test_selections_choose_runs_and_rows(store):
    built = build_dataset(store, "some", Selection(workloads=("mixed",), agents=("sobol",)))
    assert set(built.card.workloads) == {"mixed"}
    assert set(built.card.agents) == {"sobol"}
    assert built.card.filters == {"workloads": ["mixed"], "agents": ["sobol"]}


def test_a_run_that_only_repeats_adds_nothing(tmp_path):
    twice = {"env": "tests.toys:TOY", "workload": "mixed", "objective": sorted(TOY.objectives)[:2]}
    run_locally(toy_plan(problems=[twice], agents=["random"], seeds=1), tmp_path)
    built = build_dataset(Store.open(tmp_path), "all", Selection())
    assert built.card.repeats >= built.card.rows
    assert len(built.card.runs) == 1


def test_statuses_are_those_of_the_cost_model(tmp_path):
    run_locally(toy_plan(problems=[{"env": "tests.toys:TOY_FAILING"}]), tmp_path)
    store = Store.open(tmp_path)
    whole = build_dataset(store, "all", Selection())
    for word, count in whole.card.statuses.items():
        part = build_dataset(store, word, Selection(statuses=(word,)))
        assert part.card.statuses == {word: count}
        positive = part.table()["violation"].to_numpy() > 0
        assert positive.all() if word == "infeasible" else not positive.any()
    assert len(whole.card.statuses) > 1, "else nothing was tested"


def test_building_again_is_the_same_version_until_something_changed(store, filled, tmp_path):
    first = build_dataset(store, "all", Selection())
    again = build_dataset(store, "all", Selection())
    assert again.card.version == first.card.version == 1
    changed = build_dataset(store, "all", Selection(agents=("random",)))
    assert changed.card.version == 2
    assert [found.card.reference for found in datasets(store)] == ["all:1", "all:2"]
    assert find_dataset(store, "all").card == changed.card
    assert find_dataset(store, "all:1").card == first.card
    elsewhere = Store.create(tmp_path / "other")
    (tmp_path / "other" / "env=x").symlink_to(next(filled.glob("env=*")))
    same = build_dataset(elsewhere, "all", Selection())
    assert same.card.data_sha256 == first.card.data_sha256


def test_what_cannot_be_is_refused_by_name(store, tmp_path):
    with pytest.raises(StoreError, match="no runs of that selection"):
        build_dataset(store, "none", Selection(agents=("genetic",)))
    with pytest.raises(StoreError, match="small letters"):
        build_dataset(store, "../up", Selection())
    build_dataset(store, "all", Selection())
    with pytest.raises(UnknownNameError, match="all:1"):
        find_dataset(store, "al")
    run_locally(toy_plan(problems=[{"env": "tests.toys:TOY_REAL"}]), tmp_path / "two")
    run_locally(toy_plan(), tmp_path / "two")
    with pytest.raises(StoreError, match=r"environment .--env.: .*TOY-v0.*TOY_REAL-v0"):
        build_dataset(Store.open(tmp_path / "two"), "both", Selection())


def test_rows_or_cards_that_were_changed_are_refused(store):
    built = build_dataset(store, "all", Selection())
    data = Path(str(built.folder / DATA))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    with pytest.raises(StoreError, match="not what the card says"):
        find_dataset(store, "all").table()
    card = data.with_name("card.json")
    card.write_text(json.dumps(json.loads(card.read_text()) | {"schema": 99}))
    with pytest.raises(StoreError, match="schema 99"):
        find_dataset(store, "all")


def test_the_verbs_as_a_user_types_them(store, tmp_path):
    built = archgym(
        "dataset", "build", "toy", "--store", store.path, "--agent", "sobol", cwd=tmp_path
    )
    assert built.returncode == 0, built.stderr
    assert "dataset toy:1" in built.stdout
    listed = archgym("dataset", "list", "--store", store.path, "--format", "json", cwd=tmp_path)
    (card,) = json.loads(listed.stdout)
    assert card["agents"] == ["sobol"]
    assert np.sum([int(text.split()[1]) for text in card["statuses"]]) == card["rows"]
    wrong = archgym(
        "dataset", "build", "toy", "--store", store.path, "--status", "okay", cwd=tmp_path
    )
    assert wrong.returncode == 2
    assert "did you mean 'ok'" in wrong.stderr
