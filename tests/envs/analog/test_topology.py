"""The environments as users and agents meet them."""

from __future__ import annotations

import gymnasium
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import archgym
from archgym.cli import app
from archgym.cost_models.analog.topology.blocks import assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.decode import decode
from archgym.cost_models.analog.topology.encode import encode
from archgym.cost_models.analog.topology.rules import violations
from archgym.envs.analog.topology import BLOCKS
from archgym.errors import ArchgymError, InvalidDesignError, SettingError

ENV = "analog.topology"


def run(tmp_path, verb, walks, *more):
    designs, out = tmp_path / "in.csv", tmp_path / "out"
    pd.DataFrame({"circuit": walks}).to_csv(designs, index=False)
    words = [verb, ENV, "--designs", str(designs), "--output", str(out), *more]
    return CliRunner().invoke(app, words), out


def test_tables_of_walks_are_evaluated_and_repeated_by_the_letter(tmp_path):
    rng = np.random.default_rng(0)
    good = " ".join(encode(assemble({}), rng))
    long = " ".join(encode(assemble({"core": "folded", "load": "wide_swing"}), rng))
    done, out = run(tmp_path, "evaluate", [good, "VSS VDD", long], "--set", "simulations=20")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out)
    assert table["circuit"].tolist() == [good, "VSS VDD", long]
    assert table["valid"].tolist() == [1, 0, 1]
    assert table["error"][1].startswith("walk: word 2")


def test_words_that_are_none_are_refused(tmp_path):
    done, out = run(tmp_path, "evaluate", ["VSS Q1_B Q1_C VDD"])
    assert isinstance(done.exception, ArchgymError)
    assert "row 1, column 'circuit': 'Q1_B'" in str(done.exception)
    assert "VIN1, VIN2, VOUT1" in str(done.exception)
    assert not out.exists()
    with pytest.raises(InvalidDesignError, match="words"):
        archgym.make_problem(ENV, length=60).space.encode([{"circuit": "VSS " * 400}])


def test_designs_are_exported_with_the_sizes_found(tmp_path):
    walk = " ".join(encode(assemble({})))
    done, out = run(tmp_path, "export", [walk], "--set", "simulations=20")
    assert done.exit_code == 0, done.output
    folder = out / "row-0"
    written = decode((folder / "walk.txt").read_text().split())
    assert canonical_walk(written) == canonical_walk(assemble({}))
    problem = archgym.make_problem("analog.sizing", str(folder / "circuit.yaml"))
    assert problem.evaluate([{}])["converged"].tolist() == [1]
    done, _ = run(tmp_path, "export", ["VSS R1_P R1_N VDD R1_N R1_P VSS"])
    assert isinstance(done.exception, ArchgymError)
    assert "nothing is connected to VIN1" in str(done.exception)


def test_codes_and_walks_are_the_same_thing():
    problem = archgym.make_problem(ENV, length=100)
    space = problem.space
    drawn = space.sample(np.random.default_rng(0), 10)
    for text in drawn["circuit"]:
        assert violations(decode(text.split())) == []
    again = space.encode(drawn.dicts())
    assert (again.codes == space.canonical(drawn.codes)).all()
    assert again["circuit"].tolist() == drawn["circuit"].tolist()
    fresh = archgym.make_problem(ENV, length=100).space
    given = ["VSS VSS", " ".join(encode(assemble({"core": "folded"}))), "VSS"]
    codes = space.encode([{"circuit": text} for text in given]).codes
    assert fresh["circuit"].decode(codes).tolist() == given
    for at in (1, 30, 98):
        column = fresh["circuit"].canonical_axis(drawn.codes, at)
        assert (column == space.canonical(drawn.codes)[:, at]).all()


def test_without_the_grammar_codes_are_taken_by_the_letter():
    problem = archgym.make_problem(ENV, length=60, grammar="off", simulations=4)
    drawn = problem.space.sample(np.random.default_rng(0), 20)
    assert (problem.space.encode(drawn.dicts()).keys()) == drawn.keys()
    assert problem.evaluate(drawn.dicts())["valid"].tolist() == [0] * 20


@pytest.mark.parametrize("agent", ["random", "genetic", "mcts", "retrieval_mcts", "ant_colony"])
def test_agents_search_walks(agent):
    problem = archgym.make_problem(ENV, objective="targets_met", length=60, simulations=8)
    found = archgym.search(problem, archgym.make_agent(agent, problem, seed=0), 16)
    assert found.best["valid"] == 1


def test_a_search_over_blocks_beats_its_default():
    problem = archgym.make_problem("analog.blocks", "high_gain", "targets_met", simulations=60)
    agent = archgym.make_agent("genetic", problem, seed=0, population=8)
    best = archgym.search(problem, agent, 32).best
    default = problem.evaluate([{}])
    assert best["targets_met"] > default["targets_met"][0]


def test_baselines_are_the_shipped_amplifiers():
    problem = archgym.make_problem(ENV, simulations=40)
    found = problem.evaluate(list(problem.baselines.values()))
    assert found["well_posed"].tolist() == [1, 1, 1]
    assert list(problem.baselines) == list(BLOCKS)


def test_walks_are_written_word_by_word_under_masks():
    env = gymnasium.make(f"archgym/{ENV}-v0", length=80, simulations=4).unwrapped
    rng = np.random.default_rng(0)
    for _ in range(3):
        _, info = env.reset(seed=0)
        over = False
        while not over:
            mask = env.action_masks()
            assert mask.any()
            assert (info["action_mask"] == mask).all()
            action = rng.choice(np.flatnonzero(mask))
            observation, reward, over, _, info = env.step(action)
            assert observation in env.observation_space
        assert info["metrics"]["valid"] == 1
        assert info["circuit"] == info["design"]["circuit"]
        assert reward == pytest.approx(env.problem.evaluate([info["design"]])["reward"][0])


def test_a_word_that_may_not_follow_ends_the_episode():
    env = gymnasium.make(f"archgym/{ENV}-v0", length=80, simulations=4).unwrapped
    env.reset(seed=0)
    _, reward, over, _, info = env.step(0)  # END, right at the beginning
    assert over
    assert info["status"] == "infeasible"
    assert reward < 0


def test_settings_that_cannot_be_are_refused():
    for wrong in ({"length": 10}, {"simulations": 0}, {"seed": -1}, {"grammar": "maybe"}):
        with pytest.raises(SettingError):
            archgym.make_problem(ENV, **wrong)
    with pytest.raises(SettingError, match="grammar=on"):
        gymnasium.make(f"archgym/{ENV}-v0", grammar="off")
