"""Designs far from all that was learnt are remarked, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lightgbm", reason="needs the extra surrogates")
pytest.importorskip("safetensors", reason="needs the extra surrogates")

import archgym
from archgym.batch import Batch
from archgym.cost_models.learned.domain import BEYOND, Domain
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.folders import SHIPPED
from archgym.cost_models.learned.learning import learn
from archgym.cost_models.learned.model import surrogate_of
from archgym.cost_models.learned.rows import Rows
from tests.toys import TOYS, toy_problem

QUICK = {"rounds": 5}


def slow_distance(space, one, other):
    """Return the distance of two designs, axis by axis."""
    a, b = (space.canonical(codes[None])[0] for codes in (one, other))
    squares = 0.0
    for axis, x, y in zip(space.axes, a, b, strict=True):
        if not axis.ordered:
            squares += x != y
        elif axis.size is None:
            low, high = (
                (np.log(axis.low), np.log(axis.high)) if axis.log else (axis.low, axis.high)
            )
            x, y = np.log((x, y)) if axis.log else (x, y)
            squares += ((x - y) / (high - low)) ** 2
        else:
            squares += ((x - y) / axis.size) ** 2
    return np.sqrt(squares)


@pytest.mark.parametrize("name", sorted(TOYS))
def test_distances_are_those_of_a_slow_definition(name):
    space = toy_problem(name).space
    batch = space.sample(np.random.default_rng(0), 60)
    learnt, others = batch.select(slice(0, 20)), batch.select(slice(20, 60))
    domain = Domain.of(DesignEncoding(space.axes), learnt, others)
    near = [min(slow_distance(space, one, two) for two in learnt.codes) for one in others.codes]
    assert domain.reach == pytest.approx(max(near), abs=1e-6)
    half = Domain(domain.learnt, float(np.median(near)) + 1e-6)
    beyond = half.beyond(DesignEncoding(space.axes), others)
    assert np.array_equal(beyond, np.array(near) > half.reach)
    for row in (0, 13):
        assert half.beyond(DesignEncoding(space.axes), others.select([row]))[0] == beyond[row]


def test_a_design_on_several_workloads_is_kept_once():
    space = toy_problem(sorted(TOYS)[0]).space
    batch = space.sample(np.random.default_rng(0), 30)
    twice = batch.select(np.repeat(np.arange(30), 2))
    encoding = DesignEncoding(space.axes)
    once, again = (Domain.of(encoding, one, batch.select([3])) for one in (batch, twice))
    assert np.array_equal(once.learnt, again.learnt)


def narrow(problem, count):
    """Return designs that have the first half of each axis's values only."""
    batch = problem.space.sample(np.random.default_rng(0), 40 * count)
    inside = [batch.codes[:, at] < axis.size / 2 for at, axis in enumerate(problem.space.axes)]
    return batch.select(np.all(inside, axis=0)).select(slice(0, count))


def test_designs_elsewhere_than_those_learnt_are_remarked(tmp_path):
    problem = archgym.make_problem("attn_kernel.fusemax")
    near = narrow(problem, 200)
    learn(
        problem, Rows.of(near, problem.measure(near)), "boosted_trees", ["area_um2"], QUICK
    ).save(tmp_path / "narrow")
    model = surrogate_of(tmp_path / "narrow", problem)
    far = problem.space.encode([{"config": "binding", "pe_dim": 512, "l3_B": 2**26}])
    both = Batch(problem.space, np.concatenate([near.codes[:50], far.codes]))
    *within, beyond = model.remarks(both)["warning"]
    assert beyond == BEYOND
    assert within.count("") >= 49
    area = {"minimize": "area_um2"}
    guessed = archgym.make_problem("attn_kernel.fusemax", objective=area, cost_model=model)
    table = guessed.evaluate(both.dicts())
    assert table["warning"].tolist() == [*within, beyond]
    assert (table["status"].iloc[-1], table["error"].iloc[-1]) == ("ok", "")
    assert "warning" not in problem.evaluate(both.dicts())


def test_designs_out_of_range_have_their_error_and_no_remark():
    problem = archgym.make_problem("attn_kernel.fusemax")
    batch = problem.space.sample(np.random.default_rng(1), 100)
    model = learn(problem, Rows.of(batch, problem.measure(batch)), "boosted_trees", settings=QUICK)
    assert model.remarks(problem.space.encode([{"pe_dim": 100_000}])) == {"warning": [""]}


def test_of_what_older_surrogates_do_not_say_nothing_is_remarked():
    problem = archgym.make_problem("analog.sizing", "miller2")
    model = surrogate_of(SHIPPED / "analog_miller2_afm1", problem)
    batch = problem.space.sample(np.random.default_rng(0), 5)
    assert model.remarks(batch) == {"warning": [""] * 5}
    assert model.card.reach is None


def test_without_designs_kept_out_no_distance_is_usual():
    problem = archgym.make_problem("attn_kernel.fusemax")
    batch = problem.space.sample(np.random.default_rng(1), 30)
    rows = Rows.of(batch, problem.measure(batch))
    model = learn(problem, rows, "boosted_trees", settings=QUICK, kept_out=0.0)
    assert model.domain is None
    assert model.remarks(batch) == {"warning": [""] * 30}
