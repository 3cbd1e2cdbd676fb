from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgym import Categorical, DesignSpace, Integer
from archgym.cli.design_file import read_designs
from archgym.errors import ArchgymError, InvalidDesignError, SettingError
from archgym.fixed_parameters import FixedChoice, FixedNumber

ENERGY = FixedNumber("energy_pj", whole=False, default=6)
WORDS = FixedNumber("words", 1, default=256)
LAYER = FixedNumber("channels", 1, 4096)
SPACE = DesignSpace(
    [
        WORDS,
        ENERGY,
        LAYER,
        FixedChoice("model", ("fast", "slow"), default="slow"),
        Integer("rows", 1, 9, aliases=("height",)),
    ],
    default={"rows": 5},
    blank_is_default=True,
)


def test_agents_see_the_default_alone():
    assert SPACE.size == 9
    drawn = SPACE.sample(np.random.default_rng(0), 50)
    assert set(drawn["words"].tolist()) == {256}
    assert set(drawn["energy_pj"].tolist()) == {6.0}
    assert set(drawn["model"].tolist()) == {"fast"}, "the searched value, not the table's default"
    assert drawn["channels"].tolist() == [None] * 50


def test_the_default_design_differs_from_what_is_left_out():
    assert SPACE.default["rows"].tolist() == [5]
    assert SPACE.encode([{}])["rows"].tolist() == [1]


@given(st.floats(0, 1e300))
def test_numbers_come_back_unrounded(value):
    codes = np.array([ENERGY.parse(value), ENERGY.parse(repr(value))])
    assert ENERGY.decode(codes).tolist() == [value, value]


@given(st.lists(st.floats(0, 1e300) | st.just(6) | st.integers(0, 2**60), min_size=1))
def test_columns_are_parsed_like_single_values(values):
    together = ENERGY.parse_column(values)
    assert together is not None
    assert together.tolist() == [list(ENERGY.parse(value)) for value in values]
    assert WORDS.parse_column([*values, 1.5]) is None


@given(st.integers(1, 2**53))
def test_whole_numbers_come_back(value):
    back = WORDS.decode(np.array([WORDS.parse(value)])).tolist()
    assert back == [value]
    assert type(back[0]) is int


@pytest.mark.parametrize("value", ["64", "64.0", 64, 64.0])
def test_whole_numbers_may_come_as_floats(value):
    assert SPACE.encode([{"words": value, "channels": value}])["words"].tolist() == [64]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (WORDS, 0), (WORDS, 1.5), (WORDS, "many"), (WORDS, None), (WORDS, True), (LAYER, 0),
        (LAYER, 4097), (ENERGY, -1), (ENERGY, float("inf")), (ENERGY, float("nan")),
    ],
)  # fmt: skip
def test_other_values_are_refused(parameter, value):
    with pytest.raises(InvalidDesignError, match=parameter.name):
        parameter.parse(value)


def test_a_default_outside_its_range_is_refused():
    with pytest.raises(InvalidDesignError):
        FixedNumber("words", 1, 8, default=9)
    with pytest.raises(SettingError):
        FixedNumber("words", 9, 8)


def test_blank_cells_take_the_default():
    blanks = SPACE.encode(pd.DataFrame({"words": [None, 3], "rows": ["", "4"], "model": ["", ""]}))
    assert blanks["words"].tolist() == [256, 3]
    assert blanks["rows"].tolist() == [1, 4]
    assert blanks["model"].tolist() == ["slow", "slow"]
    with pytest.raises(InvalidDesignError):
        DesignSpace([Integer("rows", 1, 9)]).encode([{"rows": ""}])


def test_values_off_the_grid_change_the_key():
    keys = SPACE.encode([{"words": 1}, {"words": 2}, {}]).keys()
    assert len(set(keys)) == 3


def test_aliases_name_the_same_parameter(tmp_path):
    assert SPACE.encode([{"height": 3}]).dicts() == SPACE.encode([{"rows": 3}]).dicts()
    assert SPACE.encode(pd.DataFrame({"height": [3, 4]}))["rows"].tolist() == [3, 4]
    with pytest.raises(InvalidDesignError, match="twice"):
        SPACE.encode([{"height": 3, "rows": 3}])
    path = tmp_path / "designs.csv"
    path.write_text("height\n3\n")
    assert read_designs(path, SPACE).batch["rows"].tolist() == [3]
    path.write_text("height,rows\n3,3\n")
    with pytest.raises(ArchgymError, match="twice"):
        read_designs(path, SPACE)


def test_a_choice_may_be_given_but_is_not_searched():
    choice = FixedChoice("model", ("fast", "slow"))
    assert choice.axes[0].size == 1
    assert choice.decode(np.array([choice.parse("slow")])).tolist() == ["slow"]
    assert Categorical("model", ("fast", "slow")).axes[0].size == 2
