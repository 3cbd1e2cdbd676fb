"""soc.schedule as users meet it: the command line, and the views decision by decision."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from typer.testing import CliRunner

import archgym
from archgym.cli import app
from archgym.cost_models.soc.schedule.engine.observing import PAIR
from archgym.errors import SettingError
from archgym.testing.view_checks import check_team
from archgym.views.making import make_team_env
from tests.shared_data import shared_data

ID = "archgym/soc.schedule-v0"
MIX = "mix6_100us:jobs=12"


def evaluate(folder: Path, table: str, *options: str, workload: str = MIX) -> list[dict[str, str]]:
    (folder / "in.csv").write_text(table)
    files = ["--designs", str(folder / "in.csv"), "--output", str(folder / "out.csv")]
    arguments = ["evaluate", "soc.schedule", "--workload", workload, *files, *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    with (folder / "out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_evaluate_meets_ds3_with_details(tmp_path: Path) -> None:
    folder = shared_data("soc", "cases", "mix6_s100")
    designs, workload = (folder / "designs.csv").read_text(), str(folder / "workload.yaml")
    rows = evaluate(tmp_path, designs, "--detail", str(tmp_path / "d"), workload=workload)
    with (folder / "expected_metrics.csv").open(newline="") as file:
        for row, wanted in zip(rows, csv.DictReader(file), strict=True):
            assert row["scheduler"] == wanted["scheduler"]
            assert row["status"] == "ok"
            for name in list(wanted)[2:]:
                assert float(row[name]) == pytest.approx(float(wanted[name]), 1e-9), name
    lines = (tmp_path / "d" / "schedule_2.csv").read_text().splitlines()
    assert lines[0] == "job,task,pe,start_us,finish_us"
    assert len(lines) == 1701


def test_a_bad_row_costs_only_itself(tmp_path: Path) -> None:
    designs = ("ETF,,", "replay,,no.csv", "replay,,", "policy:no,,", "MET,constant-600,")
    table = "\n".join(["scheduler,governor,plan", *designs, ""])
    rows = evaluate(tmp_path, table)
    assert [row["status"] for row in rows] == ["ok", *["infeasible"] * 3, "ok"]
    assert "plan no.csv: cannot be read" in rows[1]["error"]
    assert "needs the path of a plan" in rows[2]["error"]
    assert "no" in rows[3]["error"]
    assert all(rows[at]["mean_job_latency_us"] == "" for at in (1, 2, 3))
    assert evaluate(tmp_path, table) == rows


def test_workloads_are_described_with_the_numbers_of_tasks(tmp_path: Path) -> None:
    for name in ("mix6_closed", "single_lag"):
        arguments = ["describe", "soc.schedule", "--workload", name, "--format", "json"]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert "xcorr_ifft" in result.output


def test_wrong_words_and_columns_are_refused(tmp_path: Path) -> None:
    for table, reason in (
        ("scheduler\nFOO\n", "'FOO' is not allowed"),
        ("governor\nconstant-17\n", "'constant-17' is not allowed"),
        ("schedular\nETF\n", "schedular"),
    ):
        (tmp_path / "in.csv").write_text(table)
        files = ["--designs", str(tmp_path / "in.csv"), "--output", str(tmp_path / "no.csv")]
        result = CliRunner().invoke(app, ["evaluate", "soc.schedule", *files])
        assert result.exit_code != 0
        assert reason in str(result.exception)
        assert not (tmp_path / "no.csv").exists()


def test_an_exported_schedule_is_a_plan_that_replays(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("scheduler\nETF\n")
    options = ["--designs", str(tmp_path / "in.csv"), "--output", str(tmp_path / "x")]
    result = CliRunner().invoke(app, ["export", "soc.schedule", "--workload", MIX, *options])
    assert result.exit_code == 0, result.output
    exported = json.loads((tmp_path / "x" / "row-0" / "schedule.json").read_text())
    assert exported["tasks"][0]["name"].count(".") == 1
    with (tmp_path / "plan.csv").open("w", newline="") as file:
        names = ("job", "task", "pe", "start_us")
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(exported["tasks"])
    etf, replayed = evaluate(tmp_path, "scheduler,plan\nETF,\nreplay,plan.csv\n")
    assert etf["mean_job_latency_us"] == replayed["mean_job_latency_us"]
    assert float(etf["energy_uj"]) == pytest.approx(float(replayed["energy_uj"]), rel=1e-3)


@pytest.mark.parametrize("space", ["heuristics", "weights", "priority", "table", "all"])
def test_every_space_is_searched(space: str) -> None:
    problem = archgym.make_problem("soc.schedule", workload="top_50us:jobs=20", space=space)
    outcomes = problem.outcomes(problem.space.sample(np.random.default_rng(0), 12))
    assert outcomes.labels() == ["ok"] * 12
    assert len(set(outcomes.reward.tolist())) > 1


def test_optimal_without_a_single_job_is_a_row_error() -> None:
    problem = archgym.make_problem("soc.schedule", workload="top_50us:jobs=20")
    row = problem.evaluate([{"scheduler": "optimal"}]).iloc[0]
    assert row["status"] == "infeasible"
    assert "needs one job" in row["error"]


# -- decision by decision ------------------------------------------------------------------------


def episode(env: Any, choose: Any, seed: int = 0) -> tuple[list[float], dict[str, Any]]:
    observation, info = env.reset(seed=seed)
    rewards, over = [], False
    while not over:
        observation, reward, over, _, info = env.step(choose(observation, info["action_mask"]))
        rewards.append(reward)
    return rewards, info


@pytest.mark.parametrize("workload", ["top_35us:jobs=30", MIX])
def test_rewards_sum_to_all_latencies(workload: str) -> None:
    env, rng = gymnasium.make(ID, workload=workload).unwrapped, np.random.default_rng(0)
    rewards, info = episode(env, lambda _, mask: rng.choice(np.flatnonzero(mask)))
    jobs = len(env.decisions.workload.arrivals)
    assert sum(rewards) == pytest.approx(-jobs * info["metrics"]["mean_job_latency_us"])
    assert max(rewards) <= 0
    assert len(rewards) >= 10 * jobs / 2


def _earliest(env: Any) -> Any:
    """EFT out of the observation: the first ready task, where it is done first."""

    def choose(observation: Any, mask: Any) -> int:
        pairs = env.decisions.split(observation)["pairs"][0]
        able = pairs[:, PAIR.index("supported")] > 0
        return int(np.argmin(np.where(able, pairs[:, PAIR.index("finish")], 2.0)))

    return choose


@pytest.mark.parametrize("workload", ["top_35us:jobs=30", "single_wifi_rx", MIX])
def test_a_policy_on_observations_is_the_compiled_heuristic(workload: str) -> None:
    env = gymnasium.make(ID, workload=workload, new_arrivals=False).unwrapped
    _, info = episode(env, _earliest(env))
    problem = archgym.make_problem("soc.schedule", workload=workload)
    row = problem.evaluate([{"scheduler": "EFT"}]).iloc[0]
    for name in ("mean_job_latency_us", "makespan_us", "energy_uj"):
        assert info["metrics"][name] == pytest.approx(row[name], rel=1e-12)


def test_observations_show_the_graph() -> None:
    env = gymnasium.make(ID, workload="single_top").unwrapped
    first, info = env.reset(seed=0)
    parts = env.decisions.split(first)
    assert parts["tasks"][:, 0].sum() == 10
    edges = env.decisions.workload.case.edges
    wanted = {(int(a), int(b)) for a, b in zip(edges["source"], edges["target"], strict=True)}
    assert set(zip(*(axis.tolist() for axis in np.nonzero(parts["adjacency"])), strict=True)) == (
        wanted
    )
    assert info["action_mask"].sum() == 3
    second = env.step(0)[0]
    later = env.decisions.split(second)
    assert later["tasks"][:, 0].sum() == 9
    assert later["tasks"][:, 1].sum() == 5


def test_an_illegal_action_stands_for_a_legal_one() -> None:
    env = gymnasium.make(ID, workload="single_wifi_tx").unwrapped
    _, info = env.reset(seed=0)
    legal = np.flatnonzero(info["action_mask"])
    illegal = next(a for a in range(16, 128) if not info["action_mask"][a])
    env.step(illegal)
    assert env._run.tasks["pe"][0] == legal[illegal % len(legal)] % 16


@pytest.mark.parametrize("threads", [1, 2])
def test_the_vector_environment_is_single_ones(threads: int) -> None:
    options = {"workload": "mix6_50us:jobs=3", "energy": True}
    vector = gymnasium.make_vec(ID, num_envs=3, threads=threads, **options)
    singles = [gymnasium.make(ID, **options).unwrapped for _ in range(3)]
    seen, info = vector.reset(seed=7)
    masks, ended = info["action_mask"], 0
    for at, env in enumerate(singles):
        assert (env.reset(seed=7 + at)[0] == seen[at]).all()
    rng = np.random.default_rng(1)
    for _ in range(150):
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])
        seen, rewards, over, _, info = vector.step(actions)
        masks = info["action_mask"]
        for at, env in enumerate(singles):
            one, reward, done, _, told = env.step(actions[at])
            assert (reward, done) == (rewards[at], over[at])
            if done:
                ended += 1
                assert (info["final_obs"][at] == one).all()
                metrics = info["final_info"]["metrics"]
                assert {k: v[at] for k, v in metrics.items()} == told["metrics"]
                one, _ = env.reset()
            assert (one == seen[at]).all()
    assert ended >= 3
    vector.close()


# -- the team ------------------------------------------------------------------------------------


def team_episode(team: Any, act: Any, seed: int = 0) -> tuple[float, dict[str, Any]]:
    team.reset(seed=seed)
    total, info = 0.0, {}
    while team.agents:
        actions = {agent: act(agent) for agent in team.agents}
        _, rewards, _, _, infos = team.step(actions)
        assert len(set(rewards.values())) == 1
        total += next(iter(rewards.values()))
        info = next(iter(infos.values()))
    return total, info


def test_a_team_that_declines_is_eft_at_the_highest_frequency() -> None:
    team = make_team_env("soc.schedule", workload=MIX, new_arrivals=False)
    assert team.possible_agents == ["A7", "A15", "MM", "FFT", "VIT", "governor"]
    top = team.action_space("governor").nvec - 1
    total, info = team_episode(team, lambda agent: top if agent == "governor" else 0)
    row = archgym.make_problem("soc.schedule", workload=MIX).evaluate([{"scheduler": "EFT"}])
    for name in ("mean_job_latency_us", "energy_uj"):
        assert info["metrics"][name] == pytest.approx(row[name][0], rel=1e-12)
    assert total == pytest.approx(-12 * info["metrics"]["mean_job_latency_us"])


def test_bids_and_frequencies_matter() -> None:
    team = make_team_env("soc.schedule", workload=MIX, new_arrivals=False, energy_price=1.0)
    low = np.zeros(2, dtype=int)
    _, info = team_episode(team, lambda agent: low if agent == "governor" else int(agent == "A7"))
    slow = info["metrics"]
    rng = np.random.default_rng(0)
    spaces = {agent: team.action_space(agent) for agent in team.possible_agents}
    for agent, space in spaces.items():
        space.seed(int(rng.integers(100)) + len(agent))
    total, info = team_episode(team, lambda agent: spaces[agent].sample())
    metrics = info["metrics"]
    paid = 12 * metrics["mean_job_latency_us"] + metrics["energy_uj"]
    assert total == pytest.approx(-paid)
    assert slow["mean_job_latency_us"] > metrics["mean_job_latency_us"]
    assert slow["average_power_mw"] < metrics["average_power_mw"]


def test_the_team_conforms_with_a_governor() -> None:
    check_team(lambda: make_team_env("soc.schedule", workload="mix6_50us:jobs=4"))


def test_options_are_checked() -> None:
    for wrong in ({"slots": 9, "window": 8}, {"window": 0}, {"governor": "fast"}):
        with pytest.raises(archgym.errors.ArchgymError):
            gymnasium.make(ID, **wrong)
    with pytest.raises(SettingError, match="energy_price"):
        make_team_env("soc.schedule", energy=False, energy_price=1.0)
