"""The conformance kit passes what is sound and finds every planned fault."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from archgym.testing import AgentConformance, CostModelConformance, EnvironmentConformance
from examples.own_environment import ENVIRONMENT
from examples.test_own import (  # noqa: F401  (collected here)
    TestCacheEnvironment,
    TestCacheModel,
    TestOneChangeAgent,
)
from tests.testing import mutants


class TestSoundAgent(AgentConformance):
    agent = mutants.SoundAgent


def cases(kit: type, name: str) -> Iterator[dict[str, Any]]:
    """Yield the arguments of each case of a test, as pytest would."""
    sets: list[dict[str, Any]] = [{}]
    for mark in getattr(getattr(kit, name), "pytestmark", []):
        names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
        sets = [
            known | dict(zip(names, [value] if len(names) == 1 else value, strict=True))
            for known in sets
            for value in mark.args[1]
        ]
    yield from sets


def failures(kit: type, **attributes: Any) -> set[str]:
    """Return the names of the kit's tests that fail."""
    tested = type("Tested", (kit,), attributes)
    found = set()
    for name, function in inspect.getmembers(tested, inspect.isfunction):
        if not name.startswith("test_") or "capsys" in inspect.signature(function).parameters:
            continue
        for arguments in cases(tested, name):
            try:
                getattr(tested(), name)(**arguments)
            except pytest.skip.Exception:
                continue
            except (Exception, pytest.fail.Exception):
                found.add(name)
    return found


@pytest.mark.parametrize(
    ("agent", "found"),
    [
        (mutants.Forgetful, "test_spends_exactly_the_budget"),
        (mutants.Global, "test_the_same_seed_gives_the_same_search"),
        (mutants.Global, "test_leaves_global_random_states_alone"),
        (mutants.Greedy, "test_asks_for_no_more_than_it_may"),
        (mutants.Lawless, "test_obeys_constraints_as_it_declares"),
        (mutants.Deaf, "test_what_it_is_told_changes_what_it_asks"),
        (mutants.Lenient, "test_refuses_wrong_hyperparameters"),
        (mutants.Narrow, "test_reaches_every_value_of_every_axis"),
        (mutants.Fixed, "test_another_seed_gives_another_search"),
    ],
)
def test_a_faulty_agent_is_found(agent: Any, found: str) -> None:
    assert found in failures(AgentConformance, agent=agent, another_process=False)


class HashSeededConformance(AgentConformance):
    agent = mutants.HashSeeded


def test_an_agent_that_depends_on_the_hash_seed_is_found() -> None:
    with pytest.raises(AssertionError):
        HashSeededConformance().test_another_process_searches_alike()


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (mutants.Noisy, "test_is_deterministic"),
        (mutants.Company, "test_a_design_alone_is_the_design_in_a_batch"),
        (mutants.Undeclared, "test_returns_the_declared_metrics_and_only_those"),
        (mutants.Infinite, "test_returns_the_declared_metrics_and_only_those"),
        (mutants.Meddling, "test_does_not_change_what_it_is_given"),
        (mutants.Unnamed, "test_declares_its_metrics"),
        (mutants.Unpicklable, "test_travels_to_other_processes"),
    ],
)
def test_a_faulty_cost_model_is_found(model: Any, found: str) -> None:
    environment = mutants.with_model(model)
    assert found in failures(CostModelConformance, environment=environment)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        (mutants.CRASHING_DEFAULT, "test_the_default_design_evaluates_on_every_workload"),
        (mutants.WRONG_ID, "test_declares_itself"),
        (mutants.WRONG_OBJECTIVE, "test_every_objective_parses_and_scores"),
        (mutants.ANY_WORKLOAD, "test_wrong_names_are_refused"),
    ],
)
def test_a_faulty_environment_is_found(environment: Any, found: str) -> None:
    assert found in failures(EnvironmentConformance, environment=environment)


def test_what_is_sound_has_no_fault() -> None:
    assert not failures(CostModelConformance, environment=ENVIRONMENT)
