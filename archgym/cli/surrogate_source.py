"""Where the rows come from that surrogates are trained or scored on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archgym import registry
from archgym.cli.options import DEFAULT_STORE
from archgym.errors import SettingError

if TYPE_CHECKING:
    from archgym.cost_models.learned.rows import Rows
    from archgym.problem import Problem
    from archgym.results.dataset import Dataset

_ONE_SOURCE = "give exactly one of --dataset, --store, --rows and --designs"
# Not the commas inside gemm:M=128,N=64,K=256 or {model: bert, seq: 4096}.
_BETWEEN = re.compile(r",(?!\s*\w+=|[^,]*:\s*\d)")


@dataclass(frozen=True)
class Source:
    """One source of rows.

    Attributes:
        dataset: A dataset of the store.
        store: A folder of runs; beside a dataset, where that is.
        rows: A table, CSV or Parquet.
        designs: How many random designs are evaluated now, on each workload.
        seed: Of these.

    Raises:
        SettingError: Not exactly one is given.
    """

    dataset: str | None
    store: Path | None
    rows: Path | None
    designs: int | None
    seed: int

    def __post_init__(self) -> None:
        store = None if self.dataset else self.store
        if sum(given is not None for given in (self.dataset, store, self.rows, self.designs)) != 1:
            raise SettingError(_ONE_SOURCE)

    def problems(
        self,
        env: str,
        workloads: Sequence[str],
        cost_model: str | None,
        settings: Mapping[str, Any],
    ) -> list[Problem]:
        """Return what rows are of, a problem for each workload; a dataset says the rest itself."""
        if self.dataset is not None:
            from archgym.experiments.surrogate_datasets import problems_of_dataset

            if settings or cost_model is not None:
                raise SettingError("a dataset has its own settings and cost model: leave them out")
            return problems_of_dataset(self._dataset_of(env).card, workloads)
        environment = registry.environments.get(env)
        names = workloads or [next(iter(environment.workloads))]
        return [environment.make_problem(w, None, cost_model, **settings) for w in names]

    def rows_of(self, env: str, problems: Sequence[Problem], cost_model: str | None) -> Rows:
        """Return the rows of one workload, or of several together."""
        if self.dataset is not None:
            from archgym.experiments.surrogate_datasets import rows_of_dataset

            return rows_of_dataset(self._dataset_of(env), problems)
        from archgym.cost_models.learned.rows import Rows, check_alike

        check_alike(problems)
        parts = self._parts(env, problems, cost_model)
        return parts[0] if len(parts) == 1 else Rows.mixed(problems, parts)

    def _parts(self, env: str, problems: Sequence[Problem], cost_model: str | None) -> list[Rows]:
        import numpy as np

        from archgym.cost_models.learned.table_rows import rows_of_table
        from archgym.experiments.surrogate_rows import measured_rows, rows_of_store
        from archgym.results.store import Store

        if self.store is not None:
            store, name = Store.open(self.store), cost_model or problems[0].cost_model.name
            return [rows_of_store(store, env, problem, name) for problem in problems]
        if self.rows is not None:
            return [rows_of_table(self.rows, one, len(problems) > 1) for one in problems]
        assert self.designs is not None
        rng = np.random.default_rng(self.seed)
        return [measured_rows(problem, self.designs, rng) for problem in problems]

    def _dataset_of(self, env: str) -> Dataset:
        from archgym.results.dataset import find_dataset
        from archgym.results.store import Store

        assert self.dataset is not None
        found = find_dataset(Store.open(self.store or DEFAULT_STORE), self.dataset)
        if found.card.env != env:
            raise SettingError(
                f"dataset {found.card.reference}: is of {found.card.env}, not of {env}"
            )
        return found


def workloads_of(text: str | None) -> list[str]:
    """Return the workloads of a text that separates them by commas; none where none is given."""
    return [] if text is None else [part.strip() for part in _BETWEEN.split(text)]
