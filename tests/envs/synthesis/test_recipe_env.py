"""`RecipeEnv`: passes as steps, finished recipes as evaluations."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import archgym
from archgym.cost_models.synthesis.aiger import write_binary
from archgym.cost_models.synthesis.generators import generate
from archgym.envs.synthesis.observations import structure
from archgym.envs.synthesis.recipe_env import RecipeEnv
from archgym.errors import SettingError, UnknownNameError
from archgym.evaluator import Evaluator
from archgym.testing.view_checks import check_gymnasium
from tests.cost_models.synthesis.engines import wrapped

WORKLOAD = "comparator:width=6"


def problem(**settings):
    return archgym.make_problem(
        "synthesis.recipe", workload=WORKLOAD, **{"length": 4, "library": "lut4", **settings}
    )


def env(reward="final", budget=100, **settings):
    return RecipeEnv(Evaluator(problem(**settings), budget), reward)


def play(made, actions):
    made.reset(seed=0)
    return [made.step(action) for action in actions]


def test_it_is_the_default_style_and_the_others_are_there_too():
    made = gymnasium.make("archgym/synthesis.recipe-v0", workload=WORKLOAD, length=3)
    assert isinstance(made.unwrapped, RecipeEnv)
    assert made.action_space.n == 7
    for style in ("one_shot", "sequential", "local"):
        other = gymnasium.make("archgym/synthesis.recipe-v0", workload=WORKLOAD, style=style)
        assert not isinstance(other.unwrapped, RecipeEnv)


@pytest.mark.parametrize("reward", ["final", "adp"])
def test_checkers_pass(reward):
    check_gymnasium(lambda: env(reward, stop=True, actions="ext11"))


def test_a_finished_recipe_is_one_evaluation_and_the_same_as_from_a_table():
    made = env()
    steps = play(made, [6, 2, 0, 3])
    assert [over for _, _, over, _, _ in steps] == [False, False, False, True]
    assert [reward for _, reward, _, _, _ in steps[:3]] == [0.0] * 3
    assert made.evaluator.spent == 1
    row = problem().evaluate([{"recipe": "6203"}]).iloc[0]
    info = steps[-1][4]
    assert steps[-1][1] == row["reward"]
    assert info["design"]["recipe"] == row["recipe"] == info["recipe"]
    for name, value in info["metrics"].items():
        assert value == (1.0 if name == "equivalent" else row[name]), name
    assert (info["and_count"], info["level"]) == (row["and_count"], row["level"])
    run = made.session.statistics.passes_run
    play(made, [6, 2, 0, 3])
    assert (made.evaluator.spent, made.evaluator.unique) == (2, 1)
    assert made.session.statistics.passes_run == run


def test_rewards_per_step_add_up_to_what_was_gained():
    for reward, value in (
        ("and_count", lambda s: s.and_count),
        ("and_level", lambda s: s.and_count * s.level),
    ):
        made = env(reward, mapping="off", objective="and_count")
        total = sum(step[1] for step in play(made, [2, 4, 6, 0]))
        root, end = made.session.root, made.state
        assert total == pytest.approx(1.0 - value(end) / value(root))
        assert total != 0.0


def test_rewards_by_area_and_delay():
    made = env("adp")
    steps = play(made, [2, 4, 6, 0])
    first = problem().evaluate([{"recipe": ""}])["adp_vs_resyn2"][0]
    last = steps[-1][4]["metrics"]["adp_vs_resyn2"]
    assert sum(step[1] for step in steps) == pytest.approx(first - last)
    steps = play(env("abc_rl"), [2, 4, 6, 0])
    assert [step[1] for step in steps] == [0.0, 0.0, 0.0, max(-1.0, 1.0 - last)]


def test_a_recipe_may_end_early_where_that_is_allowed():
    made = env(stop=True)
    assert made.action_space.n == 8
    steps = play(made, [6, 7])
    assert steps[-1][2]
    assert steps[-1][4]["design"]["recipe"] == "balance"
    steps = play(made, [7])
    assert steps[-1][4]["design"]["recipe"] == ""
    assert env(stop=False).action_space.n == 7


def test_any_recipe_is_restored_exactly():
    made = env()
    steps = play(made, [6, 2, 3])
    again, info = made.restore("balance;rewrite;rewrite -z")
    assert np.array_equal(again, steps[-1][0])
    assert info == steps[-1][4]
    other = env()
    begun, _ = other.reset(options={"recipe": "balance;rewrite;rewrite -z"})
    assert np.array_equal(begun, again)
    assert other.state.aiger == made.state.aiger
    with pytest.raises(SettingError, match="4 passes, episodes have 4"):
        made.restore("6666")


def test_observations_say_what_the_network_is():
    made = env(actions="ext11")
    observation, _ = made.reset()
    root, reference = made.session.root, made.session.reference_end
    assert observation[0] == 0.0
    assert observation[1:3].tolist() == [0.5, 0.5]
    ratio = root.and_count / reference.and_count
    assert observation[3] == pytest.approx(ratio / (1 + ratio))
    assert observation[5:7].tolist() == [0.0, 0.0]
    assert not observation[-33:].any()
    after = made.step(2)[0]
    assert after[0] == 0.25
    change = (made.state.and_count - root.and_count) / root.and_count
    assert after[5] == pytest.approx(change)
    assert after[-33:].tolist() == np.eye(33)[2].tolist()
    last = made.step(9)[0]
    assert np.flatnonzero(last[-33:]).tolist() == [9, 11 + 2]


def test_structure_is_counted_right():
    aig = generate("decoder:bits=3")
    features = structure(write_binary(aig))
    fanouts, levels = features[3:11], features[11:19]
    assert features[0] == pytest.approx(3 / aig.gates / (1 + 3 / aig.gates))
    edges = [*aig.fanins.ravel().tolist(), *aig.outputs.tolist()]
    assert features[2] == pytest.approx(sum(edge & 1 for edge in edges) / len(edges))
    used = [edges.count(2 * n) + edges.count(2 * n + 1) for n in range(1, aig.nodes)]
    bounds = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 7), (8, 15), (16, 31), (32, 10**9)]
    expected = [sum(low <= u <= high for u in used) / len(used) for low, high in bounds]
    assert fanouts.tolist() == pytest.approx(expected)
    assert levels.sum() == pytest.approx(1.0)
    assert structure(write_binary(generate("adder:width=1"))).shape == features.shape


def test_a_pass_that_fails_ends_the_episode_with_an_evaluation(tmp_path):
    body = "for x in lines:\n    if b'dsdb' in x: abc.kill(); os._exit(3)\n    send(x)"
    made = env(abc=str(wrapped(tmp_path, body)), actions="ext11")
    made.reset()
    _, reward, over, _, info = made.step(10)
    assert (over, info["status"]) == (True, "crashed")
    assert reward == -1.0
    assert made.evaluator.spent == 1
    assert made.reset()[1]["and_count"] == made.session.root.and_count


def test_what_cannot_be_is_refused():
    with pytest.raises(UnknownNameError, match="reward of style 'native'"):
        env("adps")
    with pytest.raises(SettingError, match="chain=canonical"):
        env(chain="plain")


@pytest.mark.parametrize("agent", ["random", "genetic", "mcts"])
def test_agents_search_recipes_and_share_the_passes(agent):
    chosen = problem(length=5, equivalence="never")
    found = archgym.make_agent(agent, chosen, seed=0)
    result = archgym.search(chosen, found, budget=24)
    assert result.best["reward"] > 0.9
    session = chosen.cost_model.session(chosen.workload)
    assert session.statistics.passes_run < session.statistics.passes_asked
    best = {"recipe": result.best["recipe"]}
    assert problem(length=5).evaluate([best])["reward"][0] == result.best["reward"]
