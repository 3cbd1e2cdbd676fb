"""An enumerated space answers as the cost model did."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import archgym
from archgym.batch import Batch
from archgym.cost_models.table import NOT_IN_TABLE, TabledModel, TableModel, load_table
from archgym.encodings import from_index
from archgym.errors import SettingError, StoreError, UnknownNameError
from archgym.experiments.enumeration import Enumeration
from archgym.experiments.plan import open_spec
from archgym.experiments.trial import Job, run_trial
from archgym.outcome import Status
from archgym.registry import environments
from archgym.results.store import State, Store
from archgym.results.table import TableFolder
from tests.experiments.launching import stored, toy_plan

TOY = "tests.toys:TOY"
FAILING = "tests.toys:TOY_FAILING"


def enumerated(store: Path, env: str = TOY, **settings: object) -> TableFolder:
    problem = archgym.make_problem(env, **settings)
    spec = open_spec(env, problem, problem.cost_model.name)
    folder = TableFolder.of(Store.create(store), spec)
    enumeration = Enumeration(problem, spec, folder)
    enumeration.prepare()
    enumeration.run(1, lambda finished, measured: None)
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"table:{enumerated(tmp_path_factory.mktemp('store')).path}"


def all_designs(problem: archgym.Problem) -> Batch:
    return Batch(problem.space, from_index(problem.space, np.arange(int(problem.space.size))))


@pytest.mark.parametrize("objective", ["latency", "frugal", "tradeoff"])
def test_every_design_has_the_outcome_of_the_model(table: str, objective: str) -> None:
    """Those that break a constraint and those that behave like others included."""
    model = archgym.make_problem(TOY, objective=objective)
    looked_up = archgym.make_problem(TOY, objective=objective, cost_model=table)
    batch = all_designs(model)
    assert len(batch) == 540
    expected, found = model.outcomes(batch), looked_up.outcomes(batch)
    for name, values in expected.metrics.items():
        np.testing.assert_array_equal(found.metrics[name], values)
    np.testing.assert_array_equal(found.reward, expected.reward)
    np.testing.assert_array_equal(found.status, expected.status)
    assert found.errors() == expected.errors()


def test_failures_are_kept(tmp_path: Path) -> None:
    folder = enumerated(tmp_path, FAILING)
    model = archgym.make_problem(FAILING)
    looked_up = archgym.make_problem(FAILING, cost_model=f"table:{folder.path}")
    batch = all_designs(model)
    expected, found = model.outcomes(batch), looked_up.outcomes(batch)
    assert {Status.OK, Status.INFEASIBLE, Status.CRASHED} == {*expected.status.tolist()}
    np.testing.assert_array_equal(found.status, expected.status)
    np.testing.assert_array_equal(found.reward, expected.reward)
    np.testing.assert_array_equal(found.metrics["latency_ns"], expected.metrics["latency_ns"])
    assert found.error.keys() == expected.error.keys()


def test_a_spared_model_answers_in_order_and_computes_the_rest(table: str) -> None:
    """Rows of the table and others, mixed: a hole is made into the table."""
    model = archgym.make_problem(TOY).cost_model
    looked_up = archgym.make_problem(TOY, cost_model=table).cost_model
    assert isinstance(looked_up, TableModel)
    keep = np.arange(len(looked_up._index)) % 3 != 0
    few = looked_up._measured.select(np.flatnonzero(keep).tolist())
    default = looked_up._measured.select([len(looked_up._index)])
    holed = TableModel(looked_up.path, "t", model.metrics, looked_up._index[keep], few, default)
    problem = archgym.make_problem(TOY)
    batch = problem.space.sample(np.random.default_rng(0), 200)
    known = holed.holds(batch)
    assert 0 < known.sum() < 200
    expected = model.evaluate(batch, problem.workload)
    found = TabledModel(model, holed).evaluate(batch, problem.workload)
    for name, values in expected.metrics.items():
        np.testing.assert_array_equal(found.metrics[name], values)


def test_a_trial_that_uses_a_table_stores_the_same_rows(tmp_path: Path) -> None:
    enumerated(tmp_path / "with")
    for trial in toy_plan(problems=[{"env": TOY}], agents=["genetic"]).trials:
        for store, tables in (("with", True), ("without", False)):
            folder = tmp_path / store
            folder.mkdir(exist_ok=True)
            assert run_trial(Job(trial.data, str(folder), tables=tables)).state == State.DONE
    assert stored(tmp_path / "with") == stored(tmp_path / "without")


def test_a_default_off_the_grid_is_known_and_other_designs_are_not(tmp_path: Path) -> None:
    settings = {"workload": "stream_short", "space": "archgym"}
    model = archgym.make_problem("dram", **settings)
    spec = open_spec("dram", model, "simulator")
    folder = TableFolder.of(Store.create(tmp_path), spec)
    few = Enumeration(model, spec, folder)
    few.folder.begin(model.env, spec, 4096, 4096, model.default_measured)
    few.run(1, lambda finished, measured: None)
    looked_up = archgym.make_problem("dram", cost_model=f"table:{folder.path}", **settings)
    found = looked_up.evaluate([{}, {"refresh_max_postponed": 3}, {"page_policy": "closed"}])
    assert found["status"].tolist() == ["ok", "crashed", "crashed"]
    assert found["error"].tolist() == ["", NOT_IN_TABLE, NOT_IN_TABLE]
    expected = model.evaluate([{}])
    assert found["energy_pj"][0] == expected["energy_pj"][0]
    assert found["reward"][0] == expected["reward"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workload": "other"}, "the table is of workload mixed, not other"),
        ({"flavour": "spicy"}, "the table is of settings"),
    ],
)
def test_another_problem_is_refused(table: str, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        archgym.make_problem(TOY, cost_model=table, **arguments)


def test_settings_are_compared_by_value(table: str) -> None:
    """A default of 1 that the user gives as 1.0 is the same."""
    folder = Path(table.removeprefix("table:"))
    environment, settings = environments.get(TOY), archgym.make_problem(TOY).settings
    as_floats = {n: float(v) if type(v) is int else v for n, v in settings.items()}
    assert any(type(value) is float for value in as_floats.values())
    looked_up = load_table(str(folder), environment, as_floats, "mixed")
    assert len(looked_up._index)


def test_another_version_of_the_model_is_refused(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.toys.DistanceModel.version", "2")
    with pytest.raises(SettingError, match=r"made with version 1 .* installed is 2"):
        archgym.make_problem(TOY, cost_model=table)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no table"):
        archgym.make_problem(TOY, cost_model=f"table:{tmp_path}")
    (tmp_path / "table.json").write_text("[1]")
    with pytest.raises(StoreError, match="is not a table or is damaged"):
        archgym.make_problem(TOY, cost_model=f"table:{tmp_path}")


def test_an_unfinished_table_says_so(tmp_path: Path) -> None:
    problem = archgym.make_problem(TOY)
    spec = open_spec(TOY, problem, "distance")
    folder = TableFolder.of(Store.create(tmp_path), spec)
    Enumeration(problem, spec, folder).prepare()
    with pytest.raises(StoreError, match="not finished; the command that began it goes on"):
        archgym.make_problem(TOY, cost_model=f"table:{folder.path}")


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"kind of cost model 'tabel'.*table"):
        archgym.make_problem(TOY, cost_model="tabel:x")


def test_the_grid_has_no_gaps(table: str) -> None:
    """All 399 valid, different designs stand in the table, counted by hand."""
    problem = archgym.make_problem(TOY, cost_model=table)
    banks = [b for b, e in itertools.product(range(1, 6), (1, 2, 4, 8)) if b * e <= 32]
    assert len(problem.cost_model._index) == 3 * len(banks) * (1 + 2 * 3)
