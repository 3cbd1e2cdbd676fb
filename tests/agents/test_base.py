"""Wrong arguments are refused with one clear line each."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from archgym import Evaluator
from archgym.agents import base
from archgym.agents.base import Agent
from archgym.agents.description import describe
from archgym.agents.hyperparameter import Hyperparameter
from archgym.errors import MissingExtraError, SettingError, UnknownNameError
from archgym.registry import agents, make_agent
from tests.toys import toy_problem


class Discreet(Agent):
    """An agent that knows few things."""

    name = "discreet"
    summary = "Does nothing."
    constraint_handling = "penalty"
    handles = ("integer", "categorical")
    hyperparameters = {  # noqa: RUF012
        "size": Hyperparameter(4, "how large", low=1, high=8),
        "rate": Hyperparameter(None, "how fast", low=0.1, high=1.0, kind=float),
        "mode": Hyperparameter("a", "how", choices=("a", "b")),
        "loud": Hyperparameter(False, "how loud"),
    }

    def run(self, evaluator: Evaluator) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": 9}, "agent 'discreet': hyper-parameter 'size': 9 is not allowed .* 1 .. 8"),
        ({"size": 2.5}, "an integer"),
        ({"size": True}, "an integer"),
        ({"size": None}, "an integer"),
        ({"size": "many"}, "an integer"),
        ({"rate": 0.01}, "a number 0.1 .. 1, or none"),
        ({"rate": float("nan")}, "a number"),
        ({"mode": "c"}, "one of a, b"),
        ({"mode": 1}, "one of a, b"),
        ({"loud": 1}, "true or false"),
    ],
)
def test_a_wrong_value_is_refused(given, message):
    with pytest.raises(SettingError, match=message):
        Discreet.check(given)


def test_values_take_the_declared_type():
    values = Discreet.check({"size": "5", "rate": "1e-1", "loud": True})
    assert values == {"size": 5, "rate": 0.1, "mode": "a", "loud": True}
    assert isinstance(values["size"], int)
    assert Discreet.check({"rate": 1})["rate"] == 1.0
    assert Discreet.check({"rate": None})["rate"] is None


def test_an_unknown_hyperparameter_is_refused_with_a_guess():
    with pytest.raises(UnknownNameError, match="did you mean 'population'"):
        make_agent("genetic", toy_problem(), populaton=3)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(SettingError, match="seed"):
        make_agent("random", toy_problem(), seed=seed)


def test_a_kind_of_parameter_that_is_not_handled_is_refused_with_those_who_can():
    with pytest.raises(SettingError, match=r"'voltage_v'.* kind real .* can: .*random"):
        Discreet(toy_problem("toy.real"))
    with pytest.raises(SettingError, match=r"'loops'.* kind permutation"):
        Discreet(toy_problem("toy.words"))
    Discreet(toy_problem("toy.flat"))


def test_a_missing_extra_is_named_with_its_pip_command(monkeypatch):
    def find(module: str):
        return None if module == "stable_baselines3" else importlib.util.find_spec(module)

    monkeypatch.setattr(base, "find_spec", find)
    with pytest.raises(MissingExtraError, match=r"agent 'ppo'.*pip install 'archgym\[rl\]'"):
        make_agent("ppo", toy_problem())
    assert not describe(agents.get("ppo"))["installed"]


def test_listing_all_agents_imports_none_of_their_libraries():
    program = (
        "import sys, json; from archgym.registry import agents;"
        "from archgym.agents.description import describe;"
        "print(json.dumps([describe(agents.get(name)) for name in agents.names()]));"
        "heavy = {'torch', 'pymoo', 'optuna', 'stable_baselines3', 'scipy', 'pandas'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    described = json.loads(run.stdout)
    assert [item["name"] for item in described] == agents.names()
    ppo = next(item for item in described if item["name"] == "ppo")
    assert ppo["extra"] == "rl"
    assert ppo["hyperparameters"]["clip"]["type"] == "float"
