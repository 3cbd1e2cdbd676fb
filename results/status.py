"""How far the runs of a store are, and why some failed."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Any

from archgym.errors import StoreError
from archgym.results.files import Place, read_json
from archgym.results.store import RunFolder, State, Store


def status_rows(store: Store) -> list[dict[str, Any]]:
    """Return, per environment and agent, how many runs are in which state."""
    counts: dict[tuple[str, str], Counter[State]] = {}
    for folder, state in _states(store):
        where = folder.env_folder, folder.agent_folder
        counts.setdefault(where, Counter())[state] += 1
    return [
        {"env": env, "agent": agent, **{state.value: counted[state] for state in State}}
        for (env, agent), counted in counts.items()
    ]


def failures(store: Store) -> list[dict[str, Any]]:
    """Return the failed runs with their reason and the command that tries them again."""
    return [_failure(folder, store) for folder, state in _states(store) if state == State.FAILED]


def _states(store: Store) -> Iterator[tuple[RunFolder, State]]:
    for relative, stamp in store.stamped_runs():
        folder = store.run(relative)
        yield folder, folder.state() if stamp is None else State.DONE


def _failure(folder: RunFolder, store: Store) -> dict[str, Any]:
    told = _read(folder.failed_file)
    return {
        "run": folder.run_id,
        "agent": folder.agent_folder,
        "kind": told.get("kind", ""),
        "reason": told.get("reason", ""),
        "attempts": told.get("attempts", ""),
        "retry": retry_command(str(_read(folder.run_file).get("launch", "")), store.address),
    }


def _read(path: Place) -> dict[str, Any]:
    try:
        return read_json(path) or {}
    except StoreError as error:
        return {"reason": str(error)}


def retry_command(launch: str, store: str) -> str:
    """Return the command that tries a launch's failed trials again."""
    return shlex.join(["archgym", "run", launch, "--store", store, "--retry-failed"])
