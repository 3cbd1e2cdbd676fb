"""Agents behind stable-baselines3 are the library called directly, and learn within a budget."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from archgym.agents.padded_evaluator import PaddedEvaluator
from archgym.batch import Batch
from archgym.evaluator import Evaluator
from archgym.registry import make_agent
from tests.agents.searches import codes_of, history_of, records_of, rewards_of
from tests.toys import toy_problem

SEEDS = (0, 7)
BUDGET = 120
EVALUATIONS = 100


class Direct:
    """The library over single environments, one evaluation each, as its users write it."""

    def __init__(self, view: Any, gamma: float, **options: Any):
        from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

        torch.set_num_threads(1)
        self.toy = toy_problem("toy.flat", parameters=4)
        self.records: list[Any] = []
        evaluator = Evaluator(self.toy, BUDGET, self.records.append)
        self.evaluator = evaluator
        envs = DummyVecEnv([lambda: view(evaluator, **options)] * 5)
        self.vector = VecNormalize(envs, norm_obs=False, gamma=gamma)

    def learn(self, model: Any) -> np.ndarray:
        from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

        def fade(*_: Any) -> bool:
            if isinstance(model, OnPolicyAlgorithm):
                model.ent_coef = 0.03 * self.evaluator.remaining / BUDGET
            return self.evaluator.remaining > BUDGET - EVALUATIONS

        model.learn(10_000, callback=fade)
        return codes_of(self.records)[:EVALUATIONS]


def on_policy(agent: Any, steps: int) -> dict[str, Any]:
    return {"n_steps": steps, "gamma": 1.0, "seed": agent.library_seed, "device": "cpu"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("action", ["multi_discrete", "box"])
@pytest.mark.parametrize("name", ["ppo", "a2c"])
def test_on_policy_agents_are_the_library(name: str, seed: int, action: str) -> None:
    from stable_baselines3 import A2C, PPO

    from archgym.agents.design_policy import DesignPolicy
    from archgym.views.one_shot import OneShotEnv

    passes = {"epochs": 3} if name == "ppo" else {}
    toy = toy_problem("toy.flat", parameters=4)
    chosen = {"rollout": 20, "n_envs": 5, "learning_rate": 5e-3, "action": action, **passes}
    agent, direct = make_agent(name, toy, seed, **chosen), Direct(OneShotEnv, 1.0, action=action)
    own = {"n_epochs": 3, "batch_size": 20} if name == "ppo" else {"normalize_advantage": True}
    model = (PPO if name == "ppo" else A2C)(
        DesignPolicy,
        direct.vector,
        learning_rate=5e-3,
        gae_lambda=0.95,
        policy_kwargs={"net_arch": [], "log_std_init": -0.5 * np.log(3.0)},
        **own,
        **on_policy(agent, 4),
    )
    assert (direct.learn(model) == codes_of(records_of(agent, BUDGET))[:EVALUATIONS]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_maskable_ppo_is_the_library(seed: int) -> None:
    from sb3_contrib import MaskablePPO

    from archgym.views.sequential import SequentialEnv

    toy = toy_problem("toy.flat", parameters=4)
    agent = make_agent(
        "maskable_ppo", toy, seed, rollout=20, n_envs=5, learning_rate=5e-3, entropy=0.03
    )
    direct = Direct(SequentialEnv, 1.0)
    model = MaskablePPO(
        "MlpPolicy",
        direct.vector,
        learning_rate=5e-3,
        batch_size=80,
        n_epochs=agent.values["epochs"],
        **on_policy(agent, 16),
    )
    assert (direct.learn(model) == codes_of(records_of(agent, BUDGET))[:EVALUATIONS]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_sac_is_the_library(seed: int) -> None:
    from stable_baselines3 import SAC

    from archgym.views.one_shot import OneShotEnv

    toy = toy_problem("toy.flat", parameters=4)
    agent = make_agent("sac", toy, seed, n_envs=5, gradient_steps=0.4, learning_starts=0.2)
    direct = Direct(OneShotEnv, 1.0, action="box")
    model = SAC(
        "MlpPolicy",
        direct.vector,
        learning_rate=agent.values["learning_rate"],
        buffer_size=agent.values["buffer"],
        batch_size=agent.values["learning_batch"],
        learning_starts=24,
        train_freq=1,
        gradient_steps=2,
        ent_coef="auto_0.05",
        target_entropy=-4.0 * agent.values["entropy"],
        policy_kwargs={"net_arch": [64, 64]},
        seed=agent.library_seed,
        device="cpu",
    )
    assert (direct.learn(model) == codes_of(records_of(agent, BUDGET))[:EVALUATIONS]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_dqn_is_the_library(seed: int) -> None:
    from stable_baselines3 import DQN

    from archgym.views.local import LocalEnv

    toy = toy_problem("toy.flat", parameters=4)
    fixed = {"exploration": 0.0, "final_exploration": 0.3, "discount": 0.9}
    agent = make_agent("dqn", toy, seed, n_envs=5, gradient_steps=0.4, **fixed)
    direct = Direct(LocalEnv, 0.9)
    model = DQN(
        "MlpPolicy",
        direct.vector,
        learning_rate=agent.values["learning_rate"],
        buffer_size=agent.values["buffer"],
        batch_size=agent.values["learning_batch"],
        learning_starts=12,
        train_freq=1,
        gradient_steps=2,
        target_update_interval=250,
        gamma=0.9,
        exploration_initial_eps=0.3,
        exploration_final_eps=0.3,
        policy_kwargs={"net_arch": [64, 64]},
        seed=agent.library_seed,
        device="cpu",
    )
    assert (direct.learn(model) == codes_of(records_of(agent, BUDGET))[:EVALUATIONS]).all()


def test_the_distribution_over_axes_is_the_librarys_own() -> None:
    from stable_baselines3.common.distributions import MultiCategoricalDistribution

    from archgym.agents.design_policy import AxesDistribution

    sizes = [3, 1, 5]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        logits, actions = (
            torch.randn(200, 9),
            torch.stack([torch.randint(n, (200,)) for n in sizes], 1),
        )
        own = AxesDistribution(sizes).proba_distribution(logits)
        other = MultiCategoricalDistribution(sizes).proba_distribution(logits)
        assert torch.allclose(own.log_prob(actions), other.log_prob(actions), atol=1e-5)
        assert torch.allclose(own.entropy(), other.entropy(), atol=1e-5)
        assert (own.mode() == other.mode()).all()
        repeated = AxesDistribution(sizes).proba_distribution(logits[:1].expand(50_000, 9))
        shares = (repeated.sample()[:, 2:] == torch.arange(5)).float().mean(0)
        # Five standard deviations of a share of at most 1/2 in 50,000 draws are 0.011.
        assert torch.allclose(shares, logits[0, 4:].softmax(0), atol=0.012)


NAMES = ["ppo", "maskable_ppo", "a2c", "sac", "dqn"]


@pytest.mark.parametrize("name", NAMES)
def test_warns_of_nothing(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        records_of(make_agent(name, toy_problem(), 0), 45)


@pytest.mark.parametrize("name", ["sac", "dqn"])
@pytest.mark.parametrize("budget", [40, 1000, 10_000])
def test_replay_begins_early_enough_to_learn(name: str, budget: int) -> None:
    rhythm = make_agent(name, toy_problem("toy.flat")).rhythm(budget)
    assert rhythm.learning_starts <= 0.1 * budget
    updates = (budget - rhythm.learning_starts) / (rhythm.n_envs * rhythm.train_freq)
    assert updates >= 8


@pytest.mark.parametrize("name", ["ppo", "maskable_ppo", "a2c"])
def test_small_budgets_see_several_updates(name: str) -> None:
    for budget in (100, 1000, 10_000):
        n_envs, rollouts = make_agent(name, toy_problem("toy.flat")).rhythm(budget)
        assert budget / (n_envs * rollouts) >= 6


def test_the_entropy_bonus_falls_to_zero_with_the_budget() -> None:
    agent = make_agent("ppo", toy_problem("toy.flat"), entropy=0.2)
    seen: list[float] = []
    adapt = agent.adapt

    def watch(model: Any, left: float) -> None:
        adapt(model, left)
        seen.append(model.ent_coef)

    agent.adapt = watch
    records_of(agent, 96)
    assert seen == pytest.approx([0.2 * (1 - (step + 1) / 6) for step in range(6)])


class Slow:
    """Says how long a cost model takes, by a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float):
        self.now = 0.0
        monkeypatch.setattr("archgym.agents.padded_evaluator.time.perf_counter", lambda: self.now)
        self.sizes: list[int] = []
        self.seconds = seconds

    def __call__(self, record: Any) -> None:
        self.sizes.append(len(record.batch))
        self.now += self.seconds * len(record.batch)


@pytest.mark.parametrize(
    ("seconds", "sizes"),
    [(1e-6, [8, 64, 28]), (0.25, [8, *[4] * 23]), (30.0, [8, *[1] * 92])],
)
def test_batches_of_slow_models_are_evaluated_in_parts(monkeypatch, seconds, sizes) -> None:
    problem = toy_problem("toy.flat")
    batch = problem.space.sample(np.random.default_rng(0), 100)
    slow = Slow(monkeypatch, seconds)
    outcomes = PaddedEvaluator(Evaluator(problem, 100, slow)).evaluate(batch)
    assert slow.sizes == sizes
    assert (outcomes.reward == problem.outcomes(batch).reward).all()


def test_replayed_rows_say_nothing_about_the_models_speed(monkeypatch) -> None:
    problem = toy_problem("toy.flat")
    batch = problem.space.sample(np.random.default_rng(0), 100)
    history = history_of(records_of_batch(problem, batch), 90)
    slow = Slow(monkeypatch, 30.0)
    PaddedEvaluator(Evaluator(problem, 100, slow, history)).evaluate(batch)
    assert slow.sizes == [8, 1, 1]


def records_of_batch(problem: Any, batch: Batch) -> list[Any]:
    records: list[Any] = []
    Evaluator(problem, len(batch), records.append).evaluate(batch)
    return records


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "toy", "seeds"),
    [
        ("a2c", "toy.flat", 2),
        ("maskable_ppo", "toy", 2),
        ("sac", "toy.flat", 1),
        ("dqn", "toy.flat", 1),
    ],
)
def test_the_policy_solves_a_small_problem(name, toy, seeds) -> None:
    """Not a lucky draw: the mean reward of the last hundred designs, for so many seeds of three.

    SAC and DQN fall short of the others: they settle too early for most seeds.
    """
    settings = {"parameters": 3, "values": 8} if toy == "toy.flat" else {}
    problem = toy_problem(toy, **settings)
    drawn = problem.outcomes(problem.space.sample(np.random.default_rng(0), 2000)).reward
    wanted = drawn.mean() + 0.4 * (drawn.max() - drawn.mean())
    solved = 0
    for seed in range(3):
        rewards = rewards_of(records_of(make_agent(name, problem, seed), 1500))
        solved += rewards[-100:].mean() > wanted
    assert solved >= seeds


@pytest.mark.parametrize(
    ("algorithm", "env", "settings"),
    [
        ("PPO", "CartPole-v1", {"n_steps": 64, "batch_size": 64, "n_epochs": 2}),
        ("A2C", "CartPole-v1", {}),
        ("DQN", "CartPole-v1", {"learning_starts": 50, "target_update_interval": 50}),
        ("SAC", "Pendulum-v1", {"learning_starts": 50, "batch_size": 16, "train_freq": 8}),
    ],
)
def test_the_vector_adapter_changes_nothing_on_standard_problems(algorithm, env, settings) -> None:
    """Bit-equal policies, through ends and truncations of episodes."""
    import gymnasium
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv

    from archgym.torch_session import torch_session
    from benchmarks.rl_standard import vector_of

    singles = DummyVecEnv([lambda: gymnasium.make(env)] * 2)
    learnt = []
    for vector in (singles, vector_of(env, 2)):
        with torch_session():
            make = getattr(stable_baselines3, algorithm)
            model = make("MlpPolicy", vector, seed=3, device="cpu", **settings)
            model.learn(700)
        learnt.append(model.policy.state_dict())
    assert all(torch.equal(learnt[0][name], learnt[1][name]) for name in learnt[0])
