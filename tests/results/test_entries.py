"""Entries: small, repeatable, and refused where a single bit of them is not what comes out."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgym.errors import StoreError, UnknownNameError
from archgym.results.benchmark import Benchmark, benchmark_names, load_benchmark
from archgym.results.benchmark_board import board_rows
from archgym.results.benchmark_runs import entrants_of
from archgym.results.entry import Entry, entry_files, read_entry, write_entry
from archgym.results.entry_checking import entrants_of_files, verify_entry
from archgym.results.entry_making import make_entry
from archgym.results.store import Store
from benchmarks import leaderboards
from tests.experiments.launching import ODD
from tests.results.benchmarks import (
    Spoken,
    front_benchmark,
    run_benchmark,
    toy_store,
    write_benchmark,
)

SHIPPED = Path(__file__).resolve().parents[2] / "docs" / "leaderboards"
PLAIN = f"{ODD}:PlainAgent"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A benchmark's file and a store of runs."""
    folder = tmp_path_factory.mktemp("entries")
    path, store = write_benchmark(folder), folder / "runs"
    toy_store(path, store)
    return path, store


@pytest.fixture(scope="module")
def benchmark(made: tuple[Path, Path]) -> Benchmark:
    return load_benchmark(str(made[0]))


@pytest.fixture(scope="module")
def entry(made: tuple[Path, Path], benchmark: Benchmark) -> Entry:
    return make_entry(Store.open(made[1]), benchmark, PLAIN, {})


def tampered(entry: Entry, change: Callable[[dict[str, Any]], None]) -> Entry:
    """Return an entry of which something was changed."""
    data = json.loads(entry.model_dump_json())
    change(data)
    return Entry.model_validate(data)


# -- what holds ----------------------------------------------------------------------------------


def test_an_honest_entry_holds_and_scores_as_its_store(
    made: tuple[Path, Path], benchmark: Benchmark, entry: Entry, tmp_path: Path
) -> None:
    verdict = verify_entry(entry, str(made[0]), rerun=True)
    assert verdict.ok, verdict.refusals
    assert (verdict.trials, verdict.rerun) == (6, 6)
    assert verdict.evaluations == sum(len(trial.steps) for trial in entry.trials)
    write_entry(tmp_path / "plain.json.gz", entry)
    of_entry = board_rows(benchmark, entrants_of_files([tmp_path], benchmark))
    of_store = board_rows(benchmark, entrants_of(Store.open(made[1]), benchmark))
    (row,) = [row for row in of_store if row["agent"] == PLAIN]
    for name in ("score", "low_95", "high_95", "mean_best", "evaluations_to_target", "runs"):
        assert of_entry[0][name] == row[name]
    assert entry.score == row["score"]


def test_the_same_runs_make_the_same_bytes(
    made: tuple[Path, Path], benchmark: Benchmark, entry: Entry, tmp_path: Path
) -> None:
    again = make_entry(Store.open(made[1]), benchmark, PLAIN, {})
    for name in ("c.json", "a.json.gz", "a.json.xz"):
        write_entry(tmp_path / name, entry)
        assert read_entry(tmp_path / name) == entry
    write_entry(tmp_path / "b.json.gz", again)
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()


def test_the_last_improvement_is_the_best_design(entry: Entry) -> None:
    for trial in entry.trials:
        best = max(trial.rewards)
        assert np.maximum.accumulate(trial.rewards)[-1] == best
        assert len(trial.steps) <= trial.evaluations
        assert all(len(values) == len(trial.steps) for values in trial.designs.values())


def test_several_objectives_hold_too(tmp_path: Path) -> None:
    benchmark = front_benchmark(tmp_path)
    path = tmp_path / "fronts-v1.yaml"
    run_benchmark(path, tmp_path / "runs", ["nsga2"])
    entry = make_entry(Store.open(tmp_path / "runs"), benchmark, "nsga2", {})
    assert verify_entry(entry, str(path), rerun=True).ok

    def boast(data: dict[str, Any]) -> None:
        data["trials"][0]["objectives"][-1][0] *= 1.0 + 1e-15

    assert not verify_entry(tampered(entry, boast), str(path)).ok


# -- what does not -------------------------------------------------------------------------------


def boast_reward(data: dict[str, Any]) -> None:
    rewards = data["trials"][0]["rewards"]
    rewards[-1] = float(np.nextafter(rewards[-1], -np.inf))


def boast_metric(data: dict[str, Any]) -> None:
    data["trials"][2]["metrics"]["latency_ns"][0] *= 0.5


def swap_design(data: dict[str, Any]) -> None:
    banks = data["trials"][1]["designs"]["banks"]
    banks[0] += 1 if banks[0] < 5 else -1


def leave_space(data: dict[str, Any]) -> None:
    data["trials"][1]["designs"]["policy"][0] = "nonsense"


def claim_a_timeout(data: dict[str, Any]) -> None:
    """What timed out cannot be evaluated again: a hiding place, if it were skipped."""
    trial = data["trials"][0]
    trial["status"][-1] = "timeout"


def boast_score(data: dict[str, Any]) -> None:
    data["score"] += 0.01


def drop_trial(data: dict[str, Any]) -> None:
    del data["trials"][3]


def drop_sample(data: dict[str, Any]) -> None:
    """Keep the improvements alone, as one who hides what else was tried."""
    trial = data["trials"][0]
    best, kept = -np.inf, []
    for row, reward in enumerate(trial["rewards"]):
        if reward > best:
            best, kept = reward, [*kept, row]
    columns = [trial, trial["metrics"], trial["designs"]]
    for column in columns:
        for name, values in column.items():
            if isinstance(values, list) and values and name != "objectives":
                column[name] = [values[row] for row in kept]


def more_evaluations(data: dict[str, Any]) -> None:
    data["trials"][0]["evaluations"] = 41


def shorten_a_list(data: dict[str, Any]) -> None:
    data["trials"][0]["seconds"].pop()


def another_content(data: dict[str, Any]) -> None:
    data["benchmark_digest"] = "0" * 16


def another_version(data: dict[str, Any]) -> None:
    data["benchmark"] = "toys-v2"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (boast_metric, "latency_ns: "),
        (swap_design, "comes out"),
        (leave_space, "parameter 'policy': 'nonsense' is not allowed"),
        (claim_a_timeout, "status: 'timeout' is claimed, 'ok' comes out"),
        (boast_score, "score: "),
        (drop_trial, "is missing"),
        (drop_sample, "the sampled step"),
        (more_evaluations, "41 evaluations, the budget is 40"),
        (shorten_a_list, "different lengths"),
        (another_content, "was made with another content of toys-v1"),
        (another_version, "unknown benchmark of the entry 'toys-v2'; did you mean 'toys-v1'"),
    ],
)
def test_tampering_is_refused(
    made: tuple[Path, Path], entry: Entry, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    verdict = verify_entry(tampered(entry, change), str(made[0]))
    assert not verdict.ok
    assert says in "\n".join(verdict.refusals)


def test_a_single_bit_is_found_and_told_by_how_much(made: tuple[Path, Path], entry: Entry) -> None:
    verdict = verify_entry(tampered(entry, boast_reward), str(made[0]))
    told = "\n".join(verdict.refusals)
    first = entry.trials[0]
    assert f"seed 0, step {first.steps[-1]}, reward: " in told or "neither improves" in told
    assert not verdict.ok


def test_luck_claimed_too_early_is_found_by_searching_again(
    made: tuple[Path, Path], entry: Entry
) -> None:
    """Designs, rewards and sample are true, only the step of an improvement is not."""
    sampled = make_sampled(entry)
    at = next(
        (t, row)
        for t, trial in enumerate(entry.trials)
        for row, step in enumerate(trial.steps)
        if step not in sampled[t] and step > (trial.steps[row - 1] if row else -1) + 1
    )

    def earlier(data: dict[str, Any]) -> None:
        data["trials"][at[0]]["steps"][at[1]] -= 1

    cheating = tampered(entry, earlier)
    assert verify_entry(cheating, str(made[0])).ok
    verdict = verify_entry(cheating, str(made[0]), rerun=True)
    assert "the agent finds another value there" in "\n".join(verdict.refusals)


def make_sampled(entry: Entry) -> list[set[int]]:
    """Return the steps of each trial that improve nothing: sampled ones."""
    sampled = []
    for trial in entry.trials:
        best = np.maximum.accumulate(trial.rewards)
        sampled.append(
            {s for s, r, b in zip(trial.steps, trial.rewards, best, strict=True) if r < b}
        )
    return sampled


def test_another_version_of_the_cost_model_is_refused(
    made: tuple[Path, Path], entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.toys import DistanceModel

    monkeypatch.setattr(DistanceModel, "version", "2")
    verdict = verify_entry(entry, str(made[0]))
    assert "cost model 'distance' has version 2 here, the benchmark is of 1" in verdict.refusals[0]


# -- making --------------------------------------------------------------------------------------


def test_what_is_incomplete_or_not_clear_is_not_submitted(
    made: tuple[Path, Path], benchmark: Benchmark, tmp_path: Path
) -> None:
    store = Store.open(made[1])
    with pytest.raises(StoreError, match=r"several configurations of random fit.*--set"):
        make_entry(store, benchmark, "random", {})
    assert make_entry(store, benchmark, "random", {"batch_size": "10"}).score > 0
    with pytest.raises(StoreError, match="no configuration of random fit"):
        make_entry(store, benchmark, "random", {"batch_size": "11"})
    with pytest.raises(UnknownNameError, match="unknown hyper-parameter of agent 'random'"):
        make_entry(store, benchmark, "random", {"batchsize": "11"})
    with pytest.raises(UnknownNameError, match="unknown agent with runs of toys-v1"):
        make_entry(store, benchmark, "genetic", {})
    longer = load_benchmark(str(write_benchmark(tmp_path, seeds=5)))
    with pytest.raises(StoreError, match=r"4 of the 10 trials of toys-v1 are missing: .* 1 more"):
        make_entry(store, longer, PLAIN, {})


def test_files_that_are_no_entry_are_refused(tmp_path: Path, entry: Entry) -> None:
    with pytest.raises(StoreError, match=r"ends in \.json, \.json\.gz, \.json\.xz"):
        write_entry(tmp_path / "entry.txt", entry)
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(b"{}")[:-9])
    (tmp_path / "other.json").write_text("[1]")
    (tmp_path / "half.json").write_text('{"format": 1, "agent": 3}')
    (tmp_path / "cut.json.xz").write_bytes(lzma.compress(b"{}")[:-9])
    for name, says in (
        ("cut.json.gz", "cannot be read"),
        ("cut.json.xz", "cannot be read"),
        ("other.json", "is no entry of format 1"),
        ("half.json", "benchmark: Field required"),
    ):
        with pytest.raises(StoreError, match=says):
            read_entry(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="holds no entry"):
        entry_files([tmp_path / "empty"])


# -- the verbs -----------------------------------------------------------------------------------


def test_submit_and_verify_as_a_user_types_them(
    made: tuple[Path, Path], entry: Entry, tmp_path: Path, spoken: Spoken
) -> None:
    path, store = made
    words = ("--benchmark", path, "--store", store, "--agent", PLAIN)
    code, out, _ = spoken("leaderboard", "submit", *words, "--output", "plain.json")
    assert (code, "6 trials of toys-v1" in out) == (0, True)
    code, out, _ = spoken("leaderboard", "verify", "plain.json", "--benchmark", path)
    assert (code, "plain.json: toys-v1" in out, "ok, score" in out) == (0, True, True)
    write_entry(tmp_path / "bad.json", tampered(entry, boast_metric))
    code, out, _ = spoken("leaderboard", "verify", ".", "--benchmark", path)
    assert code == 1
    assert "REFUSED" in out
    assert "is claimed" in out
    words = ("leaderboard", "--benchmark", path, "--entries", "plain.json", "--format", "csv")
    code, out, _ = spoken(*words)
    assert (code, len(out.splitlines())) == (0, 2)


# -- what ships ----------------------------------------------------------------------------------


def test_every_benchmark_ships_entries_and_they_are_small() -> None:
    files = entry_files([SHIPPED])
    assert {path.parent.name for path in files} == set(benchmark_names())
    assert sum(path.stat().st_size for path in files) < 300_000


def test_the_page_shows_the_boards_of_these_entries() -> None:
    text = leaderboards.PAGE.read_text()
    assert leaderboards.page(text) == text, "run python -m benchmarks.leaderboards"


@pytest.mark.parametrize("name", benchmark_names())
def test_a_part_of_the_shipped_entries_reproduces(name: str) -> None:
    """All of them are verified by ``.ci/run``: this takes a tenth of the trials."""
    for path in entry_files([SHIPPED / name]):
        verdict = verify_entry(read_entry(path), share=0.1)
        assert verdict.ok, (path, verdict.refusals)
        assert verdict.evaluations
