"""Curves of a trial, read back as TensorBoard reads them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from archgym.errors import LaunchError
from archgym.experiments.executors.local import LocalExecutor
from archgym.experiments.experiment import run_experiment
from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import make_plan
from archgym.results.store import Store
from tests.experiments.launching import Silent, run_locally, stored, toy_launch, toy_plan

pytest.importorskip("tensorboard", reason="needs archgym[tensorboard]")


def curve(folder: Path, name: str) -> dict[int, float]:
    """Return evaluations -> value."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    points = EventAccumulator(str(folder), {"tensors": 0}).Reload().Tensors(name)
    return {point.step: float(make_ndarray(point.tensor_proto)) for point in points}


def test_curves_tell_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archgym.experiments.scalars.SECONDS_PER_POINT", 0.0)
    launch = parse_launch(toy_launch(seeds=1, tensorboard="curves"), "toys.yaml")
    plan = make_plan(launch, tmp_path / "toys.yaml")
    run_experiment(plan, Store.create(tmp_path / "s"), lambda _: LocalExecutor(), Silent())
    rows = stored(tmp_path / "s")
    for trial in plan.trials:
        (folder,) = (tmp_path / "curves").rglob(trial.run_id)
        reward = np.array(rows[trial.run_id]["reward"])
        best = curve(folder, "reward/best")
        wanted = {step: reward[:step].max() for step in best}
        assert best == pytest.approx(wanted, rel=1e-6)
        assert max(best) == 50
        parts = itertools.pairwise([0, *best])
        wanted = {end: reward[start:end].mean() for start, end in parts}
        assert curve(folder, "reward/mean") == pytest.approx(wanted, rel=1e-6)


def test_curves_change_nothing_that_is_stored(tmp_path: Path) -> None:
    run_locally(toy_plan(seeds=1, tensorboard=str(tmp_path / "curves")), tmp_path / "with")
    run_locally(toy_plan(seeds=1), tmp_path / "without")
    assert stored(tmp_path / "with") == stored(tmp_path / "without")


def test_curves_without_tensorboard_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archgym.experiments.scalars.find_spec", lambda name: None)
    with pytest.raises(LaunchError, match=r"toys.yaml: tensorboard: .*archgym\[tensorboard\]"):
        parse_launch(toy_launch(tensorboard="curves"), "toys.yaml")
