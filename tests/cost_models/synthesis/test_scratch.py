"""Scratch folders go away with their owners, also with killed ones."""

from __future__ import annotations

import gc
import subprocess
import sys

from archgym.cost_models.synthesis.scratch import ScratchFolder, sweep


def test_a_folder_goes_away_with_its_object(tmp_path):
    first, second = ScratchFolder(tmp_path), ScratchFolder(tmp_path)
    (first.path / "file").write_text("x")
    assert len(list(tmp_path.iterdir())) == 2
    path = first.path
    del first
    gc.collect()
    assert not path.exists()
    assert second.path.is_dir()


def test_folders_of_killed_processes_are_swept_and_others_are_left(tmp_path):
    code = (
        "import os, pathlib, sys\n"
        "from archgym.cost_models.synthesis.scratch import ScratchFolder\n"
        "folder = ScratchFolder(pathlib.Path(sys.argv[1]))\n"
        "print(folder.path, flush=True)\n"
        "os.kill(os.getpid(), 9) if sys.argv[2] == 'die' else sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    dead = subprocess.run([*words, "die"], capture_output=True, text=True).stdout.strip()
    living = subprocess.Popen(
        [*words, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    mine, other = ScratchFolder(tmp_path), living.stdout.readline().strip()
    foreign = tmp_path / "archgym-abc-without-lock"
    foreign.mkdir()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([mine.path, tmp_path / other, foreign])
    assert dead not in map(str, tmp_path.iterdir())
    living.communicate()
    assert sorted(tmp_path.iterdir()) == sorted([mine.path, foreign])
