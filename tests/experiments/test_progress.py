"""The live view shows what the small files of the running trials say."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from archgym.experiments.progress import Progress
from archgym.experiments.trial import Report
from archgym.results.files import make_folder, write_json
from archgym.results.store import State, Store
from tests.experiments.launching import toy_plan


def test_the_view_counts_and_ranks(tmp_path: Path) -> None:
    store, trials = Store.create(tmp_path), toy_plan().trials
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=150)
    with Progress("toys", store, console) as progress:
        before = Report(trials[0].run_id, "", State.DONE, best_reward=2.5)
        progress.began(trials[1:4], [(trials[0], before)])
        for trial in trials[1:3]:
            progress.submitted(trial)
        ended = Report(trials[1].run_id, "", State.DONE, new_evaluations=50, best_reward=1.25)
        progress.ended(trials[1], ended)
        folder = store.folder(trials[2])
        make_folder(folder.path)
        write_json(folder.progress_file, {"new_evaluations": 7, "best_reward": 3.75})
        plain = Console(file=io.StringIO(), width=150)
        with plain.capture() as shown:
            plain.print(progress._view())
    view = shown.get()
    assert "1 of 3 trials done, 1 submitted, 0 failed" in view
    assert "evaluations/s" in view
    assert "3.75" in view
    assert "1.25" in view
    assert "2.5" not in view
    assert view.count("1/2") == 2
    assert "PlainAgent" in view
    assert "left" in view


def test_it_is_quiet_where_nobody_watches(tmp_path: Path) -> None:
    text = io.StringIO()
    with Progress("toys", Store.create(tmp_path), Console(file=text)) as progress:
        progress.began(toy_plan().trials, [])
        for trial in toy_plan().trials:
            progress.submitted(trial)
            progress.ended(trial, Report(trial.run_id, "", State.DONE))
    assert text.getvalue() == "toys: 4 trials to run\n"
