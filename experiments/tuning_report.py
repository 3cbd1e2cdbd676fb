"""What a tuning found: a row per agent, and the file of tuned values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archgym import registry
from archgym.experiments.tuning import Candidate, Tried, Tuning, best
from archgym.results.scores import best_rewards, gain, score
from archgym.results.spec import TrialSpec, digest
from archgym.results.store import Store


def tuning_rows(tuning: Tuning, store: Store) -> list[dict[str, Any]]:
    """Return one row per agent of a tuning whose rounds are over.

    ``train_*`` and ``held_out_*`` are scores (`archgym.results.scores`), ``gain`` is the held-out
    score of the tuned values over that of the default, with its 95 % interval. Cells are None
    where trials failed.
    """
    pairs = zip(tuning.candidates, tuning.tried, strict=True)
    return [_row(tuning, candidate, tried, store) for candidate, tried in pairs]


def _row(
    tuning: Tuning, candidate: Candidate, tried: Sequence[Tried], store: Store
) -> dict[str, Any]:
    chosen = best(tried)
    default, tuned = (
        best_rewards(store, candidate.trials(configuration, tuning.held_out))
        for configuration in ({}, chosen.configuration)
    )
    ratio: Sequence[float | None] = (None, None, None)
    if default is not None and tuned is not None:
        ratio = gain(tuned, default)
    return {
        "agent": candidate.agent,
        "tried": len(tried),
        "failed": sum(t.score is None for t in tried),
        "train_default": tried[0].score,
        "train_tuned": chosen.score,
        "held_out_default": None if default is None else score(default),
        "held_out_tuned": None if tuned is None else score(tuned),
        **dict(zip(("gain", "gain_low_95", "gain_high_95"), ratio, strict=True)),
        "hyperparameters": " ".join(f"{k}={v}" for k, v in chosen.configuration.items())
        or "default",
    }


def tuned_content(tuning: Tuning, store: Store) -> dict[str, Any]:
    """Return what a file of tuned values holds; equal for equal launches and stored rewards."""
    rows = tuning_rows(tuning, store)
    pairs = zip(tuning.candidates, tuning.tried, rows, strict=True)
    return {
        "family": registry.environments.get(tuning.train[0].env).family,
        "made_by": {
            "launch": tuning.launch.model_dump(mode="json", exclude_defaults=True),
            "trials": _fingerprint(tuning, store),
        },
        "agents": {
            registry.agents.get(c.agent).name: _tuned(c, tried, row) for c, tried, row in pairs
        },
    }


def _tuned(candidate: Candidate, tried: Sequence[Tried], row: dict[str, Any]) -> dict[str, Any]:
    spec = candidate.spec(best(tried).configuration)
    interval = [_short(row["gain_low_95"]), _short(row["gain_high_95"])]
    return {
        "version": spec["agent_version"],
        "hyperparameters": spec["hyperparameters"],
        "train": {key: _short(row[f"train_{key}"]) for key in ("default", "tuned")},
        "held_out": {key: _short(row[f"held_out_{key}"]) for key in ("default", "tuned")},
        "gain_95": interval,
    }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _fingerprint(tuning: Tuning, store: Store) -> dict[str, Any]:
    """Return the number of trials and a hash of their ids and best rewards."""
    rewards = {trial.run_id: best_rewards(store, [trial]) for trial in _all(tuning)}
    return {"count": len(rewards), "sha256": digest(rewards)}


def _all(tuning: Tuning) -> list[TrialSpec]:
    pairs = list(zip(tuning.candidates, tuning.tried, strict=True))
    train = [
        t for c, tried in pairs for one in tried for t in c.trials(one.configuration, tuning.train)
    ]
    return train + [t for c, tried in pairs for t in tuning.held_out_trials(c, tried)]
