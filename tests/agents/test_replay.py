"""The same spec is the same search: again, in another process, and after a cut."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from archgym.errors import ReplayMismatchError
from archgym.evaluator import Evaluator
from tests.agents.searches import (
    AGENTS,
    affordable,
    codes_of,
    digest,
    history_of,
    quick_agent,
    records_of,
    search_codes,
)
from tests.toys import toy_problem

BUDGET = 70
TOY_NAMES = ("toy", "toy.real")


def digests() -> list[str]:
    return [
        f"{name} {toy} {digest(search_codes(name, toy_problem(toy), affordable(name, BUDGET), 3))}"
        for name in AGENTS
        for toy in TOY_NAMES
    ]


def test_the_same_seed_gives_the_same_search_in_this_and_in_another_process():
    here = digests()
    assert digests() == here
    environment = os.environ | {"PYTHONHASHSEED": "4242", "PYTHONPATH": os.pathsep.join(sys.path)}
    program = "from tests.agents.test_replay import digests; print('\\n'.join(digests()))"
    other = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert other.stdout.split("\n")[:-1] == here


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.parametrize("toy", [*TOY_NAMES, "toy.failing"])
def test_a_cut_and_replayed_run_continues_as_if_it_had_not_been_cut(name, toy):
    problem = toy_problem(toy)
    budget = affordable(name, BUDGET)
    whole = records_of(quick_agent(name, problem, seed=5), budget)
    rows = len(codes_of(whole))
    cut = int(np.random.default_rng([len(name), len(toy)]).integers(1, rows))
    fresh = toy_problem(toy)
    evaluator = Evaluator(fresh, budget, (tail := []).append, history_of(whole, cut))
    quick_agent(name, fresh, seed=5).run(evaluator)
    first = tail[0].first_step if tail else rows
    assert first <= cut
    assert evaluator.spent == rows
    assert (codes_of(tail) == codes_of(whole)[first:]).all()


@pytest.mark.parametrize("name", AGENTS)
def test_a_history_of_another_seed_is_refused(name):
    problem = toy_problem("toy.flat")
    history = history_of(records_of(quick_agent(name, problem, seed=5), 20), 20)
    with pytest.raises(ReplayMismatchError, match="evaluation 0"):
        records_of(quick_agent(name, problem, seed=6), 20, history)
