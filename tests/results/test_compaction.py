"""A finished run keeps its rows in one small file; a kill at any point loses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archgym.evaluator import Evaluator
from archgym.problem import Problem
from archgym.results import compaction
from archgym.results.compaction import compact
from archgym.results.reader import read_rows
from archgym.results.schema import Columns
from archgym.results.store import RunFolder
from archgym.results.writer import PartWriter
from tests.results.test_rows import draw, write
from tests.toys import toy_problem


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def parted(folder: RunFolder, problem: Problem) -> pa.Table:
    """Write two parts and return their rows."""
    write(folder, problem, [draw(problem, 4_000, seed) for seed in range(4)])
    assert len(folder.parts()) == 2
    return read_rows(folder)


def names(folder: RunFolder) -> list[str]:
    return [part.name for part in folder.parts()]


@pytest.mark.parametrize("toy", ["toy", "toy.real", "toy.words", "toy.flat", "toy.failing"])
def test_every_bit_survives(folder: RunFolder, toy: str) -> None:
    problem = toy_problem(toy)
    write(folder, problem, [draw(problem, n, seed) for seed, n in enumerate((3, 1, 70))])
    before = read_rows(folder)
    compact(folder, Columns.of(problem), before)
    after = read_rows(folder)
    assert names(folder) == ["data.parquet"]
    assert after.schema == before.schema
    for name in before.column_names:
        left, right = before[name].combine_chunks(), after[name].combine_chunks()
        if pa.types.is_floating(left.type):
            assert left.to_numpy().tobytes() == right.to_numpy().tobytes()
        else:
            assert left.equals(right)


@pytest.mark.parametrize("killed_after", [0, 1, 2])
def test_killed_at_each_point(folder: RunFolder, monkeypatch: Any, killed_after: int) -> None:
    """The new file, the first and the second removal are the points."""
    problem = toy_problem()
    whole = parted(folder, problem)
    done = []

    def dying(step: Any) -> Any:
        def call(*arguments: Any) -> None:
            if len(done) == killed_after:
                raise KeyboardInterrupt
            done.append(step(*arguments))

        return call

    with monkeypatch.context() as patch:
        patch.setattr(compaction, "write_parquet", dying(compaction.write_parquet))
        patch.setattr(compaction, "remove", dying(compaction.remove))
        with pytest.raises(KeyboardInterrupt):
            compact(folder, Columns.of(problem), whole)
    assert len(names(folder)) == 2 + (killed_after > 0) - max(killed_after - 1, 0)
    assert read_rows(folder).equals(whole)
    compact(folder, Columns.of(problem), read_rows(folder))
    assert names(folder) == ["data.parquet"]
    assert read_rows(folder).equals(whole)


def test_rows_that_never_left_memory_are_written_once(folder: RunFolder, monkeypatch: Any) -> None:
    problem = toy_problem()
    writer = PartWriter(folder, problem)
    evaluator = Evaluator(problem, 30, writer)
    evaluator.evaluate(draw(problem, 30))
    with monkeypatch.context() as patch:
        patch.setattr(Columns, "write", lambda *_: pytest.fail("a part was written"))
        rows = writer.finish()
    assert names(folder) == ["data.parquet"]
    assert read_rows(folder).equals(rows)
    writer.flush()
    assert names(folder) == ["data.parquet"]


@pytest.mark.parametrize("kept", [100_000, 0])
def test_rows_of_several_parts_come_together(
    folder: RunFolder, monkeypatch: Any, kept: int
) -> None:
    """Whether they are kept in memory or read back."""
    monkeypatch.setattr("archgym.results.writer._KEPT_ROWS", kept)
    monkeypatch.setattr("archgym.results.writer.FLUSH_ROWS", 10)
    problem = toy_problem()
    writer = PartWriter(folder, problem)
    evaluator = Evaluator(problem, 60, writer)
    batches = [draw(problem, 15, seed) for seed in range(4)]
    for batch in batches:
        evaluator.evaluate(batch)
    assert len(folder.parts()) == 4
    parted = read_rows(folder)
    rows = writer.finish()
    assert rows.equals(parted)
    assert names(folder) == ["data.parquet"]
    assert read_rows(folder).equals(parted)


def test_a_run_without_rows_has_no_file(folder: RunFolder) -> None:
    assert PartWriter(folder, toy_problem()).finish() is None
    assert names(folder) == []


def test_parts_that_vanish_while_they_are_read(folder: RunFolder, monkeypatch: Any) -> None:
    problem = toy_problem()
    whole = parted(folder, problem)
    before = folder.parts()
    compact(folder, Columns.of(problem), whole)
    listed = iter([before, folder.parts()])
    monkeypatch.setattr(RunFolder, "parts", lambda _: next(listed))
    assert read_rows(folder).equals(whole)


def test_alike_rows_take_little(folder: RunFolder) -> None:
    """Many designs behave alike: put side by side they take less than in order."""
    problem = toy_problem()
    rng = np.random.default_rng(0)
    floats = (*Columns.of(problem).metrics, "violation", "reward")
    behaviours = rng.random((300, len(floats)))
    write(folder, problem, [draw(problem, 8_000)])
    rows, columns = read_rows(folder), Columns.of(problem)
    drawn = behaviours[rng.integers(300, size=8_000)]
    for at, name in enumerate(floats):
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pa.array(drawn[:, at]))
    columns.write(rows, folder.part_file(0))
    in_order = folder.part_file(0).stat().st_size
    compact(folder, columns, rows)
    assert folder.data_file.stat().st_size < 0.6 * in_order
    assert read_rows(folder).equals(rows)


def test_encodings_suit_the_columns(folder: RunFolder) -> None:
    problem = toy_problem("toy.real")
    write(folder, problem, [draw(problem, 3_000)])
    compact(folder, Columns.of(problem), read_rows(folder))
    meta = pq.ParquetFile(folder.data_file).metadata.row_group(0)
    columns = [meta.column(at) for at in range(meta.num_columns)]
    encodings = {column.path_in_schema: column.encodings for column in columns}
    assert "DELTA_BINARY_PACKED" in encodings["step"]
    assert "RLE_DICTIONARY" in encodings["status"]
    assert all("BYTE_STREAM_SPLIT" in encodings[axis] for axis in Columns.of(problem).real)
    assert {column.compression for column in columns} == {"ZSTD"}
