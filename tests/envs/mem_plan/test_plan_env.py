"""Plans built operator by operator."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from archgym.cost_models.mem_plan.local_search import bytes_moved
from archgym.cost_models.mem_plan.state_search import search_states
from archgym.errors import SettingError, UnknownNameError
from archgym.testing.view_checks import check_gymnasium


def make(**arguments):
    return gymnasium.make("archgym/mem_plan.scratchpad-v0", **arguments).unwrapped


def play(env, choose):
    """Play an episode; return its reward and the last info."""
    _, info = env.reset(seed=0)
    total, over = 0.0, False
    while not over:
        mask = env.action_masks()
        assert (info["action_mask"] == mask).all()
        observation, reward, over, cut, info = env.step(choose(np.flatnonzero(mask)))
        assert env.observation_space.contains(observation)
        assert not cut
        total += reward
    return total, info


@pytest.mark.parametrize("evictions", ["chosen", "lru"])
def test_an_episode_is_a_plan_and_its_return_what_the_plan_moves(evictions):
    env, rng = make(workload="random_12", evictions=evictions), np.random.default_rng(0)
    for _ in range(10):
        total, info = play(env, lambda allowed: int(rng.choice(allowed)))
        assert total == pytest.approx(-info["plan_B"] / env.unit)
        assert sorted(info["design"]["order"]) == list(range(12))
        assert info["status"] == "ok"
        if evictions == "lru":
            assert info["metrics"]["non_compulsory_B"] == info["plan_B"]


@pytest.mark.parametrize("name", ["random:n=14,seed=0", "random:n=12,seed=5", "nas_3_cells"])
def test_the_best_plan_can_be_built(name):
    """Operators and evictions of a plan proven best; the return is its bytes."""
    env = make(workload=name)
    graph = env.graph
    best = search_states(graph, graph.capacity, 30.0)
    queue = []
    for step, op in enumerate(best.order.tolist()):
        queue.append((op, best.resident[step]))
    env.reset(seed=0)
    total = 0.0
    for op, resident in queue:
        _, reward, over, _, info = env.step(op)
        total += reward
        for tensor in np.flatnonzero(env._state.evictable & ~resident).tolist():
            if not env.action_masks()[len(graph) + tensor]:
                break
            _, reward, over, _, info = env.step(len(graph) + tensor)
            total += reward
    assert over
    assert info["plan_B"] == bytes_moved(graph, best, graph.capacity)
    assert total == pytest.approx(-info["plan_B"] / env.unit)


def test_masks_are_of_what_is_possible_and_other_actions_change_nothing():
    graph = {"ops": [[[], 0], [[0], 1], [[], 2], [[1, 2], 3], [[0, 3], 4]], "size": [2] * 5}
    env = make(workload=graph | {"capacity": 6})
    _, info = env.reset()
    assert np.flatnonzero(info["action_mask"]).tolist() == [0, 2]
    observation, _ = env.reset()
    same, reward, over, cut, info = env.step(4)
    assert (same == observation).all()
    assert (reward, over, cut) == (0.0, False, False)
    for op in (0, 1, 2):
        env.step(op)
    _, reward, _, _, info = env.step(3)  # reads 1 and 2; 0 is needed later and must leave
    assert np.flatnonzero(info["action_mask"]).tolist() == [5 + 0]
    assert reward == 0.0
    _, reward, _, _, info = env.step(5)
    assert reward == -2 / env.unit
    _, reward, over, _, info = env.step(4)
    assert reward == -2 / env.unit
    assert over
    assert (info["plan_B"], info["evicted"]) == (4, [0])


def test_an_episode_of_forbidden_actions_is_cut():
    env = make(workload="random_12")
    env.reset()
    for _ in range(200):
        _, _, over, cut, _ = env.step(11)
        if over or cut:
            break
    assert cut


def test_conforms_and_checks_its_options():
    check_gymnasium(lambda: make(workload="random_12", evictions="lru"))
    with pytest.raises(UnknownNameError):
        make(evictions="fifo")
    small = {"ops": [[[], 0], [[0], 1]], "size": [2, 2], "capacity": 3}
    with pytest.raises(SettingError):
        make(workload=small)
