"""Rows go to disk and come back bit by bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from archgym.batch import Batch
from archgym.errors import StoreError
from archgym.evaluator import Evaluator
from archgym.problem import Problem
from archgym.results.reader import batch_of, history_of, measurements_of, read_rows
from archgym.results.schema import TIMINGS, Columns
from archgym.results.store import RunFolder
from archgym.results.summary import best_after, summarise
from archgym.results.writer import PartWriter
from archgym.space import DesignSpace
from tests.toys import toy_problem


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def draw(problem: Problem, count: int, seed: int = 0) -> Batch:
    return problem.space.sample(np.random.default_rng(seed), count)


def write(folder: RunFolder, problem: Problem, batches: list[Batch]) -> Evaluator:
    writer = PartWriter(folder, problem)
    evaluator = Evaluator(problem, sum(map(len, batches)), writer)
    for batch in batches:
        evaluator.evaluate(batch)
    writer.flush()
    return evaluator


@pytest.mark.parametrize("toy", ["toy", "toy.real", "toy.words", "toy.flat", "toy.failing"])
def test_what_is_written_is_read(folder: RunFolder, toy: str) -> None:
    problem = toy_problem(toy)
    batches = [draw(problem, n, seed) for seed, n in enumerate((3, 1, 20))]
    write(folder, problem, batches)
    rows = read_rows(folder)
    assert rows is not None
    assert (batch_of(rows, problem).codes == np.vstack([b.codes for b in batches])).all()
    measured = problem.measure(batch_of(rows, problem))
    back = measurements_of(rows, problem)
    for name, values in measured.metrics.items():
        assert values.tobytes() == back.metrics[name].tobytes()
    assert measured.status.tolist() == back.status.tolist()
    assert measured.violation.tolist() == back.violation.tolist()
    assert rows["batch"].to_pylist() == [0] * 3 + [1] + [2] * 20
    assert rows.column_names[-2:] == list(TIMINGS)


def test_limits_of_the_objective_are_not_told_twice(folder: RunFolder) -> None:
    problem = toy_problem("toy", objective="frugal")
    batch = draw(problem, 50)
    write(folder, problem, [batch])
    rows = read_rows(folder)
    again = problem.score(history_of(rows, problem).measurements)
    first = problem.outcomes(batch)
    assert (again.reward == first.reward).all()
    assert again.status.tolist() == first.status.tolist() == rows["status"].to_pylist()
    assert again.errors() == first.errors()
    assert {"ok", "infeasible"} == set(first.labels())


def test_codes_take_little_and_widen_off_the_grid() -> None:
    columns = Columns(("a", "b"), (), (200, None))
    assert columns.pack_codes(0, np.array([0, 199])).dtype == np.uint8
    assert columns.pack_codes(0, np.array([0, 256])).dtype == np.uint16
    assert columns.pack_codes(0, np.array([70_000])).tolist() == [70_000]
    assert columns.pack_codes(1, np.array([0.5])).dtype == np.float64


def test_names_that_are_taken_get_a_prefix() -> None:
    problem = toy_problem("toy.flat", parameters=2)
    renamed = DesignSpace([_named(problem.space.parameters[0], "step"), problem.space["x1"]])
    columns = Columns.of(_with_space(problem, renamed))
    assert columns.axes == ("design.step", "x1")
    assert len(set(columns.names)) == len(columns.names)


def _named(parameter: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(parameter, name=name)


def _with_space(problem: Problem, space: DesignSpace) -> Problem:
    from dataclasses import replace

    return replace(problem, space=space)


def test_parts_end_with_batches_and_overlaps_count_once(folder: RunFolder) -> None:
    problem = toy_problem()
    batches = [draw(problem, 4_000, seed) for seed in range(4)]
    write(folder, problem, batches)
    assert [p.name for p in folder.parts()] == ["part-00000000.parquet", "part-00008000.parquet"]
    whole = read_rows(folder)
    columns = Columns.of(problem)
    columns.write(whole.slice(6_000, 5_000), folder.part_file(6_000))
    assert read_rows(folder).equals(whole)


def test_rows_after_a_gap_are_left_out(folder: RunFolder) -> None:
    problem = toy_problem()
    write(folder, problem, [draw(problem, 30)])
    whole, columns = read_rows(folder), Columns.of(problem)
    columns.write(whole.slice(0, 10), folder.part_file(0))
    columns.write(whole.slice(20, 10), folder.part_file(20))
    assert read_rows(folder)["step"].to_pylist() == list(range(10))
    folder.part_file(0).unlink()
    assert read_rows(folder) is None


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_part_is_named(folder: RunFolder, content: bytes | None) -> None:
    problem = toy_problem()
    write(folder, problem, [draw(problem, 30)])
    (part,) = folder.parts()
    part.write_bytes(part.read_bytes()[:-9] if content is None else content)
    with pytest.raises(StoreError, match=r"part-00000000\.parquet: is damaged"):
        read_rows(folder)


def test_rows_of_another_model_are_refused(folder: RunFolder) -> None:
    write(folder, toy_problem("toy.front"), [draw(toy_problem("toy.front"), 5)])
    with pytest.raises(StoreError, match="no column"):
        history_of(read_rows(folder), toy_problem())


def test_no_temporary_file_is_left(folder: RunFolder, monkeypatch: Any) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(folder, toy_problem(), [draw(toy_problem(), 5)])
    assert list(folder.path.iterdir()) == []


def test_progress_is_told_with_each_part(folder: RunFolder) -> None:
    problem = toy_problem()
    write(folder, problem, [draw(problem, 6_000)])
    told = json.loads(folder.progress_file.read_text())
    assert told["new_evaluations"] == 6_000
    assert told["best_reward"] == problem.outcomes(draw(problem, 6_000)).reward.max()


def test_rows_are_small(folder: RunFolder) -> None:
    problem = toy_problem("toy.flat")
    write(folder, problem, [draw(problem, 50, seed) for seed in range(200)])
    size = sum(part.stat().st_size for part in folder.parts())
    assert size / 10_000 < 40


def test_best_after_is_a_running_best() -> None:
    reward = np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    assert best_after(reward) == {"1": 1.0, "3": 3.0, "5": 5.0}
    assert list(best_after(np.arange(1000.0))) == ["1", "3", "10", "30", "100", "300", "1000"]


def test_the_summary_counts(folder: RunFolder) -> None:
    problem = toy_problem("toy.failing")
    batch = problem.space.encode(
        [{"behaviour": b, "level": 4} for b in ("fine", "raises", "nan", "infeasible", "fine")]
    )
    write(folder, problem, [batch])
    summary = summarise(read_rows(folder), problem)
    assert summary["evaluations"] == 5
    assert summary["unique"] == 4
    assert (summary["infeasible"], summary["crashed"], summary["timeout"]) == (2, 1, 0)
    assert summary["best"]["step"] == 0
    assert summary["best"]["design"] == {"behaviour": "fine", "level": 4}
    assert summary["best"]["metrics"] == {"latency_ns": 16.0, "energy_pj": 5.0}
    assert summary["objective_metrics"] == ["latency_ns"]


def test_the_summary_says_what_cheaper_models_cost(folder: RunFolder) -> None:
    problem = toy_problem()
    evaluator = Evaluator(problem, 30)
    cheap = evaluator.admit("rough", toy_problem(cost_model="rough"), 0.25)
    drawn = problem.space.sample(np.random.default_rng(0), 12)
    evaluator.measure_cheaply(cheap, drawn)
    write(folder, problem, [drawn])
    summary = summarise(read_rows(folder), problem, evaluator.cheap)
    told = summary["cheap"]["rough"]
    assert told["evaluations"] == len(set(drawn.keys()))
    assert summary["charged"] == told["charge"] == 0.25 * told["evaluations"]
    fair = (told["seconds"] / told["evaluations"]) / (
        summary["evaluate_seconds"] / summary["unique"]
    )
    assert told["measured_price"] == pytest.approx(fair)
    assert not {"charged", "cheap"} & summarise(read_rows(folder), problem).keys()
    assert summarise(None, problem, evaluator.cheap)["charged"] == summary["charged"]
