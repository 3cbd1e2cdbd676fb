"""Lists of words as one parameter: every list there and back, on the grid and off it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym.errors import InvalidDesignError, SettingError
from archgym.space import DesignSpace
from archgym.word_list import WordList

SIZES = ("1", "2", "4")
ALPHABET = ("core", *(f"{kind}:{size}" for kind in ("slow", "fast") for size in SIZES))
MEMS = WordList(
    "mems",
    ((("core",),), (("slow", "fast"), SIZES), (("fast",), SIZES)),
    ALPHABET,
    most=30,
)
EMPTY = WordList("links", (), ("0-1", "1-2"), most=5)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=30))
def test_every_list_comes_back(words: list[str]) -> None:
    text = ";".join(words)
    codes = np.array([MEMS.parse(text), MEMS.parse("core;slow:1;fast:1")])
    assert MEMS.decode(codes).tolist() == [text, "core;slow:1;fast:1"]
    assert [ALPHABET[at] for at in MEMS.places(codes)[0] if at >= 0] == words


def test_agents_reach_exactly_the_lists_of_the_grid() -> None:
    space = DesignSpace([MEMS])
    texts = {text for batch in space.enumerate() for text in batch["mems"].tolist()}
    expected = {f"core;{k}:{a};fast:{b}" for k in ("slow", "fast") for a in SIZES for b in SIZES}
    assert texts == expected
    assert space.size == 18
    grid = np.array([MEMS.parse(text) for text in sorted(texts)])
    assert MEMS.is_on_grid(grid).all()
    assert not MEMS.is_on_grid(np.array([MEMS.parse("core;fast:1")])).any()


def test_fields_of_numbers_are_ordered_and_choices_are_not() -> None:
    named = [(axis.size, axis.ordered) for axis in MEMS.axes if axis.size != 1]
    assert named == [(2, False), (3, True), (3, True)]


def test_the_empty_list() -> None:
    for value in ("", " ", None, float("nan")):
        assert EMPTY.decode(np.array([EMPTY.parse(value)])).tolist() == [""]
    assert EMPTY.decode(np.array([EMPTY.parse("1-2;0-1")])).tolist() == ["1-2;0-1"]
    with pytest.raises(InvalidDesignError, match="mems"):
        MEMS.parse("")


@pytest.mark.parametrize("value", ["core;fast:3", "core,slow:1", "x", 7, ";".join(["core"] * 31)])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(InvalidDesignError, match="mems"):
        MEMS.parse(value)


def test_needs_an_alphabet_that_holds_its_words() -> None:
    with pytest.raises(SettingError):
        WordList("mems", (), ())
    with pytest.raises(InvalidDesignError):
        WordList("mems", ((("core",),),), ("other",))
