"""Where compiled kernels are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import numba

from archgym.cost_models import compiled
from archgym.cost_models.compiled import Compiler, sources_hash

KERNELS = Path(compiled.__file__).parent / "dnn" / "mapping" / "kernels"


def test_any_change_of_any_source_changes_the_folder(tmp_path):
    copy = tmp_path / "kernels"
    shutil.copytree(KERNELS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = sources_hash(copy)
    assert before == sources_hash(KERNELS)
    with (copy / "tiles.py").open("a") as file:
        file.write("# changed\n")
    changed = sources_hash(copy)
    (copy / "tiles.py").rename(copy / "tile.py")
    assert len({before, changed, sources_hash(copy)}) == 3


def test_kernels_keep_their_code_in_it_and_helpers_are_callable(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    compiler = Compiler("test", KERNELS)
    twice = compiler.helper(_twice)
    assert twice(4) == 8
    assert compiler.folder.parent == tmp_path
    assert compiler.folder.name.startswith("archgym-test-")
    assert compiler.kernel(_twice)(5) == 10
    assert any(compiler.folder.rglob("*.nbi"))
    assert str(tmp_path) == numba.config.CACHE_DIR, "it is set for the kernel alone"


def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Compiler("test", KERNELS).folder.is_relative_to(tmp_path / "cache")


def _twice(number):
    return 2 * number
