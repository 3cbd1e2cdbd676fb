"""Tables of evaluations are read as what they say, whatever their cells look like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from archgym.cost_models.learned.table_rows import rows_of_table
from archgym.errors import InvalidDesignError, SettingError
from tests.toys import toy_problem


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_empty_words_choices_that_look_like_nothing_and_missing_metrics(suffix, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    for toy in ("toy.words", "toy.failing"):
        problem = toy_problem(toy)
        batch = problem.space.sample(np.random.default_rng(0), 200)
        table = problem.evaluate(batch)
        table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
        rows, told = rows_of_table(path, problem), problem.measure(batch)
        found = rows.batch.keys()
        place = {key: row for row, key in enumerate(batch.keys())}
        known = told.select([place[key] for key in found])
        assert len(rows) > 25
        for name, values in rows.metrics.items():
            assert np.array_equal(values, known.metrics[name], equal_nan=True)


def test_an_empty_cell_is_no_number(tmp_path):
    problem = toy_problem()
    table = problem.evaluate(problem.space.sample(np.random.default_rng(0), 50)).astype(object)
    table.loc[3, "banks"] = ""
    table.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(InvalidDesignError, match=r"banks.*'' is not allowed"):
        rows_of_table(tmp_path / "rows.csv", problem)


def test_of_several_workloads_the_problem_has_its_own_rows(tmp_path):
    parts = [
        toy_problem(workload=name)
        .evaluate(toy_problem().space.sample(np.random.default_rng(seed), 40))
        .assign(workload=name)
        for seed, name in enumerate(("mixed", "other"))
    ]
    path = tmp_path / "rows.parquet"
    pd.concat(parts).to_parquet(path)
    other = toy_problem(workload="other")
    rows = rows_of_table(path, other)
    assert len(rows) < 41
    assert np.array_equal(rows.metrics["hits"], other.measure(rows.batch).metrics["hits"])
    pd.concat(parts[:1]).to_parquet(path)
    with pytest.raises(SettingError, match="no rows of workload 'other', but of mixed"):
        rows_of_table(path, other)
