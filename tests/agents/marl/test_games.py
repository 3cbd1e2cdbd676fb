"""The trainers solve games whose solution is known."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.agents.marl.layout import native_action
from archgym.agents.marl.off_policy import OffPolicySettings, OffPolicyTrainer
from archgym.agents.marl.on_policy import OnPolicySettings, OnPolicyTrainer
from archgym.agents.marl.sac import SacSettings
from archgym.agents.marl.team import CopiesOfTeam
from archgym.errors import SettingError
from tests.agents.marl.games import (
    PENALTY,
    PRISONERS,
    LeavingGame,
    MixedGame,
    OneStepGame,
    matrix_game,
)

SEEDS = 3


def trained(name: str, make, seed: int, shared: bool = False, updates: int = 40):
    team = CopiesOfTeam(make, 16, seed)
    if name == "isac":
        sac = SacSettings(learning_rate=1e-2, entropy_share=0.05, temperature=1.0)
        settings = OffPolicySettings(
            sac, share_parameters=shared, width=16, batch=64, warm_up=3, capacity=2048
        )
        trainer = OffPolicyTrainer(team, settings, seed)
        trainer.train(4 * updates)
        return trainer
    trainer = OnPolicyTrainer(
        team,
        OnPolicySettings(
            central=name == "mappo",
            share_parameters=shared,
            steps=4,
            learning_rate=1e-2,
            epochs=4,
            width=16,
        ),
        seed,
    )
    trainer.train(updates)
    return trainer


def played(trainer) -> list:
    """Return what each agent does in the first copy's first situation."""
    team = trainer.team
    actions = trainer.act(team.reset(), greedy=True)
    rows = zip(team.action_spaces, actions.index[0], actions.numbers[0], strict=True)
    return [native_action(*row) for row in rows]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", ["ippo", "mappo", "isac"])
def test_a_team_finds_an_optimum_of_the_penalty_game(name, shared):
    found = [
        PENALTY[tuple(played(trained(name, lambda: matrix_game(PENALTY, True), seed, shared)))]
        for seed in range(SEEDS)
    ]
    # Random play finds one of the two optima in 22 % of the games, all three times in 1 %.
    assert found == [10.0] * SEEDS


@pytest.mark.parametrize("name", ["ippo", "mappo", "isac"])
def test_agents_follow_their_own_rewards(name):
    """Betraying dominates for whoever earns its own payoff; silence is best for both together."""
    alone = trained(name, lambda: matrix_game(PRISONERS, shared=False), 0)
    assert played(alone) == [1, 1]
    together = trained(name, lambda: matrix_game(PRISONERS, shared=True), 0)
    assert played(together) == [0, 0]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", ["ippo", "isac"])
def test_boxes_and_several_choices_are_learned_side_by_side(name, shared):
    dial, pair, switch = played(trained(name, MixedGame, 0, shared, updates=100))
    number, best_pair, best_switch = MixedGame.BEST
    assert dial[0] == pytest.approx(number, abs=0.35)
    assert (tuple(pair), switch) == (best_pair, best_switch)


@pytest.mark.parametrize("name", ["ippo", "mappo", "isac"])
def test_agents_may_leave_before_the_others(name):
    trainer = trained(name, LeavingGame, 0)
    assert played(trainer) == [1, 1]
    team = CopiesOfTeam(LeavingGame, 1, 0)
    situation, present, rewards = team.reset(), [], []
    for _ in range(LeavingGame.STEPS):
        present.append(situation.present[0].tolist())
        step = team.step(trainer.act(situation, greedy=True))
        rewards.append(step.rewards[0].tolist())
        situation = step.situation
    assert present == [[1, 1], [1, 1], [1, 0], [1, 0]]
    assert rewards == [[1, 1], [1, 1], [1, 0], [1, 0]]
    assert step.cut.tolist() == [[True, False]]
    assert situation.present.tolist() == [[1, 1]]


def test_the_central_critic_sees_the_state_and_the_local_one_does_not():
    values = {}
    for name in ("ippo", "mappo"):
        trainer = trained(name, LeavingGame, 0)
        team = trainer.team
        situation, seen = team.reset(), []
        for _ in range(LeavingGame.STEPS):
            seen.append(trainer._values(situation)[0, 0])
            situation = team.step(trainer.act(situation, greedy=True)).situation
        values[name] = seen
    # Observations are the same from the second step on, the state tells the steps apart.
    assert values["ippo"][1] == values["ippo"][2] == values["ippo"][3]
    assert values["mappo"][1] - values["mappo"][3] > 0.3


def test_the_same_seed_trains_the_same_policy():
    first, again, other = (
        trained("mappo", lambda: matrix_game(PENALTY, True), seed, updates=5) for seed in (1, 1, 2)
    )
    states = [
        np.concatenate([p.detach().numpy().ravel() for p in trainer.policy.parameters()])
        for trainer in (first, again, other)
    ]
    assert (states[0] == states[1]).all()
    assert (states[0] != states[2]).any()


def test_an_action_space_without_a_layout_is_refused():
    from gymnasium import spaces

    game = OneStepGame({"word": spaces.Text(3)}, lambda actions: {"word": 0.0})
    with pytest.raises(SettingError, match="discrete, multi-discrete or a bounded box"):
        CopiesOfTeam(lambda: game, 1, 0)
