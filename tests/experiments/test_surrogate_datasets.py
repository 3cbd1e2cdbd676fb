"""Datasets of several workloads as what surrogates learn: mixed, and with one left out."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("lightgbm", reason="needs the extra surrogates")

from archgym.cli import app
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.rows import NothingToLearnError
from archgym.errors import SettingError
from archgym.experiments import surrogate_datasets as source
from archgym.results.dataset import find_dataset
from archgym.results.store import Store

WORKLOADS = ("bert/1k", "bert/4k", "xlm/1k")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with datasets of three attention layers, which have features, and two functions,
    which have none.
    """
    here = tmp_path_factory.mktemp("datasets")
    for env, workloads in (
        ("attn_kernel.fusemax", WORKLOADS),
        ("functions", ("sphere", "ellipsoid")),
    ):
        launch = here / f"{env}.yaml"
        launch.write_text(
            f"name: x\nproblems: [{{env: {env}, workload: [{', '.join(workloads)}]}}]\n"
            "agents: [random, hill_climbing]\nbudget: 40\nseeds: 1\n"
        )
        for words in (
            ["run", str(launch), "--workers", "1"],
            ["dataset", "build", env.split(".")[0], "--env", env],
        ):
            assert CliRunner().invoke(app, [*words, "--store", str(here / "runs")]).exit_code == 0
    return Store.open(here / "runs")


@pytest.fixture(scope="module")
def attention(store):
    found = find_dataset(store, "attn_kernel")
    return found, source.problems_of_dataset(found.card, [source.ALL])


def test_names_with_a_slash_are_found(attention):
    found, problems = attention
    assert [problem.workload_name for problem in problems] == list(WORKLOADS)
    alone = source.rows_of_dataset(found, problems[1])
    rows = source.rows_of_dataset(found, problems)
    assert len(rows) == found.card.rows
    assert rows.by_workload()["bert/4k"].select(np.arange(len(alone))).batch.keys() == (
        alone.batch.keys()
    )


@pytest.mark.parametrize("kind", ["boosted_trees", "random_forest"])
def test_each_workload_is_left_out_in_turn(attention, kind):
    found, problems = attention
    lessons = list(source.lessons(found, problems, "workload", seed=0))
    assert [lesson.left_out for lesson in lessons] == list(WORKLOADS)
    for lesson in lessons:
        assert set(lesson.test.by_workload()) == {lesson.left_out}
        assert len(lesson.test) + len(lesson.taught) == found.card.rows
        model = learn(
            problems[0], lesson.taught, kind, ["latency_s"], {"rounds": 5}, test=lesson.test
        )
        assert set(model.card.workloads) == {*WORKLOADS} - {lesson.left_out}
        assert model.card.scores["latency_s"]["rows"] <= len(lesson.test)
        assert {axis.name for axis in model.encoding.context} <= {
            "B",
            "H",
            "E",
            "F",
            "D",
            "S",
            "seq",
        }


def test_of_each_agent_the_rows_of_all_workloads_are_left_out(attention):
    found, problems = attention
    lessons = list(source.lessons(found, problems, "agent", seed=0))
    assert [lesson.left_out for lesson in lessons] == list(found.card.agents)
    for lesson in lessons:
        assert set(lesson.test.by_workload()) == set(WORKLOADS)


def test_by_design_no_design_stands_in_both(attention):
    found, problems = attention
    (lesson,) = source.lessons(found, problems, "design", seed=0)
    assert not set(lesson.taught.batch.keys()) & set(lesson.test.batch.keys())


def test_what_cannot_be_left_out_is_refused(store, attention):
    found, problems = attention
    with pytest.raises(NothingToLearnError, match="several workloads"):
        list(source.lessons(found, problems[:1], "workload", seed=0))
    functions = find_dataset(store, "functions")
    named = source.problems_of_dataset(functions.card, ["sphere", "ellipsoid"])
    with pytest.raises(SettingError, match="no features"):
        list(source.lessons(functions, named, "workload", seed=0))
    with pytest.raises(SettingError, match="several workloads; choose"):
        source.problems_of_dataset(found.card)
    with pytest.raises(SettingError, match="no rows of workload 'bert/16k'"):
        source.problems_of_dataset(found.card, ["bert/1k", "bert/16k"])
