"""Which runs a question is about, and what a row says of its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archgym.errors import StoreError, UnknownNameError
from archgym.results.catalogue import Complain, Run
from archgym.results.leaderboard import as_text, changed_settings
from archgym.results.query.conditions import Condition
from archgym.results.reader import read_rows
from archgym.results.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_OF_SPEC = (
    "env",
    "env_version",
    "workload",
    "cost_model",
    "agent",
    "agent_version",
    "seed",
    "budget",
)
_OF_SUMMARY = "evaluations", "unique", "ask_seconds", "evaluate_seconds"
_NESTED = "settings", "hyperparameters"


def select(runs: Iterable[Run], condition: Condition | None = None) -> list[Run]:
    """Return the runs that meet a condition.

    Keys are ``run``, ``state``, ``best_reward``, ``rechecked`` (the best true reward), those of
    the spec (``env``, ``workload``,
    ``objective``, ``agent``, ``seed``, ``budget``, ...), ``settings.NAME``,
    ``hyperparameters.NAME``, and counts of finished runs (``evaluations``, ``unique``).

    Raises:
        UnknownNameError: The condition names a key that no run has.
    """
    kept = list(runs)
    if condition is None or not kept:
        return kept
    told = [_facts(run) for run in kept]
    known: set[str] = set().union(*told)
    for key in sorted(condition.keys - known):
        raise UnknownNameError("key of --where", key, known)
    return [run for run, facts in zip(kept, told, strict=True) if condition.test(facts)]


def _facts(run: Run) -> dict[str, Any]:
    spec = run.spec
    facts = {name: getattr(spec, name) for name in _OF_SPEC}
    facts |= {name: run.summary.get(name) for name in _OF_SUMMARY}
    facts |= {"run": run.run_id, "state": run.state, "objective": objective_text(run)}
    facts["best_reward"] = run.best_reward if run.scored else None
    facts["rechecked"] = None if run.rechecked is None else run.true_reward
    for holder in _NESTED:
        facts |= {f"{holder}.{name}": v for name, v in getattr(spec, holder).items()}
    return facts


def objective_text(run: Run) -> str:
    """Return the objective as it stands in a cell."""
    objective = run.spec.objective
    return objective if isinstance(objective, str) else as_text(objective)


def identity(run: Run) -> dict[str, Any]:
    """Return the cells that tell a row's run: problem, agent, seed."""
    spec = run.spec
    return {
        "run": run.run_id,
        **problem_cells(run),
        "agent": spec.agent,
        "hyperparameters": as_text(spec.hyperparameters),
        "seed": spec.seed,
    }


def problem_cells(run: Run) -> dict[str, Any]:
    """Return the cells that tell a row's problem; settings only where they are not default."""
    spec = run.spec
    return {
        "env": f"{spec.env}-v{spec.env_version}",
        "workload": spec.workload,
        "objective": objective_text(run),
        "settings": as_text(changed_settings(spec)),
        "cost_model": f"{spec.cost_model} {spec.cost_model_version}",
        "budget": spec.budget,
    }


def by_problem(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return the runs that compete with each other, problem by problem."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.spec.problem_key, []).append(run)
    return groups


def stored_rows(
    store: Store, run: Run, complain: Complain | None, of_recheck: bool = False
) -> pa.Table | None:
    """Return a run's rows, None where there are none or they are damaged and somebody is told.

    Args:
        store: The store.
        run: Of it.
        complain: Is told.
        of_recheck: Whether the rows are those of the true cost model, in place of the search's.

    Raises:
        StoreError: They are damaged, and nobody is to be told.
    """
    try:
        folder = store.folder(run.spec)
        return read_rows(folder.recheck if of_recheck else folder)
    except StoreError as error:
        if complain is None:
            raise
        complain(str(error))
        return None


def table_of(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows as a table; what a row lacks that another has is null."""
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def frame(tables: Iterable[pa.Table]) -> pd.DataFrame:
    """Return the answer to a question as one pandas table; empty where there is none."""
    import pandas as pd

    frames = [table.to_pandas() for table in tables]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
