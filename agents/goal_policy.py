"""Policies that move designs towards targets, as files.

A policy sees the metrics of a design, their targets, and where the design lies on the grid, and
says for each parameter how likely it is to move down, stay, or move up. Files (``.npz``) hold two
hidden layers and what they were trained for; evaluating one needs no torch.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import SettingError
from archgym.objective import find_metric
from archgym.outcome import Floats
from archgym.problem import Problem
from archgym.views.actions import AxisGrid
from archgym.views.goals import STEPS, Goals
from archgym.whole_file import write_whole

SHIPPED = Path(__file__).parent / "goal_policies"
LAYERS = ("first", "second", "last")
ABOUT = "about"
_LARGEST_SEEN = 10.0


@dataclass(frozen=True)
class Purpose:
    """What a policy was trained for.

    Attributes:
        env: Versioned id of the environment.
        workload: Name, or base name of a file.
        settings: Of the environment.
        sizes: Values of each axis of the grid.
        metrics: That have targets, in the order of observations.
        middle: Of each metric: what values are seen relative to.
        easy: Of each metric: a target that hardly binds, where an objective has none.
        horizon: Steps after which an episode was cut.
        offline_evaluations: Evaluations that training took.
        training: How it was trained and how well it did.
    """

    env: str
    workload: str
    settings: Mapping[str, Any]
    sizes: tuple[int, ...]
    metrics: tuple[str, ...]
    middle: tuple[float, ...]
    easy: tuple[float, ...]
    horizon: int
    offline_evaluations: int
    training: Mapping[str, Any]

    def mismatch(self, problem: Problem) -> str:
        """Return why a policy is not for a problem, empty where it is."""
        asked: Mapping[str, tuple[Any, Any]] = {
            "environment": (self.env, problem.env),
            "workload": (self.workload, PurePath(problem.workload_name).name),
            "settings": (dict(self.settings), dict(problem.settings)),
            "a grid of": (list(self.sizes), AxisGrid(problem.space.axes).sizes.tolist()),
        }
        for what, (known, wanted) in asked.items():
            if known != wanted:
                return f"is for {what} {known}, not {wanted}"
        return ""

    def goals(self, problem: Problem) -> Goals:
        """Return the goals as the policy sees them."""
        metrics = tuple(find_metric(n, problem.cost_model.metrics) for n in self.metrics)
        middle = np.array(self.middle)
        return Goals(metrics, middle, middle, close=0.0)


@dataclass(frozen=True)
class GoalPolicy:
    """A network of two hidden layers.

    Attributes:
        arrays: ``mean`` and ``deviation`` of observations (size,), and weight (out, in) and bias
            of each layer.
        purpose: What it was trained for.
    """

    arrays: Mapping[str, Floats]
    purpose: Purpose

    def probabilities(self, observations: Any) -> Floats:
        """Return those of each step of each parameter, (n, parameters, steps)."""
        scaled = (observations - self.arrays["mean"]) / self.arrays["deviation"]
        hidden = np.clip(scaled, -_LARGEST_SEEN, _LARGEST_SEEN)
        for layer in LAYERS[:-1]:
            hidden = np.tanh(self._layer(layer, hidden))
        logits = self._layer(LAYERS[-1], hidden).reshape(len(hidden), -1, len(STEPS))
        likely = np.exp(logits - logits.max(axis=2, keepdims=True))
        return np.asarray(likely / likely.sum(axis=2, keepdims=True))

    def best(self, observations: Any) -> NDArray[np.int64]:
        """Return the most likely actions, (n, parameters)."""
        return np.asarray(self.probabilities(observations).argmax(axis=2))

    def drawn(self, observations: Any, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return actions drawn by their probabilities, (n, parameters)."""
        bounds = self.probabilities(observations).cumsum(axis=2)
        chosen = rng.random((*bounds.shape[:2], 1)) > bounds[:, :, :-1]
        return np.asarray(chosen.sum(axis=2))

    def _layer(self, name: str, inputs: Floats) -> Floats:
        return np.asarray(inputs @ self.arrays[f"{name}.weight"].T + self.arrays[f"{name}.bias"])

    def save(self, path: Path) -> None:
        """Write the file; numbers as float32.

        Raises:
            StoreError: It cannot be written.
        """
        content = io.BytesIO()
        saved: dict[str, Any] = {n: array.astype(np.float32) for n, array in self.arrays.items()}
        saved[ABOUT] = np.array(json.dumps(vars(self.purpose)))
        np.savez_compressed(content, **saved)
        write_whole(path, content.getvalue())

    @staticmethod
    def load(path: Path) -> GoalPolicy:
        """Return the policy of a file.

        Raises:
            SettingError: It cannot be read or holds no such policy.
        """
        names = [f"{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")]
        try:
            with np.load(path) as file:
                about = json.loads(str(file[ABOUT]))
                arrays = {n: file[n].astype(np.float64) for n in ("mean", "deviation", *names)}
            lists = ("sizes", "metrics", "middle", "easy")
            purpose = Purpose(**(about | {name: tuple(about[name]) for name in lists}))
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise SettingError(f"policy {str(path)!r}: cannot be read ({error})") from None
        return GoalPolicy(arrays, purpose)


def find_policy(problem: Problem) -> GoalPolicy | None:
    """Return a policy that comes along and is for a problem."""
    for path in sorted(SHIPPED.glob("*.npz")):
        policy = GoalPolicy.load(path)
        if not policy.purpose.mismatch(problem):
            return policy
    return None
