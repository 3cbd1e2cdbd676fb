"""Designs of experiments: evenness, parts that make up the whole, and no design twice."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from scipy.stats import qmc

from archgym.batch import Batch
from archgym.encodings import to_unit
from archgym.errors import SettingError
from archgym.evaluator import Evaluator
from archgym.problem import Problem
from archgym.registry import make_agent, make_problem
from tests.toys import toy_problem

DESIGNERS = ["sobol", "latin", "random"]


def designs(problem: Problem, budget: int, **values: object) -> Batch:
    agent = make_agent("sample", problem, 3, **values)
    found: list[Batch] = []
    evaluator = Evaluator(problem, budget, lambda record: found.append(record.batch))
    agent.run(evaluator)
    return Batch(problem.space, np.concatenate([batch.codes for batch in found]))


@pytest.mark.parametrize("designer", DESIGNERS)
def test_parts_are_the_whole_set(designer):
    problem = toy_problem()
    whole = designs(problem, 70, designer=designer)
    parts = [designs(problem, 70, designer=designer, points=70, part=f"{k}/3") for k in (1, 2, 3)]
    assert [len(part) for part in parts] == [24, 23, 23]
    assert sorted(whole.keys()) == sorted(chain(*(part.keys() for part in parts)))
    assert len(set(whole.keys())) == 70


@pytest.mark.parametrize("designer", DESIGNERS)
def test_all_designs_obey_and_a_small_space_is_exhausted(designer):
    problem = toy_problem()
    asked = int(problem.space.size) + 10
    found = designs(problem, asked, designer=designer)
    assert problem.space.valid(found).all()
    valid = set().union(*(batch.keys() for batch in problem.space.enumerate()))
    assert set(found.keys()) == valid
    assert len(found) == len(valid)


def test_a_latin_hypercube_has_one_point_in_each_slice_of_a_real_axis():
    problem = make_problem("functions")
    unit = to_unit(problem.space, designs(problem, 50, designer="latin").codes)
    for axis in range(problem.space.width):
        assert sorted(np.floor(unit[:, axis] * 50).astype(int)) == list(range(50))


def test_sobol_points_are_more_even_than_random_ones():
    problem = make_problem("functions")
    spread = {
        designer: qmc.discrepancy(
            to_unit(problem.space, designs(problem, 128, designer=designer).codes)
        )
        for designer in DESIGNERS
    }
    assert spread["sobol"] < 0.5 * spread["random"]
    assert spread["latin"] < spread["random"]


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_a_part_that_is_none_is_refused(part):
    with pytest.raises(SettingError, match="k from 1 to n"):
        make_agent("sample", toy_problem(), 0, part=part)
