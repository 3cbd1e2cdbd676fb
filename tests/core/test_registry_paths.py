"""Environments named by import path, and the toys' own registration."""

from __future__ import annotations

import pytest

from archgym import registry
from archgym.errors import UnknownNameError
from tests import toys


def test_an_import_path_names_an_unregistered_environment() -> None:
    assert registry.environments.get("tests.toys:TOY") is toys.TOY
    problem = registry.make_problem("tests.toys:TOY", workload="other", max_banks=8)
    assert problem.env == "toy-v0"


@pytest.mark.parametrize("path", ["tests.absent:TOY", "tests.toys:ABSENT", ":", "a b:c"])
def test_a_wrong_import_path_is_refused_by_name(path: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown environment"):
        registry.environments.get(path)


def test_toys_are_registered_only_within_the_context() -> None:
    with toys.registered_toys():
        assert set(toys.TOYS) <= set(registry.environments.names())
        assert registry.environments.get("toy.real") is toys.TOY_REAL
    assert not set(toys.TOYS) & set(registry.environments.names())
