"""Spaces of chips, FARSI's moves, and the command line with the seven columns."""

from __future__ import annotations

import csv
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from typer.testing import CliRunner

import archgym
from archgym.cli import app
from archgym.cost_models.soc.design.library import alphabets_of
from archgym.cost_models.soc.design.workload import ABOUT, load_task_graph
from archgym.envs.soc.design import ENVIRONMENT
from archgym.envs.soc.design_moves import JOIN, MIGRATE, SPLIT, SWAP, Moves
from archgym.errors import SettingError, UnknownNameError
from archgym.searching import search

SEVEN = ("pes", "mems", "buses", "pe_bus", "mem_bus", "task_pe", "task_mem")
MET = 4e-9


@pytest.mark.parametrize("topology", ["chain", "tree"])
@pytest.mark.parametrize("workload", sorted(ABOUT))
def test_every_design_of_the_grid_can_be_built(workload: str, topology: str) -> None:
    """Uniform sampling of ArchGym's space gives 2 valid designs of 40; here all are."""
    problem = ENVIRONMENT.make_problem(workload, topology=topology, cpus=3, buses=5)
    batch = problem.space.sample(np.random.default_rng(0), 500)
    assert set(problem.outcomes(batch).labels()) == {"ok"}
    for design in batch.select(slice(0, 50)).dicts():
        pes = design["pes"].split(";")
        for task, pe in zip(
            problem.workload.task_names, design["task_pe"].split(";"), strict=True
        ):
            assert pes[int(pe)] == "A53" or pes[int(pe)].split(":")[1] == task
        assert bool(design["bus_links"]) == (topology == "tree")


def test_the_alphabets_are_those_of_the_paper() -> None:
    """FARSI's library for edge_detection: 377 PEs, 48 memories, 24 interconnects."""
    words = alphabets_of(load_task_graph("edge_detection"))
    assert [len(part) for part in (words.pes, words.mems, words.buses)] == [377, 48, 24]
    space = ENVIRONMENT.make_problem("edge_detection").space
    drawn = space.sample(np.random.default_rng(0), 3000)
    seen = {word for text in drawn["pes"] for word in text.split(";")}
    assert seen == set(words.pes)


def test_settings_are_checked() -> None:
    for wrong in ({"cpus": 0}, {"buses": 65}, {"topology": "ring"}):
        with pytest.raises(SettingError):
            ENVIRONMENT.make_problem(**wrong)
    with pytest.raises(UnknownNameError):
        ENVIRONMENT.make_problem("no_such_graph")


@pytest.mark.parametrize("workload", sorted(ABOUT))
def test_a_genetic_search_meets_all_budgets(workload: str) -> None:
    """Within 1,000 evaluations; random search at twice as many does not on edge_detection."""
    problem = archgym.make_problem("soc.design", workload=workload)
    found = search(problem, archgym.make_agent("genetic", problem, seed=0), 1000)
    assert found.best["distance_to_budget"] == pytest.approx(MET)
    if workload == "edge_detection":
        other = search(problem, archgym.make_agent("random", problem, seed=0), 2000)
        assert other.best["distance_to_budget"] > 1.0


# -- moves ----------------------------------------------------------------------------------------


def moves_env(**arguments: object) -> gymnasium.Env:
    return gymnasium.make("archgym/soc.design-v0", **arguments).unwrapped


@pytest.mark.parametrize("workload", ["edge_detection", "audio_decoder"])
def test_every_allowed_move_changes_the_chip_and_others_do_not(workload: str) -> None:
    problem = ENVIRONMENT.make_problem(workload)
    moves, rng = Moves(problem.space, problem.workload), np.random.default_rng(0)
    sizes = np.array([axis.size for axis in problem.space.axes])
    tried = set()
    for codes in (problem.space.default.codes[0], *problem.space.sample(rng, 30).codes):
        for action, allowed in enumerate(moves.mask(codes)):
            if not allowed:
                continue
            after = moves.apply(action, codes)
            assert (after != codes).any()
            assert ((after >= 0) & (after < sizes)).all()
            tried.add(moves.moves[action].name)
    assert tried == {MIGRATE, SWAP, SPLIT, JOIN}


def test_split_and_join_move_what_blocks_carry() -> None:
    problem = ENVIRONMENT.make_problem("edge_detection")
    moves, codes = Moves(problem.space, problem.workload), problem.space.default.codes[0]
    number = {(move.name, move.target): at for at, move in enumerate(moves.moves)}
    assert not moves.mask(codes)[number[JOIN, "memory 0"]], "there is no other memory"
    split = moves.apply(number[SPLIT, "memory 0"], codes)
    occupancy = moves.layout.occupancy(split)
    assert {block: len(of) for block, of in occupancy["memory"].items()} == {0: 4, 1: 3}
    joined = moves.apply(number[JOIN, "memory 1"], split)
    assert (joined == codes).all()
    cores = moves.apply(number[SPLIT, "PE 0"], codes)
    assert len(moves.layout.occupancy(cores)["PE"][1]) == 3
    buses = moves.apply(number[SPLIT, "bus 0"], split)
    assert sorted(moves.layout.occupancy(buses)["bus"]) == [0, 1]


def test_swaps_are_of_blocks_in_use_alone() -> None:
    problem = ENVIRONMENT.make_problem("edge_detection")
    moves, codes = Moves(problem.space, problem.workload), problem.space.default.codes[0]
    allowed = [moves.moves[at] for at in np.flatnonzero(moves.mask(codes))]
    targets = {move.target for move in allowed if move.name == SWAP}
    assert targets == {
        *(f"{name} of memory 0" for name in ("kind", "width", "frequency")),
        *(f"{name} of bus 0" for name in ("width", "frequency")),
    }


def test_observations_and_rewards_are_of_the_present_chip() -> None:
    """Never of the one before; the return is the fall of the distance over that of the start."""
    env = moves_env(workload="audio_decoder", episode_length=40)
    rng = np.random.default_rng(1)
    observation, info = env.reset(seed=0)
    start, total = info["metrics"]["distance_to_budget"], 0.0
    for _ in range(40):
        mask = env.action_masks()
        assert (info["action_mask"] == mask).all()
        action = int(rng.choice(np.flatnonzero(mask)))
        observation, reward, terminated, truncated, info = env.step(action)
        total += reward
        assert env.observation_space.contains(observation)
        fresh = env.problem.evaluate([info["design"]])
        assert fresh["distance_to_budget"][0] == info["metrics"]["distance_to_budget"]
        assert total == pytest.approx(1.0 - info["metrics"]["distance_to_budget"] / start)
        if terminated or truncated:
            break
    assert terminated == (info["metrics"]["distance_to_budget"] <= MET)
    assert truncated == (not terminated)


def test_a_forbidden_move_leaves_the_chip_as_it_is() -> None:
    env = moves_env()
    _, before = env.reset(seed=0)
    forbidden = int(np.flatnonzero(~env.action_masks())[0])
    _, reward, _, _, after = env.step(forbidden)
    assert reward == 0.0
    assert after["design"] == before["design"]
    assert after["metrics"] == before["metrics"]


def test_the_bottleneck_of_a_chip_is_observed() -> None:
    """All tasks of edge_detection on one core are held back by it."""
    env = moves_env(workload="edge_detection")
    observation, info = env.reset(seed=0)
    graph, layout = env.problem.workload, env._moves.layout
    counts = [layout.counts[kind] for kind in ("PE", "memory", "bus")]
    tail = observation[-1 - sum(counts) : -1]
    assert tail.sum() == pytest.approx(1.0, abs=1e-5), "the critical path lasts the latency"
    assert tail[0] > 0.99, "core 0"
    per_task = observation[-1 - sum(counts) - 6 * len(graph.task_names) : -1 - sum(counts)]
    critical, lengths = per_task.reshape(6, -1)[0], per_task.reshape(6, -1)[2]
    assert (critical * lengths).sum() == pytest.approx(1.0, abs=1e-5)
    assert info["metrics"]["distance_to_budget"] > 90


def test_other_rewards_and_starts() -> None:
    env = moves_env(workload="audio_decoder", reward="distance", start="random")
    first = env.reset(seed=0)[1]["design"]
    assert env.reset(seed=0)[1]["design"] == first
    assert env.reset(seed=1)[1]["design"] != first
    action = int(np.flatnonzero(env.action_masks())[0])
    _, reward, _, _, info = env.step(action)
    assert reward == -info["metrics"]["distance_to_budget"]
    env = moves_env(workload="audio_decoder", reward="improvement", objective="latency")
    _, before = env.reset()
    _, reward, _, _, after = env.step(int(np.flatnonzero(env.action_masks())[3]))
    assert reward == pytest.approx(after["objectives"][0] - before["objectives"][0])
    for wrong in ({"reward": "speed"}, {"start": "best"}, {"episode_length": 0}):
        with pytest.raises((SettingError, UnknownNameError)):
            moves_env(**wrong)


# -- the command line -----------------------------------------------------------------------------


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output + str(done.exception or "")


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_seven_columns_are_evaluated_and_shown(tmp_path: Path) -> None:
    good = dict(
        zip(
            SEVEN,
            ("A53", "dram:8:6", "ic:64:4", "0", "0", "0;0;0;0;0;0;0;0", "0;0;0;0;0;0;0;0"),
            strict=True,
        )
    )
    foreign = good | {
        "pes": "A53;ip:computeGradient:2:1",
        "pe_bus": "0;0",
        "task_pe": "1" + ";1" * 7,
    }
    designs, output = write(tmp_path / "in.csv", [good, foreign, good]), tmp_path / "out.csv"
    code, text = run(
        "evaluate", "soc.design", "--workload", "edge_detection", "--designs", designs,
        "--output", output, "--detail", tmp_path / "detail",
    )  # fmt: skip
    assert code == 0, text
    rows = list(csv.DictReader(output.open()))
    assert [{name: row[name] for name in SEVEN} for row in rows] == [good, foreign, good]
    assert float(rows[0]["latency_s"]) == pytest.approx(3.294825984, rel=1e-9)
    assert rows[1]["latency_s"] == rows[1]["distance_to_budget"] == ""
    assert "runs computeGradient alone" in rows[1]["error"]
    assert rows[2] == rows[0]
    assert (tmp_path / "detail" / "row-0-tasks.csv").exists()


def test_bad_input_is_one_clear_error(tmp_path: Path) -> None:
    common = ("evaluate", "soc.design", "--output", tmp_path / "out.csv", "--designs")
    code, text = run(*common, write(tmp_path / "a.csv", [{"pes": "A53;gpu"}]))
    assert code != 0
    assert "row 1, column 'pes': 'gpu'" in text
    code, text = run(*common, write(tmp_path / "b.csv", [{"pse": "A53"}]))
    assert code != 0
    assert "did you mean 'pes'" in text
    assert not (tmp_path / "out.csv").exists()


def test_a_chip_is_exported(tmp_path: Path) -> None:
    designs = write(tmp_path / "in.csv", [{"buses": "ic:4:1;ic:8:4;ic:4:1"}])
    code, text = run("export", "soc.design", "--designs", designs, "--output", tmp_path / "out")
    assert code == 0, text
    written = next((tmp_path / "out").rglob("design.json")).read_text()
    assert '"block": "ip:gaussianSmoothing:1:1"' in written
    assert '"0-1"' in written
