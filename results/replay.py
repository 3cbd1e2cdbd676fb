"""Evaluating stored designs once more, and checking that the stored outcome is met exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.errors import ReplayMismatchError, StoreError
from archgym.evaluator import Evaluator, Record
from archgym.outcome import Measurements, Status
from archgym.problem import Problem
from archgym.results.catalogue import Complain, Run, load_runs
from archgym.results.provenance import versions
from archgym.results.reader import batch_of, measurements_of, read_rows
from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder, State, Store

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1_024


@dataclass(frozen=True)
class Replayed:
    """What replaying a run showed.

    Attributes:
        run_id: The run.
        problem: It in a few words.
        evaluations: How many designs were evaluated again.
        skipped: Stored time-outs, which are not repeated: they depend on the machine.
        difference: The first difference, empty where all is met exactly.
    """

    run_id: str
    problem: str
    evaluations: int = 0
    skipped: int = 0
    difference: str = ""

    @property
    def ok(self) -> bool:
        """Whether the stored outcome is met exactly."""
        return not self.difference


def replay_run(folder: RunFolder) -> Replayed:
    """Evaluate all designs of a run again.

    Raises:
        StoreError: The run holds no evaluation or is damaged.
    """
    content = folder.read_run()
    rows = read_rows(folder)
    if rows is None:
        raise StoreError(f"{folder.path}: holds no evaluation")
    return _replay(TrialSpec.of(content["spec"]), rows, content.get("versions", {}))


def replay_recheck(folder: RunFolder) -> Replayed | None:
    """Let the true cost model evaluate all re-checked designs of a run again; None without any.

    Raises:
        StoreError: The run is damaged.
    """
    content, rows = folder.read_run(), read_rows(folder.recheck)
    if rows is None:
        return None
    spec = TrialSpec.of(content["spec"])
    replayed = _replay(spec.true_spec, rows, content.get("versions", {}))
    return _of_recheck(replayed, spec)


def replay_best(store: Store, complain: Complain | None = None) -> Iterator[Replayed]:
    """Evaluate each problem's best design again, and the truly best of those re-checked.

    The best runs are looked up in the summaries; the design, its metrics and its reward are read
    from the rows, and must agree with the summary.

    Args:
        store: The store.
        complain: Is told of each run whose summary cannot be read, which is then left out.

    Raises:
        StoreError: A part is damaged; or a summary, and nobody is to be told.
    """
    runs = load_runs(store, complain)
    for run in _best_runs(runs, lambda run: run.best_reward):
        folder, best = store.folder(run.spec), run.summary["best"]
        yield _replay_claim(run.spec, folder, best["step"], best["reward"], _versions(folder))
    rechecked = [run for run in runs if run.rechecked and run.rechecked["best"] is not None]
    for run in _best_runs(rechecked, lambda run: run.true_reward):
        folder, row = store.folder(run.spec), (run.rechecked or {})["best"]["rank"] - 1
        claim = folder.recheck, row, run.true_reward, _versions(folder)
        yield _of_recheck(_replay_claim(run.spec.true_spec, *claim), run.spec)


def _versions(folder: RunFolder) -> Mapping[str, str]:
    versions: Mapping[str, str] = (folder.read_done() or {}).get("versions", {})
    return versions


def _replay_claim(
    spec: TrialSpec, folder: RunFolder, step: int, claimed: float, versions_then: Mapping[str, str]
) -> Replayed:
    """Evaluate the row again of which the summary claims a reward."""
    rows = read_rows(folder)
    if rows is None or step >= len(rows):
        raise StoreError(f"{folder.path}: the row of the best design is missing")
    row = rows.slice(step, 1)
    stored = row["reward"][0].as_py()
    if stored != claimed:
        text = f"reward: the summary says {claimed!r}, the row {stored!r}"
        return Replayed(spec.run_id, spec.problem_label, difference=text)
    return _replay(spec, row, versions_then)


def _of_recheck(replayed: Replayed, spec: TrialSpec) -> Replayed:
    """Return what replaying true evaluations showed under the name of their run."""
    label = f"{spec.problem_label}, re-checked by {spec.true_spec.cost_model}"
    return replace(replayed, run_id=spec.run_id, problem=label)


def _best_runs(runs: Sequence[Run], value: Callable[[Run], float]) -> list[Run]:
    """Return the run of each problem whose best design has the largest value."""
    best: dict[str, Run] = {}
    for run in runs:
        if run.state != State.DONE or run.summary.get("best") is None:
            continue
        key = run.spec.problem_key
        if key not in best or value(run) > value(best[key]):
            best[key] = run
    return list(best.values())


def _replay(spec: TrialSpec, rows: pa.Table, stored_versions: Mapping[str, str]) -> Replayed:
    label = spec.problem_label
    try:
        problem = spec.make_problem()
    except ReplayMismatchError as error:
        return Replayed(spec.run_id, label, difference=str(error))
    status = rows["status"].to_numpy()
    repeatable = np.flatnonzero(status != Status.TIMEOUT)
    kept = rows.take(repeatable)
    difference = _first_difference(problem, spec, kept)
    if difference:
        difference += _explained(stored_versions)
    skipped = len(rows) - len(kept)
    return Replayed(spec.run_id, label, len(kept), skipped, difference)


def _first_difference(problem: Problem, spec: TrialSpec, rows: pa.Table) -> str:
    """Return where the outcome differs from the stored one, empty where it does not."""
    records: list[Record] = []
    evaluator = Evaluator(problem, max(1, len(rows)), records.append, timeout_s=spec.timeout_s)
    try:
        for start in range(0, len(rows), _CHUNK):
            chunk = rows.slice(start, _CHUNK)
            batch = batch_of(chunk, problem)
            evaluator.evaluate(batch)
            difference = _compare(records.pop(), chunk, problem, batch)
            if difference:
                return difference
    finally:
        evaluator.close()
    return ""


def _compare(record: Record, rows: pa.Table, problem: Problem, batch: Batch) -> str:
    stored, now = measurements_of(rows, problem), record.measured
    status = rows["status"].to_numpy().astype(np.uint8)
    pairs: list[tuple[str, NDArray[Any], NDArray[Any]]] = [
        ("status", status, record.outcomes.status),
        *_measured_pairs(stored, now),
        ("reward", rows["reward"].to_numpy(), record.outcomes.reward),
    ]
    for name, before, after in pairs:
        differs = np.flatnonzero(~_same(before, after))
        if len(differs):
            row = int(differs[0])
            step = rows["step"][row].as_py()
            values = f"{_text(name, before[row])} is stored, {_text(name, after[row])} comes out"
            return f"step {step}, {name}: {values}; design {batch.select([row]).dicts()[0]}"
    return ""


def _measured_pairs(
    stored: Measurements, now: Measurements
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    for name, values in stored.metrics.items():
        yield name, values, now.metrics[name]
    yield "violation", stored.violation, now.violation


def _same(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where two columns agree to the last bit; no value agrees with no value."""
    if before.dtype != np.float64:
        return np.asarray(before == after)
    bits = before.view(np.int64) == np.ascontiguousarray(after).view(np.int64)
    return np.asarray(bits | (np.isnan(before) & np.isnan(after)))


def _text(name: str, value: Any) -> str:
    return Status(int(value)).label if name == "status" else repr(float(value))


def _explained(stored: Mapping[str, str]) -> str:
    """Return which versions changed since the run was stored, as one possible cause."""
    now = versions()
    changed = [
        f"{name} {version} -> {now.get(name, 'absent')}"
        for name, version in stored.items()
        if now.get(name) != version
    ]
    if not changed:
        return (
            "; all versions are as they were, so the rows, the cost model or a file that the run"
            " read were changed"
        )
    return "; versions have changed since: " + ", ".join(changed)
