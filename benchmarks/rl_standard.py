"""Standard control problems through the path that agents take: Sb3Vector and torch_session.

Run ``python -m benchmarks.rl_standard [--seeds COUNT] [NAME ...]`` (about 10 CPU minutes per seed
for all); prints a markdown table of mean returns over 20 episodes, one per seed, beside the
published ones. Hyper-parameters
and published single runs are those of rl-baselines3-zoo (``hyperparams/*.yml``,
``benchmark.md``); MaskablePPO, without masks, takes PPO's.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

from archgym.torch_session import torch_session

SEEDS = 3
EPISODES = 20
PPO_SETTINGS = {
    "n_steps": 32,
    "batch_size": 256,
    "gae_lambda": 0.8,
    "gamma": 0.98,
    "n_epochs": 20,
    "learning_rate": lambda left: 1e-3 * left,
    "clip_range": lambda left: 0.2 * left,
}
DQN_SETTINGS = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1000,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "exploration_fraction": 0.16,
    "exploration_final_eps": 0.04,
    "policy_kwargs": {"net_arch": [256, 256]},
}


@dataclass(frozen=True)
class Case:
    """An algorithm on a problem, and what it is published to reach."""

    algorithm: str
    env: str
    steps: int
    n_envs: int
    settings: Mapping[str, Any]
    published: float


CASES = {
    "ppo": Case("PPO", "CartPole-v1", 100_000, 8, PPO_SETTINGS, 500.0),
    "maskable_ppo": Case("MaskablePPO", "CartPole-v1", 100_000, 8, PPO_SETTINGS, 500.0),
    "a2c": Case("A2C", "CartPole-v1", 500_000, 8, {}, 500.0),
    "dqn": Case("DQN", "CartPole-v1", 50_000, 1, DQN_SETTINGS, 500.0),
    "sac": Case("SAC", "Pendulum-v1", 20_000, 1, {"learning_rate": 1e-3}, -157.0),
}


def vector_of(env: str, n_envs: int) -> Any:
    """Return an environment as agents make theirs."""
    from archgym.agents.sb3_vector import Sb3Vector

    same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
    return Sb3Vector(gymnasium.make_vec(env, n_envs, "sync", vector_kwargs=same_step))


def final_return(case: Case, seed: int) -> float:
    """Return the mean return of the learnt policy."""
    import sb3_contrib
    import stable_baselines3
    from stable_baselines3.common.evaluation import evaluate_policy

    masked = case.algorithm == "MaskablePPO"
    library = sb3_contrib if masked else stable_baselines3
    with torch_session():
        make = getattr(library, case.algorithm)
        vector = vector_of(case.env, case.n_envs)
        model = make("MlpPolicy", vector, seed=seed, device="cpu", **case.settings)
        model.learn(case.steps, **({"use_masking": False} if masked else {}))
        returns, _ = evaluate_policy(
            model, gymnasium.make(case.env), EPISODES, return_episode_rewards=True, warn=False
        )
    return float(np.mean(returns))


def main() -> None:
    """Print one row per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(CASES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(CASES)}")
    print("| algorithm | problem | steps | return, one per seed | published |")
    print("|---|---|---|---|---|", flush=True)
    for name in arguments.names or CASES:
        case, returns = CASES[name], []
        for seed in range(arguments.seeds):
            returns.append(f"{final_return(case, seed):.0f}")
            print(name, seed, returns[-1], file=sys.stderr, flush=True)
        words = ", ".join(returns)
        print(
            f"| {case.algorithm} | {case.env} | {case.steps} | {words} | {case.published:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
