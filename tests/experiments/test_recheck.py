"""Trials end by asking the true cost model: which designs, what it says, what may go wrong."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import archgym
from archgym.cli import app
from archgym.errors import LaunchError
from archgym.experiments.plan import Plan, read_plan
from archgym.results.attempts import forget_failure
from archgym.results.reader import batch_of, read_rows
from archgym.results.schema import TIMINGS
from archgym.results.spec import TrialSpec
from archgym.results.store import RunFolder, State, Store
from tests.experiments.launching import ROOT, run_locally, stored, toy_plan
from tests.experiments.launching import archgym as command
from tests.experiments.odd_truths import Belief, Truth

ODD = "tests.experiments.odd_truths:DOUBTFUL"
BELIEVED = [{"env": ODD, "cost_model": "belief"}]
SCHEMA_1 = Path(__file__).parents[1] / "results" / "data" / "schema_1"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory in which nothing misbehaves yet."""
    monkeypatch.chdir(tmp_path)
    Belief.asked.clear()
    Truth.calls.clear()
    return tmp_path


def plan_of(**changes: Any) -> Plan:
    launch = {"problems": BELIEVED, "agents": ["random"], "seeds": 1, "budget": 200, "recheck": 20}
    return toy_plan(**launch | changes)


def only_run(store: Path) -> RunFolder:
    (folder,) = Store.open(store).runs()
    return folder


def block(folder: RunFolder) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(folder.done_file.read_text())["rechecked"]
    return told


def believed_best(folder: RunFolder, count: int) -> list[tuple[int, float, dict[str, Any]]]:
    """Return step, predicted reward and design of the best, found in the slow, obvious way."""
    problem = TrialSpec.of(folder.read_run()["spec"]).make_problem()
    rows = read_rows(folder)
    assert rows is not None
    designs = batch_of(rows, problem).dicts()
    best: list[tuple[int, float, dict[str, Any]]] = []
    seen = set()
    for step in sorted(range(len(rows)), key=lambda step: (-rows["reward"][step].as_py(), step)):
        design = designs[step]
        ways = design["ways"] if design["cache"] == "some" else None
        if (design["x"], design["cache"], ways) not in seen and len(best) < count:
            best.append((step, rows["reward"][step].as_py(), design))
        seen.add((design["x"], design["cache"], ways))
    return best


# -- what is evaluated, and what is said of it ---------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 20, 500])
def test_the_best_different_designs_are_evaluated_by_the_true_model(
    here: Path, count: int
) -> None:
    result = run_locally(plan_of(recheck=count), here / "s")
    folder = only_run(here / "s")
    told, best = block(folder), believed_best(folder, count)
    (report,) = result.reports.values()
    assert (result.new_evaluations, result.new_true_evaluations) == (200, len(best))
    assert report.rechecked == told["best"]["reward"] != report.best_reward
    truth = archgym.make_problem(ODD).evaluate([design for _, _, design in best])
    assert told["evaluations"] == len(best) == min(count, len(best))
    assert told["steps"] == [step for step, _, _ in best]
    assert told["predicted"] == [reward for _, reward, _ in best]
    assert told["rewards"] == truth["reward"].to_list()
    assert told["rewards"] != told["predicted"]
    top = int(truth["reward"].argmax())
    assert told["best"]["reward"] == truth["reward"].max()
    assert (told["best"]["rank"], told["best"]["step"]) == (top + 1, best[top][0])
    assert told["best"]["design"] == best[top][2]
    assert told["best"]["metrics"]["latency_ns"] == truth["latency_ns"][top]
    assert told["crashed"] == (truth["status"] == "crashed").sum()
    assert told["infeasible"] == (truth["status"] == "infeasible").sum()
    assert count < 20 or told["crashed"] > 0 < told["infeasible"]
    assert told["tau"] == (None if count < 3 else pytest.approx(kendall(told)))


def kendall(told: dict[str, Any]) -> float:
    """Return tau-b by its definition."""
    pairs = list(zip(told["predicted"], told["rewards"], strict=True))
    signs = [
        (np.sign(a[0] - b[0]), np.sign(a[1] - b[1])) for a, b in itertools.combinations(pairs, 2)
    ]
    untied = [sum(sign[axis] != 0 for sign in signs) for axis in (0, 1)]
    return float(sum(a * b for a, b in signs) / np.sqrt(untied[0] * untied[1]))


def test_agreement_is_counted_within_one_five_and_ten_per_cent(here: Path) -> None:
    run_locally(toy_plan(problems=ROUGH, agents=["random"], seeds=1, recheck=50), here / "s")
    told = block(only_run(here / "s"))
    pairs = list(zip(told["predicted"], told["rewards"], strict=True))
    for share in (0.01, 0.05, 0.1):
        expected = sum(abs(a - b) <= share * abs(b) for a, b in pairs)
        assert told["agree"][str(share)] == expected
    assert told["agree"]["0.1"] > told["agree"]["0.01"]


ROUGH = [{"env": "tests.toys:TOY", "cost_model": "rough"}]


def test_true_evaluations_are_no_part_of_the_search(here: Path) -> None:
    run_locally(plan_of(), here / "s")
    run_locally(toy_plan(problems=BELIEVED, agents=["random"], seeds=1, budget=200), here / "t")
    with_it, without = only_run(here / "s"), only_run(here / "t")
    assert list(stored(here / "s").values()) == list(stored(here / "t").values())
    summaries = [json.loads(run.done_file.read_text()) for run in (with_it, without)]
    for key in ("evaluations", "unique", "best", "improvements"):
        assert summaries[0][key] == summaries[1][key]
    assert "rechecked" not in summaries[1]
    rows = read_rows(with_it.recheck)
    assert rows is not None
    assert rows["step"].to_pylist() == list(range(20))
    assert rows["reward"].to_pylist() == summaries[0]["rechecked"]["rewards"]
    assert any("does not converge" in (text or "") for text in rows["error"].to_pylist())


def test_where_nothing_feasible_was_found_nothing_is_asked(here: Path) -> None:
    objective = {"minimize": "latency_ns", "subject_to": {"energy_pj": {"max": 1.0}}}
    problems = [{"env": ODD, "cost_model": "belief", "objective": [objective]}]
    run_locally(plan_of(problems=problems, budget=10), here / "s")
    told = block(only_run(here / "s"))
    assert (told["evaluations"], told["best"]) == (0, None)
    assert Truth.calls == []


# -- which trials, and what they are called ------------------------------------------------------


def test_only_trials_of_other_cost_models_are_rechecked(here: Path) -> None:
    plan = plan_of(problems=[{"env": ODD, "cost_model": ["truth", "belief"]}], recheck=3)
    by_model = {trial.cost_model: trial.recheck for trial in plan.trials}
    asked = {"designs": 3, "cost_model": "truth", "cost_model_version": "3"}
    assert by_model == {"truth": None, "belief": asked}


def test_old_trials_keep_their_names() -> None:
    for run in Store.open(SCHEMA_1).runs():
        spec = TrialSpec.of(run.read_run()["spec"])
        assert spec.run_id == run.run_id
        assert "recheck" not in spec.data
        assert TrialSpec.of(spec.data) == spec
        assert spec.true_spec is spec


def test_a_recheck_tells_trials_apart_but_not_their_problems() -> None:
    bare = toy_plan(problems=BELIEVED, agents=["random"], seeds=1, budget=200)
    plans = [bare, plan_of(recheck=3), plan_of(recheck=4)]
    trials = [plan.trials[0] for plan in plans]
    assert len({trial.run_id for trial in trials}) == 3
    assert len({trial.problem_key for trial in trials}) == 1
    spelt = plan_of(recheck={"designs": 3, "cost_model": "truth"})
    assert spelt.trials[0].run_id == trials[1].run_id
    direct = toy_plan(problems=[{"env": ODD}], agents=["random"], seeds=1, budget=200).trials[0]
    assert trials[1].true_spec.table_key == direct.table_key
    assert trials[1].true_spec.problem_key == direct.problem_key
    there = [
        replace(trials[1], recheck={**(trials[1].recheck or {}), "cost_model": f"table:{where}/t"})
        for where in ("/here", "/there")
    ]
    assert there[0].run_id == there[1].run_id != trials[1].run_id
    of_table = replace(trials[1], cost_model="table:/here", content={"cost_model": "0123"})
    assert of_table.true_spec.table_key == direct.table_key


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recheck": 0}, r"recheck\.designs: .*greater than or equal to 1, not 0"),
        ({"recheck": 5000}, r"recheck\.designs: .*less than or equal to 1000, not 5000"),
        ({"recheck": "all"}, r"recheck: should be a number of designs, or a mapping .*not 'all'"),
        ({"recheck": True}, "recheck: should be a number of designs"),
        ({"recheck": {"cost_model": "truth"}}, r"recheck\.designs: is missing"),
        ({"recheck": {"designs": 2, "model": "truth"}}, r"recheck\.model: unknown key 'model'"),
        (
            {"recheck": {"designs": 2, "cost_model": "thruth"}},
            r"recheck\.cost_model: unknown cost model of 'toy.doubtful' 'thruth'; did you mean",
        ),
        (
            {"problems": [{"env": ODD}]},
            "recheck: there is nothing to re-check, since all problems are evaluated by 'truth'",
        ),
        ({"problems": [{"env": "tests.toys:TOY_FAILING"}]}, "recheck: there is nothing"),
        (
            {"tune": {"method": "random", "configurations": 2, "train": {}, "held_out": {}}},
            "recheck: cannot stand beside tune",
        ),
    ],
)
def test_bad_rechecks_are_refused_before_anything_runs(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(LaunchError, match=says) as caught:
        plan_of(**changes)
    assert str(caught.value).startswith("toys.yaml: ")


def test_a_true_model_that_is_missing_is_told_beforehand(here: Path) -> None:
    (here / "absent").touch()
    with pytest.raises(LaunchError, match="recheck: the simulator is not installed"):
        plan_of()


# -- what may go wrong ---------------------------------------------------------------------------


def test_one_that_is_missing_later_fails_the_trial_and_keeps_its_rows(here: Path) -> None:
    plan = plan_of()
    (here / "absent").touch()
    result = run_locally(plan, here / "s")
    reason = "its best designs cannot be re-checked: the simulator is not installed"
    assert [report.reason for report in result.not_done] == [reason]
    folder = only_run(here / "s")
    assert folder.state() == State.FAILED
    assert len(stored(here / "s")[folder.run_id]["step"]) == 200
    searched = list(Belief.asked)
    (here / "absent").unlink()
    assert run_locally(plan, here / "s", retry_failed=True).done == 1
    assert Belief.asked == searched
    assert block(folder)["evaluations"] == 20


def test_an_interrupted_recheck_goes_on_without_another_search(here: Path) -> None:
    plan = plan_of(recheck=40)
    run_locally(plan, here / "whole")
    searched = len(Belief.asked)
    (here / "interrupt").touch()
    result = run_locally(plan, here / "cut")
    assert [report.state for report in result.not_done] == [State.INTERRUPTED]
    (here / "interrupt").unlink()
    rows = read_rows(only_run(here / "cut").recheck)
    assert rows is not None
    assert 0 < len(rows) < 40
    Truth.calls.clear()
    assert run_locally(plan, here / "cut").done == 1
    assert len(Belief.asked) == 2 * searched
    assert 0 < sum(Truth.calls) <= 1 + 40 - len(rows)
    assert_equal(here / "cut", here / "whole")


def assert_equal(store: Path, other: Path) -> None:
    assert stored(store) == stored(other)
    runs = [only_run(place) for place in (store, other)]
    tables = [read_rows(run.recheck) for run in runs]
    told = [table.drop_columns(list(TIMINGS)).to_pydict() for table in tables if table]
    assert repr(told[0]) == repr(told[1])  # of which nan is a part
    blocks = [{**block(run), "seconds": 0.0} for run in runs]
    assert blocks[0] == blocks[1]
    names = [
        sorted(
            str(p.relative_to(run.path)) for p in run.path.rglob("*") if "attempt" not in p.name
        )
        for run in runs
    ]
    assert names[0] == names[1]
    assert "searched.json" not in names[0]


def test_killed_in_the_recheck_the_same_command_goes_on(here: Path) -> None:
    launch = here / "launch.yaml"
    content = {"name": "odd", "problems": BELIEVED, "agents": ["random"], "budget": 200}
    launch.write_text(yaml.safe_dump({**content, "recheck": 40}))
    (here / "kill").touch()
    killed = command("run", launch, "--store", "s", "--executor", "local", cwd=here)
    assert killed.returncode == -signal.SIGKILL
    cut = only_run(here / "s")
    assert cut.searched_file.exists()
    assert "part-00000000.parquet" in [part.name for part in cut.recheck.parts()]
    (here / "kill").unlink()
    plan = read_plan(launch)
    assert run_locally(plan, here / "s").done == 1
    assert Belief.asked == []
    assert len(cut.attempts()) == 2
    run_locally(plan, here / "whole")
    assert_equal(here / "s", here / "whole")


def test_a_true_model_that_kills_its_process_is_given_up(here: Path) -> None:
    plan = plan_of(recheck=40, attempts=2)
    run_locally(plan, here / "s")
    folder = only_run(here / "s")
    folder.done_file.unlink()
    rows = 200 + 40
    for number in (1, 2):
        folder.attempt_file(number).write_text(json.dumps({"rows": rows}))
    result = run_locally(plan, here / "s")
    assert "its process ended 2 times without a word" in result.not_done[0].reason


def test_a_changed_agent_sets_the_recheck_aside_as_well(here: Path) -> None:
    plan = plan_of()
    run_locally(plan, here / "s")
    folder = only_run(here / "s")
    folder.done_file.unlink()
    folder.searched_file.write_text("{}")
    folder.failed_file.write_text(json.dumps({"kind": "mismatch", "reason": "changed"}))
    forget_failure(folder)
    assert not folder.searched_file.exists()
    assert not folder.parts() + folder.recheck.parts()
    assert (folder.recheck.path / "data.parquet.stale").exists()


def test_damaged_true_rows_are_made_again(here: Path) -> None:
    plan = plan_of()
    run_locally(plan, here / "s")
    run_locally(plan, here / "whole")
    folder = only_run(here / "s")
    folder.done_file.unlink()
    folder.recheck.data_file.write_bytes(b"PAR1 and nothing of use")
    run_locally(plan, here / "s")
    assert json.loads(folder.done_file.read_text())["damaged_parts"] == ["recheck/data.parquet"]
    assert block(folder)["rewards"] == block(only_run(here / "whole"))["rewards"]
    assert (folder.recheck.path / "data.parquet.damaged").exists()


def test_the_limit_of_one_evaluation_holds_for_the_true_model_too(here: Path) -> None:
    plan = plan_of(recheck=3, budget=20, timeout_s=20.0)
    assert run_locally(plan, here / "s").done == 1
    assert block(only_run(here / "s"))["evaluations"] == 3
    assert Truth.calls == []  # it ran in a process of its own


# -- a surrogate ---------------------------------------------------------------------------------


def test_the_example_searches_a_surrogate_and_asks_the_simulator(here: Path) -> None:
    pytest.importorskip("lightgbm", reason="needs archgym[surrogates]")
    words = "--workload stream --designs 60 --kind random_forest --output stream"
    metrics = "total_time_ns,energy_pj"
    train = ("surrogate", "train", "dram", *words.split(), "--metrics", metrics)
    trained = CliRunner().invoke(app, train)
    assert trained.exit_code == 0, trained.output
    plan = read_plan(ROOT / "examples" / "surrogate_search.yaml")
    by_model = {trial.cost_model: trial.recheck for trial in plan.trials}
    assert by_model["simulator"] is None
    assert (by_model["surrogate:stream"] or {})["cost_model"] == "simulator"
    searched = next(trial for trial in plan.trials if trial.recheck)
    few = replace(plan, trials=(replace(searched, budget=40),))
    run_locally(few, here / "s")
    told = block(only_run(here / "s"))
    truth = archgym.make_problem("dram", "stream", searched.objective)
    (best,) = truth.evaluate([told["best"]["design"]])["reward"]
    assert told["best"]["reward"] == best != told["best"]["predicted"]
    assert told["evaluations"] == 20
