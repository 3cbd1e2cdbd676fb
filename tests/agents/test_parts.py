"""The parts that several agents share."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.agents.distinct import DistinctDesigns
from archgym.agents.kinds import ALL_KINDS, kind_of
from archgym.agents.padded_evaluator import PaddedEvaluator
from archgym.agents.repair import repair
from archgym.batch import Batch
from archgym.encodings import from_unit, to_unit
from archgym.evaluator import Evaluator
from archgym.registry import make_agent
from archgym.scalar_parameters import Categorical, Integer, Ordinal, Real
from archgym.space import DesignSpace
from tests.agents.searches import codes_of, records_of, search_codes
from tests.toys import toy_problem


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def draw_all(space: DesignSpace, count: int) -> Batch:
    distinct, random, parts = DistinctDesigns(space), rng(), []
    while len(batch := distinct.draw(random, count)):
        parts.append(batch.codes)
    return Batch(space, np.concatenate(parts))


@pytest.mark.parametrize(("toy", "count"), [("toy", 1), ("toy", 50), ("toy.words", 7)])
def test_distinct_designs_are_all_valid_ones_each_once(toy, count):
    space = toy_problem(toy).space
    everything = set().union(*(batch.keys() for batch in space.enumerate()))
    keys = draw_all(space, count).keys()
    assert len(keys) == len(set(keys))
    assert set(keys) == everything


def test_distinct_designs_are_uniform():
    """Chi-square over 6 designs, 6,000 draws: exceeds 30 with a probability of 1.5e-5."""
    space = DesignSpace([Integer("x", 0, 5)])
    random, counts = rng(), np.zeros(6)
    for _ in range(6000):
        counts[DistinctDesigns(space).draw(random, 1).codes[0, 0]] += 1
    assert (((counts - 1000) ** 2) / 1000).sum() < 30


def test_distinct_designs_do_not_run_out_of_rare_branches():
    """Nearly all draws say "off", of which there is one; the reals behind "on" are endless."""
    space = DesignSpace(
        [
            Categorical("switch", ("on", *(f"off{i}" for i in range(200)))),
            Real("x", 0.0, 1.0, active_when={"switch": ("on",)}),
        ]
    )
    distinct, random = DistinctDesigns(space), rng()
    assert all(len(distinct.draw(random, 1)) for _ in range(260))


def test_random_search_without_repeats_stops_when_the_space_is_exhausted():
    codes = codes_of(records_of(make_agent("random", toy_problem(), distinct=True), 1000))
    assert len(codes) == 399


def test_repair_keeps_valid_designs_and_mends_the_others():
    space = toy_problem().space
    batch = Batch(space, from_unit(space, rng().random((500, space.width))))
    good = space.valid(batch)
    mended = repair(batch, rng(1))
    assert 0.2 < good.mean() < 0.98
    assert (mended.codes[good] == batch.codes[good]).all()
    assert space.valid(mended).all()
    kept = (mended.codes[~good] == batch.codes[~good]).mean()
    assert kept > 0.5, "a repaired design is mostly itself"


def test_the_padded_evaluator_spends_the_budget_and_repeats_the_last_outcome():
    problem = toy_problem("toy.failing")
    evaluator = Evaluator(problem, 7)
    padded = PaddedEvaluator(evaluator)
    batch = problem.space.sample(rng(), 5)
    wanted = problem.outcomes(batch)
    first, second, third = (padded.evaluate(batch) for _ in range(3))
    assert (first.reward == wanted.reward).all()
    assert (second.reward == wanted.reward[[0, 1, 1, 1, 1]]).all()
    assert (third.reward == wanted.reward[1]).all()
    assert (third.status == wanted.status[1]).all()
    assert evaluator.spent == 7


def test_mutation_changes_as_many_axes_as_its_rate_says():
    """Binomial over 20,000 axes at 0.3: five standard deviations are 0.016."""
    from archgym.agents.pymoo_operators import AxisMutation

    space = DesignSpace([Categorical("c", tuple(range(1000))), Real("r", 0.0, 1.0)])
    genes = np.full((10_000, 2), 0.5)
    mutation, random = AxisMutation(DistinctDesigns(space), 0.3), rng()
    changed = mutation._do(None, genes, random_state=random) != genes
    assert changed.mean() == pytest.approx(0.3, abs=0.016)
    again = mutation._do(None, genes, random_state=random) != genes
    assert again.mean() == pytest.approx(0.6, abs=0.018), "children of the same generation"


@pytest.mark.parametrize("size", [2, 3, 8])
@pytest.mark.parametrize("kind", [Categorical, Ordinal])
def test_mutation_reaches_every_other_value_and_never_the_same(kind, size):
    from archgym.agents.pymoo_operators import AxisMutation

    space = DesignSpace([kind("c", tuple(range(size)))])
    genes = to_unit(space, np.repeat(np.arange(size), 400)[:, None])
    mutated = AxisMutation(DistinctDesigns(space), 1.0)._do(None, genes, random_state=rng())
    pairs = set(zip(from_unit(space, genes)[:, 0], from_unit(space, mutated)[:, 0], strict=True))
    assert pairs == {(a, b) for a in range(size) for b in range(size) if a != b}


def test_optuna_is_asked_for_active_parameters_only():
    problem = toy_problem()
    agent = make_agent("tpe", problem)
    for _ in range(30):
        batch = agent.ask(1)
        (trial,) = agent._pending
        active = problem.space.active(batch)
        assert set(trial.params) == {name for name in problem.space.names if active[name][0]}
        agent.tell(batch, problem.outcomes(batch))


def test_optuna_and_the_grid_have_the_same_values():
    from archgym.agents.optuna_distributions import distributions

    space = toy_problem("toy.real").space
    known = distributions(space)
    assert (known["clock_hz"].low, known["clock_hz"].high, known["clock_hz"].log) == (
        1e6,
        1e9,
        True,
    )
    assert known["adder"].choices == (0, 1, 2)
    assert (known["lanes"].low, known["lanes"].high) == (0, 15)


def test_every_kind_of_parameter_has_a_name():
    spaces = [toy_problem(toy).space for toy in ("toy", "toy.real", "toy.words")]
    assert {kind_of(p) for space in spaces for p in space.parameters} == set(ALL_KINDS)


def test_two_agents_in_turns_do_not_disturb_each_other():
    problem = toy_problem("toy.flat")
    alone = search_codes("genetic", problem, 48, seed=1)
    agents = [make_agent("genetic", problem, seed, population=12) for seed in (1, 2)]
    asked = []
    for _ in range(4):
        for agent in agents:
            batch = agent.ask(12)
            agent.tell(batch, problem.outcomes(batch))
            asked += [batch.codes] if agent is agents[0] else []
    assert (np.concatenate(asked) == alone).all()
