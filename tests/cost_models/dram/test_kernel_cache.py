"""Machine code on disk: never stale, wherever the package lies, from several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archgym.cost_models.compiled import Compiler, sources_hash
from archgym.cost_models.dram.engine import compiled

PROGRAM = """
from archgym.cost_models.dram.engine.compiled import COMPILER
from archgym.cost_models.dram.engine.statistics import latency_statistics
import numpy as np
bins, out = np.zeros(8, np.int64), np.zeros(3)
none, burst = np.zeros(0, np.int32), np.zeros((2, 4), np.int32)
latency_statistics(np.array([3, 5]), none, burst, np.array([0.5]), bins, out)
stats = latency_statistics.stats
print(out[2], sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), COMPILER.folder)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"XDG_CACHE_HOME": str(folder), "NUMBA_CACHE_DIR": ""}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return output.split()


def test_the_second_process_finds_the_code_of_the_first(tmp_path: Path) -> None:
    first, second = finish(start(tmp_path)), finish(start(tmp_path))
    assert first[:3] == ["5.0", "0", "1"]
    assert second[:3] == ["5.0", "1", "0"]
    assert first[3] == second[3]
    assert Path(first[3]).is_relative_to(tmp_path)


def test_processes_may_compile_at_the_same_time(tmp_path: Path) -> None:
    running = [start(tmp_path) for _ in range(2)]
    assert [finish(process)[0] for process in running] == ["5.0", "5.0"]


@pytest.mark.parametrize("name", ["engine/timing.py", "commands.py"])
def test_changed_sources_get_another_folder(tmp_path: Path, name: str) -> None:
    package = Path(compiled.__file__).parents[1]
    (tmp_path / "engine").mkdir()
    for source in [*package.glob("engine/*.py"), package / "commands.py"]:
        (tmp_path / source.relative_to(package)).write_bytes(source.read_bytes())
    before = sources_hash(tmp_path / "engine", [tmp_path / "commands.py"])
    assert before == sources_hash(package / "engine", [package / "commands.py"])
    changed = tmp_path / name
    changed.write_text(changed.read_text("utf-8") + "# another line\n", "utf-8")
    assert sources_hash(tmp_path / "engine", [tmp_path / "commands.py"]) != before


def test_a_folder_that_cannot_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert Compiler("dram", compiled.COMPILER.sources).folder.is_dir()
