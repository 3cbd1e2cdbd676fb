"""Sources of evaluations are compared on equally many designs, scored on unseen ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("torch", reason="needs the extra rl")

from archgym.cli import app
from archgym.cost_models.learned.rows import Rows
from archgym.experiments import source_diversity as study
from archgym.experiments.launch import read_launch
from archgym.experiments.plan import make_plan
from archgym.registry import make_problem
from archgym.results.store import Store

LAUNCH = Path(study.__file__).parent / "launches" / "source_diversity.yaml"


def test_the_launch_runs_the_sources_and_the_outsider():
    specs = make_plan(read_launch(LAUNCH), LAUNCH).trials
    assert {spec.agent for spec in specs} == {*study.SOURCES, study.OUTSIDER}
    assert len({spec.run_id for spec in specs}) == len(specs) == 6 * 6 * 3


@pytest.fixture(scope="module")
def pools():
    problem = make_problem("dram", workload="stream", space="archgym")
    found = {}
    for seed, name in enumerate((*study.SOURCES, study.OUTSIDER)):
        batch = problem.space.sample(np.random.default_rng(seed), 60)
        found[name] = Rows.of(batch, problem.measure(batch))
    return problem, found


def test_a_mixture_has_as_many_of_each_and_none_twice(pools):
    _, rows = pools
    twins = {"one": rows["random"], "two": rows["random"], "three": rows["ppo"]}
    mixed = study.mixture(twins, 30, np.random.default_rng(0))
    keys = mixed.batch.keys()
    assert len(set(keys)) == len(keys) == 30
    shared = {*rows["ppo"].batch.keys()} - {*rows["random"].batch.keys()}
    assert 9 <= len(shared & {*keys}) <= 10
    again = study.mixture(twins, 30, np.random.default_rng(0))
    assert np.array_equal(again.batch.codes, mixed.batch.codes)
    where = keys.index(next(iter(shared & {*keys})))
    was = rows["ppo"].batch.keys().index(keys[where])
    for name, values in mixed.metrics.items():
        assert np.array_equal(values[where], rows["ppo"].metrics[name][was], equal_nan=True)
    with pytest.raises(ValueError, match="larger sample"):
        study.mixture(twins, 300, np.random.default_rng(0))


def test_no_source_has_seen_what_is_scored_on(pools, monkeypatch):
    monkeypatch.setattr(study, "TESTED", 50)
    problem, rows = pools
    rows = {**rows, study.OUTSIDER: rows["genetic"].select(np.arange(40))}
    scored = study.unseen(problem, rows, np.random.default_rng(9))
    assert len(scored[study.OUTSIDER]) == 0
    keys = {*scored[study.UNIFORM].batch.keys()}
    assert len(keys) == 50
    assert not any(keys & {*rows[name].batch.keys()} for name in study.SOURCES)
    assert scored[study.UNIFORM].feasible.all()


def test_relative_errors_and_their_resamples():
    rng = np.random.default_rng(0)
    true, squared = rng.uniform(1.0, 3.0, 30), rng.uniform(0.0, 0.1, (4, 30))
    one = study.Errors("stream", "x", "y", "random", true, squared)
    slow = math.sqrt(sum(map(sum, squared.tolist())) / 120) / (sum(true) / 30)
    assert one.relative == pytest.approx(slow)
    drawn = one.resampled()
    assert drawn.mean() == pytest.approx(one.relative, rel=0.05)
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert low < one.relative < high
    twice = study.Errors("stream", "x", "y", "ppo", true, 4.0 * squared)
    assert twice.resampled() / drawn == pytest.approx(np.full(study.RESAMPLES, 2.0))
    same = study.Errors("stream", "x", "y", "ppo", np.ones(30), np.full((4, 30), 0.25))
    assert same.resampled() == pytest.approx(np.full(study.RESAMPLES, 0.5))


def test_the_study_reads_a_store_and_draws(tmp_path, monkeypatch, capsys):
    (tmp_path / "launch.yaml").write_text(
        "name: x\nproblems: [{env: dram, workload: stream, objective: [latency, energy],"
        " settings: {space: archgym}}]\nagents: [random, hill_climbing, simulated_annealing]\n"
        "budget: 40\nseeds: 1\n"
    )
    store = tmp_path / "runs"
    words = ["run", str(tmp_path / "launch.yaml"), "--store", str(store), "--workers", "1"]
    assert CliRunner().invoke(app, words).exit_code == 0
    monkeypatch.setattr(study, "SOURCES", ("random", "hill_climbing"))
    monkeypatch.setattr(study, "SEEDS", 2)
    monkeypatch.setattr(study, "TESTED", 60)
    (problem, rows) = study.pools(Store.open(str(store)))["stream"]
    assert problem.workload_name == "stream"
    keys = rows["hill_climbing"].batch.keys()
    assert 40 <= len(keys) == len({*keys}) <= 80
    picture = tmp_path / "picture.png"
    monkeypatch.setattr("sys.argv", ["x", str(store), "--picture", str(picture), "--rows", "30"])
    study.main()
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| stream")]
    assert len(table) == 3 * 2 * len(study.METRICS)
    assert all("| 1.00 | 1.00 - 1.00 |" in line for line in table if "| mixture |" in line)
    assert picture.read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("sys.argv", ["x", str(store), "--rows", "300"])
    with pytest.raises(SystemExit, match="2"):
        study.main()
    assert "of random on stream, 300 are needed" in capsys.readouterr().err
