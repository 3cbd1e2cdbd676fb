"""Training from a recipe to a policy: stable-baselines3's PPO on the native vector environment."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecNormalize

from archgym import registry
from archgym.agents.goal_policy import LAYERS, GoalPolicy, Purpose
from archgym.agents.sb3_vector import Sb3Vector
from archgym.experiments.draw_targets import Pool, draw_targets
from archgym.experiments.goal_policy.recipe import Recipe
from archgym.experiments.targets import Target, attempt
from archgym.objective import find_metric
from archgym.outcome import Floats
from archgym.problem import Problem
from archgym.torch_session import torch_session
from archgym.views.actions import AxisGrid
from archgym.views.goals import Goals
from archgym.views.making import make_vector_env

TEST_EPISODES = 10


@dataclass(frozen=True)
class ListedGoals(Goals):
    """Goals whose targets are drawn from a list.

    Attributes:
        listed: float64 (m, k).
    """

    listed: Floats | None = None

    def draw(self, rng: np.random.Generator, count: int) -> Floats:
        assert self.listed is not None
        return np.asarray(self.listed[rng.integers(len(self.listed), size=count)])


@dataclass(frozen=True)
class Lessons:
    """What is trained and tested on.

    Attributes:
        problem: Its objective is of no account.
        pool: What random designs reach.
        targets: To train on, (m, k).
        unseen: To test on.
    """

    problem: Problem
    pool: Pool
    targets: Floats
    unseen: Floats

    @staticmethod
    def of(recipe: Recipe) -> Lessons:
        """Return the lessons of a recipe.

        Raises:
            ArchgymError: An unknown environment, workload, metric, or setting.
        """
        environment = registry.environments.get(recipe.env)
        problem = environment.make_problem(recipe.workload, **recipe.settings)
        metrics = [find_metric(name, problem.cost_model.metrics) for name in recipe.metrics]
        rng = np.random.default_rng(recipe.seed)
        pool = Pool.of(problem, metrics, rng, recipe.designs)
        count = recipe.targets + recipe.unseen
        drawn = draw_targets(pool, rng, count, recipe.hit_rate, recipe.least)
        return Lessons(problem, pool, drawn[: recipe.targets], drawn[recipe.targets :])


def train(recipe: Recipe, report: Callable[[int], None] = lambda steps: None) -> GoalPolicy:
    """Train a policy.

    Args:
        recipe: What to do.
        report: Called after each update with the steps so far.

    Raises:
        ArchgymError: An unknown environment, workload, metric, or setting.
    """
    lessons = Lessons.of(recipe)
    with torch_session():
        vector = VecNormalize(Sb3Vector(_environment(recipe, lessons)), gamma=recipe.discount)
        model = _model(recipe, vector)
        model.learn(recipe.steps, callback=_Told(report))
    return GoalPolicy(_arrays(model, vector), _purpose(recipe, lessons, model.num_timesteps))


def tested(policy: GoalPolicy, path: Path, recipe: Recipe) -> GoalPolicy:
    """Return a policy that tells how many unseen targets it meets, as the agent goal_ppo.

    Args:
        policy: What was trained.
        path: Its file.
        recipe: By which it was trained.
    """
    lessons, environment = Lessons.of(recipe), registry.environments.get(recipe.env)
    found = []
    for number, row in enumerate(lessons.unseen.tolist()):
        target = _target(str(number), recipe, lessons.pool, row)
        problem = target.problem(environment, recipe.settings)
        budget = TEST_EPISODES * recipe.horizon
        made = attempt(problem, target, "goal_ppo", number, budget, {"policy": str(path)})
        found.append(made.evaluations if made.solved else math.inf)
    scores = {
        "unseen_targets": len(found),
        "met_in_one_episode": float(np.mean(np.array(found) <= recipe.horizon + 1)),
        f"met_in_{TEST_EPISODES}_episodes": float(np.mean(np.isfinite(found))),
        "median_evaluations": float(np.median(found)),
    }
    training = {**policy.purpose.training, **scores}
    return replace(policy, purpose=replace(policy.purpose, training=training))


class _Told(BaseCallback):
    """Tells how many steps were taken, after each rollout."""

    def __init__(self, report: Callable[[int], None]):
        super().__init__()
        self._report = report

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self._report(self.num_timesteps)


def _environment(recipe: Recipe, lessons: Lessons) -> Any:
    """Return the native vector environment, towards targets from the list."""
    middle = np.median(lessons.targets, axis=0)
    goals = ListedGoals(lessons.pool.metrics, middle, middle, 0.0, lessons.targets)
    return make_vector_env(
        recipe.env,
        recipe.envs,
        "native",
        workload=recipe.workload,
        objective={"targets": dict(zip(recipe.metrics, middle.tolist(), strict=True))},
        episode_length=recipe.horizon,
        goals=goals,
        **recipe.settings,
    )


def _model(recipe: Recipe, vector: VecNormalize) -> PPO:
    return PPO(
        "MlpPolicy",
        vector,
        n_steps=recipe.rollout,
        batch_size=recipe.minibatch,
        n_epochs=recipe.epochs,
        learning_rate=lambda left: recipe.learning_rate * left,
        gamma=recipe.discount,
        policy_kwargs={"net_arch": [recipe.width] * 2},
        seed=recipe.seed,
        device="cpu",
    )


def _arrays(model: PPO, vector: VecNormalize) -> dict[str, Floats]:
    """Return the policy's layers, and how observations are scaled."""
    layers = [*model.policy.mlp_extractor.policy_net, model.policy.action_net]
    linear = [layer for layer in layers if isinstance(layer, torch.nn.Linear)]
    seen: Any = vector.obs_rms
    arrays = {"mean": seen.mean, "deviation": np.sqrt(seen.var + vector.epsilon)}
    for name, layer in zip(LAYERS, linear, strict=True):
        arrays[f"{name}.weight"] = layer.weight.detach().double().numpy()
        arrays[f"{name}.bias"] = layer.bias.detach().double().numpy()
    return arrays


def _purpose(recipe: Recipe, lessons: Lessons, steps: int) -> Purpose:
    problem, targets = lessons.problem, lessons.targets
    worst = np.where(lessons.pool.signs > 0, targets.min(axis=0), targets.max(axis=0))
    return Purpose(
        env=problem.env,
        workload=PurePath(problem.workload_name).name,
        settings=dict(problem.settings),
        sizes=tuple(AxisGrid(problem.space.axes).sizes.tolist()),
        metrics=tuple(metric.name for metric in lessons.pool.metrics),
        middle=tuple(np.median(targets, axis=0).tolist()),
        easy=tuple(worst.tolist()),
        horizon=recipe.horizon,
        offline_evaluations=recipe.designs + steps,
        training={"recipe": recipe.model_dump(mode="json"), "torch": torch.__version__},
    )


def _target(name: str, recipe: Recipe, pool: Pool, row: list[float]) -> Target:
    bounds = list(zip(pool.metrics, pool.signs, row, strict=True))
    least = {metric.name: bound for metric, sign, bound in bounds if sign > 0}
    most = {metric.name: bound for metric, sign, bound in bounds if sign < 0}
    return Target(name, recipe.workload, {}, least, most)
