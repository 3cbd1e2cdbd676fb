"""A launch is refused before anything runs, with the place in the file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archgym.errors import LaunchError
from archgym.experiments.launch import parse_launch, read_launch
from archgym.experiments.plan import make_plan, read_plan
from tests.experiments.launching import ODD, toy_launch, toy_plan

TOY = "tests.toys:TOY"
LAUNCHES = Path(__file__).resolve().parents[2] / "experiments" / "launches"


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({"budgett": 3}, "budgett", "did you mean 'budget'"),
        ({"budget": "many"}, "budget", "valid integer, not 'many'"),
        ({"budget": True}, "budget", "valid integer"),
        ({"budget": [10, 0]}, "budget[1]", "greater than 0"),
        ({"budget": []}, "budget", "empty list"),
        ({"seeds": 0}, "seeds", "at least 1"),
        ({"seeds": [1, -1]}, "seeds[1]", "greater than or equal to 0"),
        ({"seeds": "five"}, "seeds", "valid integer"),
        ({"name": 3}, "name", "valid string"),
        ({"timeout_s": 0}, "timeout_s", "greater than 0"),
        ({"attempts": 0}, "attempts", "greater than or equal to 1"),
        ({"resources": {"core": 2}}, "resources.core", "did you mean 'cores'"),
        ({"resources": {"cores": 0}}, "resources.cores", "greater than 0"),
        ({"resources": {"memory_mib": "4 GB"}}, "resources.memory_mib", "valid integer"),
        ({"resources": {"custom": {"license": -1}}}, "resources.custom.license", "or equal to 0"),
        (
            {"agents": [{"name": "random", "resources": {"gpu": 1}}]},
            "agents[0].resources.gpu",
            "did you mean 'gpus'",
        ),
        (
            {
                "agents": [
                    {"name": ["random", "genetic"], "resources": {"cores": 2}},
                    {"name": "genetic", "draw": 3, "resources": {"cores": 1}},
                ]
            },
            "agents[1].resources",
            "agent 'genetic' has other ones above",
        ),
        ({"problems": []}, "problems", "at least 1"),
        ({"problems": [TOY]}, "problems[0]", "tests.toys:TOY"),
        ({"problems": [{"workload": "mixed"}]}, "problems[0].env", "is missing"),
        ({"problems": [{"env": TOY, "work": "a"}]}, "problems[0].work", "mean 'workload'"),
        ({"problems": [{"env": "drem"}]}, "problems[0].env", "did you mean 'dram'"),
        (
            {"problems": [{"env": TOY}, {"env": TOY, "workload": "mixt"}]},
            "problems[1].workload",
            "unknown workload 'mixt'; did you mean 'mixed'",
        ),
        (
            {"problems": [{"env": TOY, "workload": ["mixed", "strem"]}]},
            "problems[0].workload",
            "unknown workload 'strem'",
        ),
        (
            {"problems": [{"env": TOY, "objective": "latncy"}]},
            "problems[0].objective",
            "did you mean 'latency'",
        ),
        (
            {"problems": [{"env": TOY, "objective": {"minimise": "latency_ns"}}]},
            "problems[0].objective",
            "did you mean 'minimize'",
        ),
        (
            {"problems": [{"env": TOY, "objective": {"minimize": "latency"}}]},
            "problems[0].objective",
            "did you mean 'latency_ns'",
        ),
        (
            {"problems": [{"env": TOY, "cost_model": "exact"}]},
            "problems[0].cost_model",
            "known: distance, rough",
        ),
        (
            {"problems": [{"env": TOY, "settings": {"bank": 3}}]},
            "problems[0].settings.bank",
            "unknown setting",
        ),
        (
            {"problems": [{"env": TOY, "settings": {"flavour": ["plain", "sour"]}}]},
            "problems[0].settings.flavour",
            "'sour' is not one of plain, spicy",
        ),
        (
            {"problems": [{"env": TOY, "settings": {"max_banks": "a few"}}]},
            "problems[0].settings.max_banks",
            "not of type int",
        ),
        ({"agents": ["randm"]}, "agents[0].name", "did you mean 'random'"),
        ({"agents": [{"name": "random", "seed": 1}]}, "agents[0].seed", "unknown key 'seed'"),
        (
            {"agents": ["random", {"name": "genetic", "hyperparameters": {"popul": 3}}]},
            "agents[1].hyperparameters.popul",
            "did you mean 'population'",
        ),
        (
            {"agents": [{"name": "genetic", "hyperparameters": {"population": [16, -1]}}]},
            "agents[0].hyperparameters.population",
            "-1 is not allowed",
        ),
        ({"agents": [{"name": "no.such:Agent"}]}, "agents[0].name", "No module named"),
        ({"agents": [{"name": "genetic", "draw": 0}]}, "agents[0].draw", "greater than or equal"),
        (
            {"agents": [{"name": "genetic", "search": {"population": [4]}}]},
            "agents[0].search",
            "only with draw",
        ),
        (
            {"agents": [{"name": "genetic", "draw": 3, "search": {"popul": [4]}}]},
            "agents[0].search.popul",
            "did you mean 'population'",
        ),
        (
            {"agents": [{"name": "genetic", "hyperparameters": 3}]},
            "agents[0].hyperparameters",
            "a mapping, the word tuned, or a file",
        ),
        (
            {"agents": [{"name": "genetic", "hyperparameters": {3: 4}}]},
            "agents[0].hyperparameters.3",
            "unknown hyper-parameter",
        ),
        ({"agents": [{"name": "genetic", "seeds": 0}]}, "agents[0].seeds", "at least 1"),
        ({"agents": [{"name": "genetic", "budget": "a"}]}, "agents[0].budget", "valid integer"),
    ],
)
def test_a_wrong_launch_is_refused(changes: dict[str, Any], place: str, says: str) -> None:
    with pytest.raises(LaunchError) as caught:
        toy_plan(**changes)
    message = str(caught.value)
    assert message.startswith(f"toys.yaml: {place}: "), message
    assert says in message
    assert "\n" not in message


def test_an_agent_that_cannot_search_the_space_is_refused(monkeypatch: Any) -> None:
    from tests.experiments.odd_agents import PlainAgent

    monkeypatch.setattr(PlainAgent, "handles", ("integer",))
    with pytest.raises(LaunchError, match=r"agents\[0\]: .*cannot search parameter 'policy'"):
        toy_plan()


def test_an_agent_whose_library_is_absent_is_refused(monkeypatch: Any) -> None:
    from tests.experiments.odd_agents import PlainAgent

    monkeypatch.setattr(PlainAgent, "requires", ("no_such_library",))
    monkeypatch.setattr(PlainAgent, "extra", "rl")
    with pytest.raises(LaunchError, match=r"agents\[0\]: .*pip install 'archgym\[rl\]'"):
        toy_plan()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: [", "not well-formed YAML"),
        ("- a list", "a mapping with name"),
        ("", "a mapping with name"),
        ("name: a\nname: b", "'name' stands twice"),
        ("name: a", "problems: is missing"),
    ],
)
def test_a_file_that_is_no_launch_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "launch.yaml"
    path.write_text(text)
    with pytest.raises(LaunchError, match=says) as caught:
        read_launch(path)
    assert str(caught.value).startswith(str(path))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"none\.yaml: cannot be read: No such file"):
        read_launch(tmp_path / "none.yaml")


def test_the_shipped_launches_are_sound() -> None:
    for path in sorted(LAUNCHES.glob("quickstart*.yaml")):
        plan = make_plan(read_launch(path), path)
        assert len(plan.trials) > 4


def test_the_sweep_of_archgym_has_its_689_runs_per_trace_and_objective() -> None:
    path = LAUNCHES / "archgym_sweep.yaml"
    trials = read_plan(path).trials
    per_problem = Counter((t.workload, t.objective) for t in trials)
    assert len(per_problem) == 4 * 3
    assert set(Counter(per_problem.values())) == {2 + 15 + 72 + 600}
    agents = Counter(t.agent for t in trials)
    assert agents == {"random": 24, "gp": 180, "genetic": 864, "ant_colony": 7200}


def test_the_lottery_has_two_thousand_trials() -> None:
    trials = read_plan(LAUNCHES / "hyperparameter_lottery.yaml").trials
    assert len(trials) >= 2000
    drawn = {(t.agent, str(t.hyperparameters)) for t in trials}
    assert Counter(agent for agent, _ in drawn)["tpe"] == 21


def test_a_number_of_seeds_counts_from_zero() -> None:
    assert parse_launch(toy_launch(seeds=3), "x").seeds == [0, 1, 2]
    assert parse_launch(toy_launch(seeds=[7]), "x").seeds == [7]
    assert parse_launch(toy_launch(agents=[f"{ODD}:PlainAgent"]), "x").timeout_s is None


def test_resources_are_those_of_the_agent_and_no_part_of_a_trial() -> None:
    agents = [{"name": "genetic", "resources": {"cores": 2, "gpus": 0.5}}, "random"]
    plan = toy_plan(agents=agents, resources={"memory_mib": 100, "custom": {"license": 1}})
    genetic, random = (plan.launch.resources_of(agent) for agent in ("genetic", "random"))
    assert genetic.demand == {"CPU": 2.0, "GPU": 0.5}
    assert random.demand == {"CPU": 1.0, "memory": 100 * 2**20, "license": 1.0}
    assert random.ray_options["memory"] == 100 * 2**20
    plain = toy_plan(agents=["genetic", "random"])
    assert [trial.run_id for trial in plan.trials] == [trial.run_id for trial in plain.trials]
