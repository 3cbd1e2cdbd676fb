"""The passes that recipes are made of, and how recipes are written.

A recipe is passes separated by ``;``, for example ``rewrite;resub -z;balance``; a text of the
digits 0-6 is a recipe of std7 passes in compact form (``6206236136`` is resyn2).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

SETS = ("std7", "ext11", "full")
SEPARATOR = ";"
RESYN2 = (
    "balance;rewrite;refactor;balance;rewrite;rewrite -z;balance;refactor -z;rewrite -z;balance"
)
HOW_TO_WRITE = (
    "passes of std7, ext11 or full separated by ';', with options as rewrite [-z] [-l],"
    " refactor [-z] [-l], balance [-l], resub [-K 4..16] [-N 0..3] [-z] [-l],"
    " or a text of digits 0-6"
)


class UnknownActionError(ValueError):
    """A recipe holds something that is no pass; ``action`` is what."""

    def __init__(self, action: str):
        self.action = action
        super().__init__(f"{action!r} is no pass ({HOW_TO_WRITE})")


def action_set(name: str) -> tuple[str, ...]:
    """Return the names of the passes of a set out of `SETS`, in their published order."""
    names = SETS[: SETS.index(name) + 1]
    return tuple(entry["name"] for each in names for entry in _data()[each])


@lru_cache(maxsize=1)
def legal_actions() -> tuple[str, ...]:
    """Return every legal pass, the full set first; a pass is known by its place in it."""
    generated = (
        " ".join([command, *(option for option in chosen if option)])
        for command, options in _data()["options"].items()
        for chosen in itertools.product(*(["", *values] for values in options))
    )
    return tuple(dict.fromkeys((*action_set("full"), *generated)))


@lru_cache(maxsize=1)
def action_numbers() -> dict[str, int]:
    """Return pass -> its place among the legal ones."""
    return {name: at for at, name in enumerate(legal_actions())}


def commands_of(action: str) -> str:
    """Return the ABC commands of a pass."""
    return _commands().get(action, action)


def parse_recipe(recipe: str | Iterable[str]) -> tuple[str, ...]:
    """Return the passes of a recipe given as text or as names.

    Raises:
        UnknownActionError: One of them is no pass.
    """
    words = recipe.split(SEPARATOR) if isinstance(recipe, str) else list(map(str, recipe))
    words = [" ".join(word.split()) for word in words]
    if words == [""]:
        return ()
    return tuple(action for word in words for action in _actions_of(word))


def _actions_of(word: str) -> tuple[str, ...]:
    if word in action_numbers():
        return (word,)
    if word in _aliases():
        return (_aliases()[word],)
    standard = action_set("std7")
    if word and all(digit in "0123456" for digit in word):
        return tuple(standard[int(digit)] for digit in word)
    raise UnknownActionError(word)


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    text = files("archgym.cost_models.synthesis").joinpath("actions.yaml").read_text()
    data: dict[str, Any] = yaml.safe_load(text)
    return data


@lru_cache(maxsize=1)
def _entries() -> list[dict[str, str]]:
    return [entry for name in SETS for entry in _data()[name]]


@lru_cache(maxsize=1)
def _commands() -> dict[str, str]:
    return {entry["name"]: entry["commands"] for entry in _entries() if "commands" in entry}


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    return {entry["alias"]: entry["name"] for entry in _entries() if "alias" in entry}
