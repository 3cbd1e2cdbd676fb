"""Which runs of a store a report is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from archgym.errors import SettingError, UnknownNameError
from archgym.results.catalogue import Run
from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder, Store

_NESTED = ("settings", "hyperparameters")
_PLAIN = ("env", "workload", "objective", "cost_model", "agent", "seed", "budget")


def select(runs: Iterable[Run], conditions: Sequence[str]) -> list[Run]:
    """Return the runs that meet all conditions, such as ``agent=genetic``.

    Keys are those of a spec; ``settings.memory`` and ``hyperparameters.population`` are such too.
    Conditions on the same key are alternatives: ``agent=genetic agent=tpe`` takes both.

    Raises:
        SettingError: A condition is not ``key=value``.
        UnknownNameError: Its key is no part of a run's spec.
    """
    kept = list(runs)
    for key, values in _parse(conditions, kept).items():
        kept = [run for run in kept if str(_value(run.spec, key)) in values]
    return kept


def folder_of(store: Store, run: Run) -> RunFolder:
    """Return where a run lies; unlike `Store.folder` without hashing its spec again."""
    spec = run.spec
    return store.run(f"env={spec.env_folder}/agent={spec.agent_folder}/run={run.run_id}")


def _parse(conditions: Sequence[str], runs: Sequence[Run]) -> dict[str, set[str]]:
    parsed: dict[str, set[str]] = {}
    for text in conditions:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise SettingError(f"--where {text!r}: write it as key=value")
        if key not in _PLAIN and key not in (known := _nested_keys(runs)):
            raise UnknownNameError("key of --where", key, [*_PLAIN, *known])
        parsed.setdefault(key, set()).add(value)
    return parsed


def _nested_keys(runs: Sequence[Run]) -> set[str]:
    return {
        f"{holder}.{name}"
        for run in runs
        for holder in _NESTED
        for name in getattr(run.spec, holder)
    }


def _value(spec: TrialSpec, key: str) -> Any:
    holder, dot, name = key.partition(".")
    if not dot:
        return getattr(spec, key)
    values: Mapping[str, Any] = getattr(spec, holder)
    return values.get(name)
