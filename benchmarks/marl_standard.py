"""The team learners on standard tasks of multi-agent reinforcement learning.

Run ``python -m benchmarks.marl_standard [ippo|mappo|isac ...] [--steps N] [--seeds N]``; prints a
markdown table. The task is ``simple_spread_v3`` of mpe2: three agents, local_ratio 0.5, 25 steps,
discrete actions. A return is the mean over agents of an episode's sum of rewards, over 300
episodes that begin with the seeds 0 .. 299. For comparison: random and idle agents, and a script
that assigns landmarks once (Hungarian method) and walks there.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from mpe2 import simple_spread_v3
from scipy.optimize import linear_sum_assignment

from archgym.agents.marl.off_policy import OffPolicySettings, OffPolicyTrainer
from archgym.agents.marl.on_policy import OnPolicySettings, OnPolicyTrainer
from archgym.agents.marl.sac import SacSettings
from archgym.agents.marl.team import CopiesOfTeam

EPISODES, COPIES, EPISODE_STEPS = 300, 32, 25
IDLE, LEFT, RIGHT, DOWN, UP = range(5)
_NEAR, _BRAKES = 0.05, 0.3

Play = Callable[[Any, dict[str, Any]], dict[str, int]]


def make() -> Any:
    """Return the task."""
    return simple_spread_v3.parallel_env(N=3, local_ratio=0.5, max_cycles=EPISODE_STEPS)


def returns(play: Play, episodes: int = EPISODES) -> np.ndarray:
    """Return the return of each episode, shape (episodes,)."""
    env, found = make(), []
    for seed in range(episodes):
        observations, _ = env.reset(seed=seed)
        total = 0.0
        while env.agents:
            observations, rewards, *_ = env.step(play(env, observations))
            total += float(np.mean(list(rewards.values())))
        found.append(total)
    return np.array(found)


def random_play(rng: np.random.Generator) -> Play:
    return lambda env, seen: {name: int(rng.integers(5)) for name in seen}


def idle_play(env: Any, seen: dict[str, Any]) -> dict[str, int]:
    return dict.fromkeys(seen, IDLE)


def scripted_play(env: Any, seen: dict[str, Any]) -> dict[str, int]:
    """Walk to the landmark assigned at the start; observations hold velocity, place, landmarks."""
    landmarks = np.array([observation[4:10].reshape(3, 2) for observation in seen.values()])
    if env.unwrapped.steps == 0:
        env.goals = linear_sum_assignment(np.linalg.norm(landmarks, axis=2))[1]
    velocity = np.array([observation[:2] for observation in seen.values()])
    ways = landmarks[np.arange(3), env.goals] - _BRAKES * velocity
    return {name: _towards(way) for name, way in zip(seen, ways, strict=True)}


def _towards(way: np.ndarray) -> int:
    if np.abs(way).max() < _NEAR:
        return IDLE
    if abs(way[0]) > abs(way[1]):
        return RIGHT if way[0] > 0 else LEFT
    return UP if way[1] > 0 else DOWN


def trained(name: str, steps: int, seed: int) -> Any:
    """Return a trainer after that many steps of the environment."""
    team = CopiesOfTeam(make, COPIES, seed)
    if name == "isac":
        sac = SacSettings(learning_rate=1e-3, discount=0.95, entropy_share=0.2, temperature=0.1)
        trainer = OffPolicyTrainer(team, OffPolicySettings(sac=sac, updates=2), seed)
        trainer.train(steps // COPIES)
        return trainer
    settings = OnPolicySettings(central=name == "mappo", steps=2 * EPISODE_STEPS, discount=0.95)
    learner = OnPolicyTrainer(team, settings, seed)
    learner.train(steps // (COPIES * settings.steps))
    return learner


def policy_play(trainer: Any) -> Play:
    def play(env: Any, seen: dict[str, Any]) -> dict[str, int]:
        index = trainer.act(trainer.team.seen(env, seen)).index[0]
        return {name: int(index[at, 0]) for at, name in enumerate(trainer.team.names)}

    return play


def row(name: str, steps: str, found: np.ndarray, seconds: str = "") -> str:
    error = found.std() / np.sqrt(len(found))
    return f"| {name} | {steps} | {found.mean():.1f} +- {error:.1f} | {seconds} |"


def main() -> None:
    """Print one row per learner and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("learners", nargs="*", default=["ippo", "mappo", "isac"])
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    print("| team | steps | return | CPU seconds |\n|---|---|---|---|")
    for name, play in (
        ("random", random_play(np.random.default_rng(0))),
        ("idle", idle_play),
        ("scripted", scripted_play),
    ):
        print(row(name, "", returns(play)), flush=True)
    for name in chosen.learners:
        for seed in range(chosen.seeds):
            started = time.process_time()
            trainer = trained(name, chosen.steps, seed)
            seconds = f"{time.process_time() - started:.0f}"
            found = returns(policy_play(trainer))
            print(row(f"{name}, seed {seed}", f"{chosen.steps:,}", found, seconds), flush=True)


if __name__ == "__main__":
    main()
