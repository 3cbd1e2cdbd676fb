"""Problems go to other processes, though environments hold functions that cannot."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from archgym.registry import environments

# Others keep objectives or designs in forms that do not travel.
NAMES = ("analog.sizing", "dnn.systolic", "dram", "functions", "soc.design", "synthesis.recipe")


@pytest.mark.parametrize("name", NAMES)
def test_a_registered_environment_is_found_again(name):
    problem = environments.get(name).make_problem()
    again = pickle.loads(pickle.dumps(problem))
    assert again.environment is problem.environment is environments.get(name)
    assert again.workload_name == problem.workload_name
    assert again.space.size == problem.space.size


def test_any_other_stays_behind():
    changed = replace(environments.get("functions"), description="another one of that id")
    problem = changed.make_problem()
    again = pickle.loads(pickle.dumps(problem))
    assert problem.environment is changed
    assert again.environment is None
    assert (
        again.outcomes(again.space.default).reward
        == problem.outcomes(problem.space.default).reward
    )
