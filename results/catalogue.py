"""All runs of a store with their summaries, quickly: through an index, where there is one.

``STORE/index.parquet`` holds a copy of every summary, so that 20,000 of them are one file to read.
It is never the truth: an entry counts only while the run's ``done.json`` has the time and size
noted with it, all others are read where they lie. `write_index` makes the index anew.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from archgym.errors import StoreError
from archgym.objective import FAILED_REWARD
from archgym.results.files import Stamp, exists, read_parquet, write_parquet
from archgym.results.reader import read_rows
from archgym.results.spec import TrialSpec
from archgym.results.store import INDEX, RunFolder, State, Store
from archgym.results.summary import improvements

Complain = Callable[[str], None]
# What no board needs; the run's own file tells it.
_LEFT_OUT = ("host", "versions", "best_after", "last_attempt", "damaged_parts", "finished")


@dataclass(frozen=True)
class Run:
    """What the leaderboard needs of one run."""

    spec: TrialSpec
    state: State
    summary: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.summary.get("run") or self.spec.run_id)

    @property
    def scored(self) -> bool:
        """Whether it is finished and evaluated anything."""
        return self.state == State.DONE and self.summary.get("best") is not None

    @property
    def best_reward(self) -> float:
        """Of a finished run that evaluated anything."""
        return float(self.summary["best"]["reward"])

    @property
    def rechecked(self) -> Mapping[str, Any] | None:
        """What the true cost model said of the best designs, None where it was not asked."""
        return self.summary.get("rechecked")

    @property
    def true_best(self) -> Mapping[str, Any] | None:
        """The best design by the true cost model: of those re-checked, where any were to be."""
        best: Mapping[str, Any] | None = (self.rechecked or self.summary)["best"]
        return best

    @property
    def true_reward(self) -> float:
        """Of `true_best`; that of a failed design where there was none to re-check."""
        return FAILED_REWARD if self.true_best is None else float(self.true_best["reward"])

    @property
    def true_evaluations(self) -> int:
        """How often the true cost model was asked: in the re-check, where there was one."""
        return int((self.rechecked or self.summary)["evaluations"])


def load_runs(store: Store, complain: Complain | None = None) -> list[Run]:
    """Return all runs of a store; of finished ones their summary is read, of others the spec.

    Args:
        store: The store.
        complain: Is told of each run that cannot be read, which is then left out.

    Raises:
        StoreError: A run is damaged or of another schema, and nobody is to be told.
    """
    with _no_collection():
        return list(_each(store, complain))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: all of many thousand summaries is kept anyway."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _each(store: Store, complain: Complain | None) -> Iterator[Run]:
    known = _read_index(store, complain)
    for relative, stamp in store.stamped_runs():
        noted, text = known.get(relative, (None, ""))
        try:
            if stamp is not None and stamp == noted:
                run: Run | None = _done(from_json(text))
            else:
                run = _read(store.run(relative))
        except StoreError as error:
            _tell(error, complain)
            continue
        if run is not None:
            yield run


def _read(folder: RunFolder) -> Run | None:
    """Return a run as its own files tell it, None where it has not begun."""
    try:
        done = folder.read_done()
        if done is not None:
            return _done(done)
        if not exists(folder.run_file):
            return None
        return Run(TrialSpec.of(folder.read_run()["spec"]), folder.state(), {})
    except (KeyError, TypeError) as error:
        raise StoreError(f"{folder.path}: its spec is not one of a trial: {error}") from None


def _done(summary: Mapping[str, Any]) -> Run:
    return Run(TrialSpec.of(summary["spec"]), State.DONE, summary)


def write_index(store: Store, complain: Complain | None = None) -> int:
    """Write the index of a store anew and return how many summaries it holds.

    Summaries of the first schema get the improvements that they lack, from the rows.

    Raises:
        StoreError: The store cannot be written; or a run is damaged and nobody is to be told.
    """
    import pyarrow as pa

    entries: list[tuple[str, int, int, str]] = []
    for relative, stamp in store.stamped_runs():
        if stamp is None:
            continue
        folder = store.run(relative)
        try:
            done = folder.read_done() or {}
            kept = {name: value for name, value in done.items() if name not in _LEFT_OUT}
            text = json.dumps({**kept, "improvements": best_so_far(folder, done)})
            entries.append((relative, *stamp, text))
        except StoreError as error:
            _tell(error, complain)
    types = pa.schema(
        [("run", "string"), ("time", "int64"), ("size", "int64"), ("done", "string")]
    )
    columns = list(zip(*entries, strict=True)) or [()] * len(types)
    table = pa.table([pa.array(v, t) for v, t in zip(columns, types.types, strict=True)], types)
    write_parquet(store.path / INDEX, table, {"compression": "zstd", "use_dictionary": False})
    return len(entries)


def best_so_far(folder: RunFolder, summary: Mapping[str, Any]) -> list[Any]:
    """Return (evaluations, best reward) at every improvement, of the summary or of the rows.

    Raises:
        StoreError: The rows are damaged.
    """
    if summary.get("improvements") is not None:
        return list(summary["improvements"])
    rows = read_rows(folder)
    return [] if rows is None else improvements(rows["reward"].to_numpy())


def _read_index(store: Store, complain: Complain | None) -> dict[str, tuple[Stamp, str]]:
    path = store.path / INDEX
    try:
        table = read_parquet(path)
        columns = [table[name].to_pylist() for name in ("run", "time", "size", "done")]
    except FileNotFoundError:
        return {}
    except (StoreError, KeyError) as error:
        _tell(StoreError(f"{path}: is damaged ({error}); make it anew: archgym index"), complain)
        return {}
    return {run: ((time, size), done) for run, time, size, done in zip(*columns, strict=True)}


def _tell(error: StoreError, complain: Complain | None) -> None:
    if complain is None:
        raise error
    complain(str(error))
