"""Learned policies: files, what the engine sees and scores, and the shipped ones' results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import archgym
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import (
    advance_to_decision,
    advance_under,
    commit_and_advance,
)
from archgym.cost_models.soc.schedule.engine.schedulers.policy import FEATURES, LOADS
from archgym.cost_models.soc.schedule.engine.state import Case, Run, Trace
from archgym.cost_models.soc.schedule.graphs import TASK_FEATURES
from archgym.cost_models.soc.schedule.policies import (
    find_policy,
    load_policy,
    policy_for,
    provenance_of,
    save_policy,
    shipped_policies,
)
from archgym.cost_models.soc.schedule.running import Options, highest_points, new_run, rules
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload, load_workload
from archgym.errors import WorkloadError

Arrays = dict[str, np.ndarray]


def drawn_policy(seed: int, units: int = 5, embedding: int = 3, second: int = 4) -> Arrays:
    """A policy of random numbers."""
    rng = np.random.default_rng(seed)
    shapes = {
        "read.weight": (6, TASK_FEATURES),
        "read.bias": (6,),
        "message.weight": (6, 6),
        "message.bias": (6,),
        "update.weight": (6, 12),
        "update.bias": (6,),
        "embed.weight": (embedding, 6),
        "embed.bias": (embedding,),
        "first.weight": (units, len(FEATURES) + embedding),
        "first.bias": (units,),
        "second.weight": (second, units),
        "second.bias": (second,),
        "last.weight": (1, second),
        "prior": (),
    }
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def run_traced(arrays: Arrays, workload: ScheduleWorkload, noise: np.ndarray) -> tuple[Run, Trace]:
    tasks = len(workload.instances[0])
    trace = Trace(
        np.zeros((len(noise), len(FEATURES)), np.float32),
        np.zeros(len(noise), np.int64),
        noise,
        *(np.zeros(tasks, np.int64) for _ in range(3)),
        np.zeros((tasks, LOADS)),
        np.zeros(2, np.int64),
    )
    run = new_run(workload, Options(state.PERFORMANCE, highest_points(workload), power=False))
    policy = policy_for(arrays, workload.case)
    advance_under(workload.case, run, rules(state.POLICY, policy=policy, trace=trace), state.NEVER)
    return run, trace


def slow_embeddings(arrays: Arrays, case: Case, features: np.ndarray) -> list[np.ndarray]:
    """Task by task, message by message."""

    def layer(name: str, inputs: np.ndarray) -> np.ndarray:
        return np.tanh(arrays[f"{name}.weight"] @ inputs + arrays[f"{name}.bias"])

    states = [layer("read", row) for row in features]
    for _ in range(3):
        received = []
        for task in range(len(states)):
            after = [e["target"] for e in case.edges if e["source"] == task]
            sent = [layer("message", states[target]) for target in after]
            received.append(np.mean(sent, axis=0) if sent else np.zeros(6))
        states = [
            layer("update", np.concatenate([state, got]))
            for state, got in zip(states, received, strict=True)
        ]
    return [layer("embed", state) for state in states]


def slow_score(arrays: Arrays, seen: np.ndarray, embedding: np.ndarray) -> float:
    hidden = np.tanh(
        arrays["first.weight"] @ np.concatenate([seen, embedding]) + arrays["first.bias"]
    )
    deep = np.tanh(arrays["second.weight"] @ hidden + arrays["second.bias"])
    finish = list(FEATURES).index("plain_finish")
    return float(arrays["last.weight"][0] @ deep - arrays["prior"] * seen[finish])


@pytest.mark.parametrize("name", ["top_50us:jobs=12", "mix6_100us:jobs=12,noise=0.2"])
def test_the_engine_takes_the_pair_that_a_slow_network_scores_highest(name: str) -> None:
    from archgym.cost_models.soc.schedule.graphs import task_graphs

    workload, arrays = load_workload(name), drawn_policy(3)
    noise = np.random.default_rng(0).gumbel(size=60_000)
    _, trace = run_traced(arrays, workload, noise)
    embedding = slow_embeddings(arrays, workload.case, task_graphs(workload.case).features)
    decisions, pairs = trace.size.tolist()
    assert decisions == len(workload.instances[0])
    row = 0
    for at in range(decisions):
        rows = range(row, row + trace.pairs[at])
        scores = [
            slow_score(arrays, trace.seen[r].astype(float), embedding[trace.task[r]]) + noise[r]
            for r in rows
        ]
        best = np.sort(scores)[-2:]
        # float32 of what was put down decides no ties
        assert np.argmax(scores) == trace.chosen[at] or best[-1] - best[0] < 1e-4
        row += int(trace.pairs[at])
    assert row == pairs


def slow_view(case: Case, run: Run, instance: int, pe: int, scale: float) -> dict[str, float]:
    """What is seen of a pair at the first decision of a tick, computed from the schedule so far.

    Only for the performance governor. Of noisy times only the expected ones may be known.
    """
    now, task = int(run.clock["tick"][0]), int(run.tasks["task"][instance])

    def backlog(p: int) -> float:
        given = [i for i in range(len(run.tasks)) if run.tasks["pe"][i] == p]
        open_ = [i for i in given if np.isnan(run.tasks["finish"][i])]
        started = [i for i in open_ if run.tasks["start"][i] >= 0]
        waiting = [i for i in open_ if run.tasks["start"][i] < 0]
        time = {i: case.exec_us[run.tasks["task"][i], p] for i in given}
        going = sum(max(run.tasks["start"][i] + time[i] - now, 0) for i in started)
        return going + sum(time[i] for i in waiting)

    def data(p: int) -> float:
        latest = 0.0
        for at, edge in enumerate(case.edges):
            if edge["target"] == task:
                source = instance + edge["source"] - task
                finish = np.floor(run.tasks["finish"][source])
                there = finish + case.delays[at, case.link[run.tasks["pe"][source], p]] - now
                latest = max(latest, there)
        return latest

    able = [p for p in range(len(run.pes)) if np.isfinite(case.exec_us[task, p])]
    finish = {p: case.exec_us[task, p] + max(data(p), backlog(p)) for p in able}
    job = run.jobs[run.tasks["job"][instance]]
    log = np.log1p
    return {
        "execution": log(case.exec_us[task, pe] / scale),
        "data": log(data(pe) / scale),
        "backlog": log(backlog(pe) / scale),
        "finish": log(finish[pe] / scale),
        "excess_finish": log((finish[pe] - min(finish.values())) / scale),
        "excess_execution": log(
            (case.exec_us[task, pe] - min(case.exec_us[task, p] for p in able)) / scale
        ),
        "age": log((now - job["arrival"]) / scale),
        "mean_backlog": log(np.mean([backlog(p) for p in range(len(run.pes))]) / scale),
        "idle": float(backlog(pe) == 0),
        "plain_finish": finish[pe] / scale,
    }


def test_what_is_seen_of_pairs_follows_from_the_schedule_so_far() -> None:
    workload, arrays = load_workload("top_35us:jobs=5,noise=0.3"), drawn_policy(1)
    case, checked = workload.case, 0
    finished, trace = run_traced(arrays, workload, np.zeros(20_000))
    scale = policy_for(arrays, case).scale
    run = new_run(workload, Options(state.PERFORMANCE, highest_points(workload), power=False))
    status, at, row = advance_to_decision(case, run, state.NEVER), 0, 0
    while status == state.DECIDE:
        count = int(run.clock["ready"][0])
        ready = run.ready[:count].copy()
        assert trace.tick[at] == run.clock["tick"][0]
        pairs = [
            (i, p)
            for i in ready
            for p in range(3)
            if np.isfinite(case.exec_us[run.tasks["task"][i], p])
        ]
        assert trace.pairs[at] == len(pairs)
        for offset, (instance, pe) in enumerate(pairs):
            seen = dict(zip(FEATURES, trace.seen[row + offset], strict=True))
            for name, value in slow_view(case, run, instance, pe, scale).items():
                assert seen[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name
                checked += 1
        run.ready[:count] = ready[np.argsort(finished.tasks["order"][ready])]
        run.choice[:count] = finished.tasks["pe"][run.ready[:count]]
        row += int(trace.pairs[at : at + count].sum())
        at += count
        status = commit_and_advance(case, run, state.NEVER)
    assert checked > 500


def test_identical_pes_are_scored_once() -> None:
    workload = load_workload("single_wifi_tx")
    _, trace = run_traced(drawn_policy(2), workload, np.zeros(10_000))
    clusters_able = np.isfinite(workload.case.exec_us[0]).sum()
    assert clusters_able == 8
    assert trace.pairs[0] == 2


def test_files_keep_layers_and_provenance(tmp_path: Path) -> None:
    arrays, path = drawn_policy(0), tmp_path / "own.npz"
    save_policy(path, arrays, {"recipe": {"seed": 3}})
    for name, layer in load_policy(path).items():
        assert np.array_equal(layer, arrays[name].astype(np.float32))
    assert provenance_of(path) == {"recipe": {"seed": 3}}
    first = path.read_bytes()
    save_policy(path, arrays, {"recipe": {"seed": 3}})
    assert path.read_bytes() == first


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    broken, path = drawn_policy(0), tmp_path / "own.npz"
    broken["second.weight"] = np.zeros((4, 7))
    save_policy(path, broken, {})
    with pytest.raises(WorkloadError, match=r"own\.npz: layer second has shape \(4, 7\)"):
        load_policy(path)
    path.write_text("no policy")
    with pytest.raises(WorkloadError, match=r"own\.npz: cannot be read"):
        load_policy(path)
    with pytest.raises(WorkloadError, match="none of mix6, top3"):
        find_policy(tmp_path / "absent")


def held_out(workload: str, schedulers: list[str]) -> dict[str, float]:
    """Mean job latency over seeds that training did not see."""
    problems = [
        archgym.make_problem("soc.schedule", workload=f"{workload},seed={seed}", energy=False)
        for seed in (101, 102)
    ]
    designs = [{"scheduler": scheduler} for scheduler in schedulers]
    found = [problem.evaluate(designs)["mean_job_latency_us"] for problem in problems]
    return dict(zip(schedulers, np.mean(found, axis=0), strict=True))


HEURISTICS = ["ETF", "MET", "EFT", "STF", "HEFT_RT", "ETF_LB"]


@pytest.mark.parametrize(
    ("policy", "workload", "below_etf", "below_best"),
    [
        ("top3", "top_50us:jobs=1000", 0.10, 0.06),
        ("top3", "top_50us:jobs=1000,noise=0.2", 0.10, 0.06),
        ("top3", "top_35us:jobs=1000", 0.40, 0.40),
        ("mix6", "mix6_50us:jobs=1000", 0.03, 0.03),
        ("mix6", "mix6_50us:jobs=1000,noise=0.2", 0.03, 0.03),
    ],
)
def test_shipped_policies_lead_on_arrivals_they_have_not_seen(
    policy: str, workload: str, below_etf: float, below_best: float
) -> None:
    found = held_out(workload, [*HEURISTICS, f"policy:{policy}"])
    learned = found[f"policy:{policy}"]
    assert learned < (1 - below_etf) * found["ETF"]
    assert learned < (1 - below_best) * min(found[name] for name in HEURISTICS)


def test_shipped_policies_say_how_they_were_trained() -> None:
    for name, path in shipped_policies().items():
        assert provenance_of(path)["recipe"]["name"] == name
        assert path.stat().st_size < 50_000
