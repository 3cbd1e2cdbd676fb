from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgym import Categorical, DesignSpace, Integer, Ordinal, Permutation, Real, Sequence
from archgym.errors import InvalidDesignError, SettingError

GRID = Ordinal("size", (1, 2, 4, 8), legal=(0, None))


def roundtrip(parameter, value):
    codes = np.array([parameter.parse(value)])
    return parameter.decode(codes)[0]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (Categorical("policy", ("open", "closed")), "closed"),
        (Categorical("mixed", ("a", 2, None)), 2),
        (GRID, 4),
        (GRID, 3),
        (GRID, 0),
        (GRID, 1000),
        (Ordinal("volts", (0.8, 1.0, 1.2)), 1.0),
        (Integer("rows", -3, 12), -3),
        (Real("width_um", 0.1, 10.0, log=True), 0.25),
        (Permutation("order", ("m", "n", "k")), ("k", "m", "n")),
        (Sequence("recipe", ("b", "rw", "rf"), 4), ("rf", "b")),
        (Sequence("recipe", ("b", "rw"), 2, min_length=2), ("rw", "rw")),
    ],
)
def test_native_values_and_their_text_survive(parameter, value):
    text = " ".join(value) if isinstance(value, tuple) else str(value)
    assert roundtrip(parameter, value) == value
    assert roundtrip(parameter, text) == value


@pytest.mark.parametrize(
    ("parameter", "value", "allowed"),
    [
        (Categorical("policy", ("open", "closed")), "opne", "one of open, closed"),
        (GRID, -1, "an integer >= 0"),
        (GRID, 2.5, "an integer >= 0"),
        (GRID, "", "an integer >= 0"),
        (Integer("rows", 0, 4), True, "an integer 0 .. 4"),
        (Ordinal("pulled", (1, 2), legal=(0, 8)), 9, "an integer 0 .. 8"),
        (Ordinal("fixed", (1, 2, 4)), 3, "one of 1, 2, 4"),
        (Integer("rows", 0, 4), 5, "an integer 0 .. 4"),
        (Integer("rows", 0, 4), "nan", "an integer 0 .. 4"),
        (Real("width_um", 1, 2), float("inf"), "a number 1 .. 2"),
        (Permutation("order", ("a", "b")), "a a", "an order of a b"),
        (Sequence("recipe", ("b",), 1), "b b", "0 .. 1 words out of: b"),
        (Sequence("recipe", ("b",), 1), "x", "0 .. 1 words out of: b"),
    ],
)
def test_values_outside_the_domain_are_named(parameter, value, allowed):
    with pytest.raises(InvalidDesignError) as caught:
        parameter.parse(value)
    assert caught.value.parameter == parameter.name
    assert allowed in str(caught.value)
    assert repr(value) in str(caught.value)


def test_every_digit_vector_is_a_different_permutation():
    order = Permutation("order", tuple("abcd"))
    digits = np.array(list(itertools.product(*(range(axis.size) for axis in order.axes))))
    decoded = order.decode(digits).tolist()
    assert sorted(decoded) == sorted(itertools.permutations("abcd"))


@given(st.permutations(list(range(7))))
def test_permutation_codes_invert(items):
    order = Permutation("order", tuple(range(7)))
    assert roundtrip(order, tuple(items)) == tuple(items)


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=5))
def test_sequence_codes_invert(word):
    assert roundtrip(Sequence("word", ("a", "b", "c"), 5), tuple(word)) == tuple(word)


def test_decoded_numbers_are_numbers():
    assert GRID.decode(np.array([[0], [3]])).dtype == np.int64
    assert Categorical("bits", (8, 16)).decode(np.array([[1]])).dtype == np.int64
    assert Categorical("name", ("a", "b")).decode(np.array([[1]])).tolist() == ["b"]


@pytest.mark.parametrize(
    "build",
    [
        lambda: Categorical("empty", ()),
        lambda: Categorical("twice", ("a", "a")),
        lambda: Ordinal("falling", (4, 2)),
        lambda: Integer("void", 4, 2),
        lambda: Real("log", 0.0, 1.0, log=True),
        lambda: Sequence("none", (), 3),
        lambda: DesignSpace([]),
        lambda: DesignSpace([Integer("a", 0, 1), Integer("a", 0, 1)]),
        lambda: DesignSpace([Integer("a", 0, 1, active_when={"b": (1,)}), Integer("b", 0, 1)]),
    ],
)
def test_impossible_declarations_are_refused(build):
    with pytest.raises(SettingError):
        build()


def test_a_default_outside_the_domain_is_refused():
    with pytest.raises(InvalidDesignError):
        Categorical("policy", ("open",), default="closed")


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        (Categorical("policy", ("open", "closed")), ["closed", "open", "opne"]),
        (Ordinal("size", (1, 2, 4)), [4, 2.0, "1", 3]),
        (GRID, [1, 3, 1000, -1]),
        (Integer("rows", -3, 12), [12, -3, 4.0, "5", True, 13, 2.5, float("nan")]),
        (Real("width_um", 0.1, 10.0), [0.1, 10, "2", 11.0, float("inf"), True]),
        (Permutation("order", ("m", "n")), ["m n", "n m"]),
    ],
)
def test_a_column_is_parsed_like_its_values(parameter, values):
    good = [value for value in values if _parses(parameter, value)]
    one_by_one = [list(parameter.parse(value)) for value in good]
    space = DesignSpace([parameter])
    assert space.encode([{parameter.name: value} for value in good]).codes.tolist() == one_by_one
    for bad in set(values) - set(good):
        assert parameter.parse_column([good[0], bad]) is None
    numbers = [value for value in good if type(value) in (int, float)]
    codes = parameter.parse_column(numbers) if numbers else None
    if codes is not None:
        assert codes.tolist() == [list(parameter.parse(value)) for value in numbers]


def _parses(parameter, value):
    try:
        parameter.parse(value)
    except InvalidDesignError:
        return False
    return True


def test_a_categorical_may_allow_values_that_are_not_searched():
    parameter = Categorical("x", ("a", "b"), legal=("c", "d"), legal_in="memory m")
    assert parameter.axes[0].size == 2
    assert [parameter.parse(value)[0] for value in "abcd"] == [0, 1, 2, 3]
    assert parameter.decode(np.array([[3], [0]])).tolist() == ["d", "a"]
    with pytest.raises(InvalidDesignError, match="one of a, b, c, d with memory m"):
        parameter.parse("e")
