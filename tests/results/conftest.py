"""The command line in the process of the tests: as a user types it, without a start each time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archgym.cli import main
from tests.results.benchmarks import Spoken


@pytest.fixture
def spoken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Spoken:
    """Return a function: words -> exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def speak(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["archgym", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return speak
