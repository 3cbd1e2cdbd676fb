"""Lists multiply, equal trials collapse, and a trial's id says what it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from archgym.errors import LaunchError
from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import make_plan
from archgym.experiments.sweeps import _values
from archgym.results.spec import TrialSpec
from tests.experiments.launching import ODD, toy_launch, toy_plan

TOY = "tests.toys:TOY"


def test_every_list_is_a_sweep() -> None:
    problem = {
        "env": TOY,
        "workload": ["mixed", "other"],
        "objective": ["latency", {"minimize": "energy_pj"}],
        "cost_model": ["distance", "rough"],
        "settings": {"max_banks": 5, "flavour": ["plain", "spicy"]},
    }
    agent = {"name": f"{ODD}:PlainAgent", "hyperparameters": {"largest": [1, 2, 3]}}
    plan = toy_plan(problems=[problem], agents=[agent], budget=[10, 20], seeds=[3, 5])
    assert len(plan.trials) == 2 * 2 * 2 * 2 * 3 * 2 * 2
    assert {t.budget for t in plan.trials} == {10, 20}
    assert {t.cost_model for t in plan.trials} == {"distance", "rough"}
    assert [t.seed for t in plan.trials[: len(plan.trials) // 2]] == [3] * 96


def test_drawn_configurations_are_the_same_on_every_problem_and_seed() -> None:
    agent = {"name": f"{ODD}:PlainAgent", "draw": 7, "hyperparameters": {"pause_s": [0.0, 0.5]}}
    trials = toy_plan(agents=[agent, f"{ODD}:PlainAgent"], seeds=2).trials
    by_problem = {
        (t.workload, t.seed): [
            u.hyperparameters for u in trials if (u.workload, u.seed) == (t.workload, t.seed)
        ]
        for t in trials
    }
    first, *others = by_problem.values()
    assert len(others) == 3
    assert all(other == first for other in others)
    assert len(first) == 2 * 7 + 1
    assert len({values["largest"] for values in first}) > 5


def test_an_agent_may_have_its_own_budget_and_seeds() -> None:
    agents = [f"{ODD}:PlainAgent", {"name": "random", "budget": [3, 4], "seeds": [9]}]
    trials = toy_plan(agents=agents, problems=[{"env": TOY}]).trials
    found = [(t.agent, t.budget, t.seed) for t in trials]
    plain = f"{ODD}:PlainAgent"
    assert found == [(plain, 50, 0), ("random", 3, 9), ("random", 4, 9), (plain, 50, 1)]


def test_a_mapping_is_one_objective() -> None:
    objective = {"product": ["latency_ns", "energy_pj"]}
    plan = toy_plan(problems=[{"env": TOY, "objective": objective}], seeds=1)
    assert [t.objective for t in plan.trials] == [objective]


def test_a_list_that_is_a_value_is_not_swept() -> None:
    assert _values([1, 2], int) == [1, 2]
    assert _values([1, 2], list) == [[1, 2]]
    assert _values([[1], [2, 3]], list) == [[1], [2, 3]]


def test_defaults_are_part_of_the_spec() -> None:
    (trial,) = toy_plan(problems=[{"env": TOY}], seeds=1).trials
    assert trial.workload == "mixed"
    assert trial.objective == "latency"
    assert trial.settings == {"max_banks": 5, "flavour": "plain"}
    assert trial.hyperparameters == {"pause_s": 0.0, "largest": 9}
    assert (trial.cost_model, trial.cost_model_version) == ("distance", "1")


def test_equal_trials_collapse() -> None:
    spelt_out = {"env": TOY, "workload": "mixed", "settings": {"max_banks": 5}}
    plan = toy_plan(problems=[{"env": TOY}, spelt_out], seeds=[0, 1, 0])
    assert len(plan.trials) == 2


def test_the_id_does_not_change_by_itself() -> None:
    spec = TrialSpec(
        env="toy",
        env_version=0,
        workload="mixed",
        objective={"minimize": "latency_ns"},
        settings={"b": 1, "a": 0.1},
        cost_model="distance",
        cost_model_version="1",
        agent="random",
        agent_version="1",
        hyperparameters={"batch_size": 64},
        seed=0,
        budget=100,
    )
    assert spec.run_id == "ra200e1a6d8726a86"
    assert TrialSpec.of(json.loads(json.dumps(spec.data))).run_id == spec.run_id
    assert replace(spec, settings={"a": 0.1, "b": 1}).run_id == spec.run_id


def test_the_id_tells_everything_apart() -> None:
    (spec,) = toy_plan(problems=[{"env": TOY}], seeds=1).trials
    others = [
        replace(spec, seed=1),
        replace(spec, budget=51),
        replace(spec, agent_version="2"),
        replace(spec, cost_model_version="2"),
        replace(spec, env_version=1),
        replace(spec, timeout_s=1.0),
        replace(spec, hyperparameters={**spec.hyperparameters, "largest": 8}),
    ]
    assert len({spec.run_id, *(other.run_id for other in others)}) == len(others) + 1
    assert replace(spec, seed=1).problem_key == spec.problem_key
    assert replace(spec, budget=51).problem_key != spec.problem_key


def test_a_file_counts_by_its_content_not_its_folder(tmp_path: Path) -> None:
    def run_id(folder: str, content: str) -> str:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "best.json").write_text(content)
        launch = toy_launch(problems=[{"env": TOY, "workload": "best.json"}], seeds=1)
        plan = make_plan(parse_launch(launch, "x"), tmp_path / folder / "x.yaml")
        (trial,) = plan.trials
        assert trial.workload == str(tmp_path / folder / "best.json")
        return trial.run_id

    first = run_id("a", '{"banks": 3}')
    assert run_id("b", '{"banks": 3}') == first
    assert run_id("a", '{"banks": 4}') != first


def filed_trial(folder: Path, content: str = "mixed", workload: str = "mixed") -> TrialSpec:
    folder.mkdir(exist_ok=True)
    (folder / "names.txt").write_text(content)
    agent = {"name": f"{ODD}:FiledAgent", "hyperparameters": {"names": "names.txt"}}
    problems = [{"env": TOY, "workload": workload}]
    launch = toy_launch(problems=problems, agents=[agent], seeds=1)
    (trial,) = make_plan(parse_launch(launch, "x"), folder / "x.yaml").trials
    return trial


def test_a_file_of_an_agent_counts_by_its_content_too(tmp_path: Path) -> None:
    first = filed_trial(tmp_path / "a")
    assert first.hyperparameters["names"] == str(tmp_path / "a" / "names.txt")
    assert filed_trial(tmp_path / "b").run_id == first.run_id
    changed = filed_trial(tmp_path / "b", "mixed, again")
    assert changed.run_id != first.run_id
    assert (changed.problem_key, changed.table_key) == (first.problem_key, first.table_key)
    assert TrialSpec.of(json.loads(json.dumps(first.data))).run_id == first.run_id


def test_a_file_of_an_agent_is_held_against_every_workload(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"x\.yaml: agents\[0\]: .*names\.txt: no other"):
        filed_trial(tmp_path, workload="other")
    agent = {"name": f"{ODD}:FiledAgent", "hyperparameters": {"names": "none.txt"}}
    with pytest.raises(LaunchError, match=r"hyperparameters\.names: .*'none\.txt'.*existing file"):
        toy_plan(agents=[agent])


def test_a_folder_stands_for_the_files_in_it_that_can_be_read(tmp_path: Path) -> None:
    def workloads(*names: str) -> list[str]:
        launch = toy_launch(problems=[{"env": TOY, "workload": list(names)}], seeds=1)
        return [
            t.workload for t in make_plan(parse_launch(launch, "x"), tmp_path / "x.yaml").trials
        ]

    folder = tmp_path / "optima"
    (folder / "further_down.json").mkdir(parents=True)
    with pytest.raises(
        LaunchError, match=r"problems\[0\]\.workload: .*optima: has no file .*\.json"
    ):
        workloads("optima")
    for number, name in enumerate(["b.json", "a.json", "notes.txt"]):
        (folder / name).write_text(json.dumps({"banks": 3 + number}))
    files = [str(folder / "a.json"), str(folder / "b.json")]
    assert workloads("optima/") == workloads(str(folder)) == files
    assert workloads("mixed", "optima") == ["mixed", *files]
    (tmp_path / "mixed").mkdir()
    assert workloads("mixed") == ["mixed"]
    (folder / "a.json").write_text("no json")
    with pytest.raises(LaunchError, match=r"a\.json"):
        workloads("optima")
