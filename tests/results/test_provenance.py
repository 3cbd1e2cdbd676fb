"""A run says where it comes from, and never a secret."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from archgym.results import provenance
from archgym.results.provenance import code_state, environment_variables, run_provenance, versions
from archgym.results.store import Store
from tests.experiments.launching import run_locally, toy_plan


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    said = subprocess.run(
        ["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True
    )
    return said.stdout.strip()


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    provenance._git_state.cache_clear()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_state_of_the_working_directory_is_told(elsewhere: Path) -> None:
    assert "working_directory" not in code_state()
    git(elsewhere, "init", "-q")
    (elsewhere / "launch.yaml").write_text("name: x")
    git(elsewhere, "add", ".")
    git(elsewhere, "commit", "-q", "-m", "first")
    for content, dirty in (("name: x", False), ("name: y", True)):
        (elsewhere / "launch.yaml").write_text(content)
        provenance._git_state.cache_clear()
        told = code_state()["working_directory"]
        assert told == {"commit": git(elsewhere, "rev-parse", "HEAD"), "dirty": dirty}


def test_without_git_the_state_is_left_out(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(elsewhere))
    assert code_state() == {}


def test_only_harmless_variables_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "OMP_NUM_THREADS": "1",
        "ARCHGYM_CACHE": "/tmp/cache",
        "ARCHGYM_API_KEY": "hush",
        "ARCHGYM_TOKEN": "hush",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "HOME": "/home/me",
    }.items():
        monkeypatch.setenv(name, value)
    told = environment_variables()
    assert told["OMP_NUM_THREADS"] == "1"
    assert told["ARCHGYM_CACHE"] == "/tmp/cache"
    assert "HOME" not in told
    assert "hush" not in json.dumps(run_provenance())


def test_a_run_holds_all_of_it(tmp_path: Path) -> None:
    run_locally(toy_plan(problems=[{"env": "tests.toys:TOY"}], seeds=1), tmp_path / "s")
    (run,) = Store.open(tmp_path / "s").runs()
    told, done = run.read_run(), run.read_done() or {}
    assert told["versions"] == versions()
    assert told["versions"].keys() >= {"python", "archgym", "numpy", "pyarrow"}
    assert told["spec"]["seed"] == 0
    assert told["host"].keys() >= {"name", "cpus", "processor"}
    assert told["code"] == code_state()
    assert done["last_attempt"]["wall_seconds"] >= done["evaluate_seconds"] > 0.0
    assert done["last_attempt"]["cpu_seconds"] > 0.0
    rewards = [reward for _, reward in done["improvements"]]
    assert rewards == sorted(set(rewards))
    assert rewards[-1] == done["best"]["reward"]
