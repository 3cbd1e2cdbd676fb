from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym import (
    Categorical,
    Constraint,
    DesignSpace,
    Integer,
    Ordinal,
    Permutation,
    Real,
    Sequence,
    encodings,
)
from archgym.errors import InvalidDesignError, SettingError, UnknownNameError

MIXED = DesignSpace(
    [
        Categorical("arbiter", ("simple", "fifo", "reorder"), role="arbiter"),
        Ordinal("active", (1, 2, 4), active_when={"arbiter": ("fifo", "reorder")}, role="arbiter"),
        Integer("rows", 3, 9),
        Permutation("order", ("m", "n", "k")),
        Sequence("recipe", ("b", "rw"), 3),
    ]
)
REALS = DesignSpace(
    [Real("width_um", 0.1, 10.0, log=True), Real("bias_v", -1.0, 1.0), Integer("n", 0, 4)]
)
EVEN = Constraint("even", ("a", "b"), lambda c: (c["a"] + c["b"]) % 2 == 0, "a + b is even")
PAIRS = DesignSpace([Integer("a", 0, 3), Integer("b", 0, 3)], [EVEN])


def test_size_names_and_roles():
    assert MIXED.size == 3 * 3 * 7 * 6 * (4 * 8)
    assert math.isinf(REALS.size)
    assert MIXED.roles["arbiter"] == ("arbiter", "active")


def test_designs_come_back_as_given():
    designs = [
        {"arbiter": "fifo", "active": 2, "rows": 5, "order": ("k", "n", "m"), "recipe": ("b",)},
        {"arbiter": "simple", "active": 4, "rows": 9, "order": ("m", "n", "k"), "recipe": ()},
    ]
    batch = MIXED.encode(designs)
    assert batch.dicts() == designs
    assert MIXED.encode(batch.frame()).dicts() == designs


def test_missing_parameters_take_their_default():
    assert MIXED.encode({}).dicts() == MIXED.default.dicts()
    assert MIXED.encode([{"rows": 4}, {}])["rows"].tolist() == [4, 3]


def test_errors_name_row_and_parameter_and_spare_neighbours():
    rows = [{"rows": 3}, {"rows": 99}, {"rows": 4}]
    with pytest.raises(InvalidDesignError, match=r"row 1: parameter 'rows': 99 .* 3 \.\. 9"):
        MIXED.encode(rows)
    batch, errors = MIXED.encode_each(rows)
    assert list(errors) == [1]
    assert batch["rows"].tolist() == [3, 3, 4]
    with pytest.raises(InvalidDesignError, match="known parameters"):
        MIXED.encode([{"colour": 1}])
    with pytest.raises(UnknownNameError, match="did you mean 'rows'"):
        MIXED["row"]


def test_designs_that_behave_alike_share_a_key():
    alike = MIXED.encode([{"arbiter": "simple", "active": a} for a in (1, 2, 4)])
    apart = MIXED.encode([{"arbiter": "fifo", "active": a} for a in (1, 2, 4)])
    assert len(set(alike.keys())) == 1
    assert len(set(apart.keys())) == 3
    assert MIXED.active(alike)["active"].tolist() == [False] * 3


def test_enumeration_visits_each_behaviour_once():
    keys = list(itertools.chain.from_iterable(b.keys() for b in MIXED.enumerate(chunk=1000)))
    words = 1 + 2 + 4 + 8
    assert len(keys) == len(set(keys)) == (1 + 2 * 3) * 7 * 6 * words


def test_constraints_hold_in_samples_and_enumeration():
    listed = [d for batch in PAIRS.enumerate() for d in batch.dicts()]
    assert len(listed) == 8
    drawn = PAIRS.sample(np.random.default_rng(0), 500)
    assert PAIRS.valid(drawn).all()
    assert len({*drawn.keys()}) == 8
    assert PAIRS.violations(PAIRS.encode([{"a": 1, "b": 1}, {"a": 1, "b": 2}])) == {
        1: "constraint 'even': a + b is even"
    }


def test_an_unsatisfiable_constraint_ends_sampling():
    never = Constraint("never", ("a",), lambda c: c["a"] < 0, "a < 0")
    with pytest.raises(SettingError, match="never"):
        DesignSpace([Integer("a", 0, 3)], [never]).sample(np.random.default_rng(0), 1)


def test_reals_cannot_be_enumerated():
    with pytest.raises(SettingError):
        next(REALS.enumerate())


@pytest.mark.parametrize("space", [MIXED, REALS, PAIRS], ids=["mixed", "reals", "pairs"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_encodings_invert(space, seed):
    codes = space.sample(np.random.default_rng(seed), 8).codes
    for encode, decode in (
        (encodings.to_unit, encodings.from_unit),
        (encodings.to_one_hot, encodings.from_one_hot),
    ):
        again = decode(space, encode(space, codes))
        assert np.allclose(again, codes, rtol=1e-12, atol=1e-12)
        assert again.dtype == space.dtype
    if space.dtype == np.int64:
        assert (encodings.from_index(space, encodings.to_index(space, codes)) == codes).all()


def test_index_codes_cover_the_space_exactly():
    codes = encodings.from_index(PAIRS, np.arange(16))
    assert len(np.unique(codes, axis=0)) == 16


def test_uniform_points_are_uniform_values():
    """Chi-square with 6 degrees of freedom; 22.5 is exceeded once in a thousand runs."""
    rows = MIXED.sample(np.random.default_rng(1), 7000)["rows"]
    counts = np.bincount(rows - 3, minlength=7)
    assert ((counts - 1000) ** 2 / 1000).sum() < 22.5


def test_the_edges_of_the_unit_cube_are_inside():
    corners = np.array([[0.0] * REALS.width, [1.0] * REALS.width])
    codes = encodings.from_unit(REALS, corners)
    assert codes[0].tolist() == [0.1, -1.0, 0]
    assert codes[1].tolist() == [10.0, 1.0, 4]


def test_a_default_off_the_grid_hides_no_idle_design() -> None:
    space = DesignSpace(
        [
            Categorical("refresh", ("none", "all"), default="all"),
            Ordinal(
                "postponed",
                (1, 2, 4),
                default=0,
                legal=(0, 8),
                active_when={"refresh": ("all",)},
            ),
        ]
    )
    found = [design for batch in space.enumerate() for design in batch.dicts()]
    assert [design["refresh"] for design in found] == ["none", "all", "all", "all"]
    idle = space.encode([{"refresh": "none", "postponed": value} for value in (0, 1, 3)])
    assert len(set(idle.keys())) == 1
