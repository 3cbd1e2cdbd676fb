"""The setting ``fixed``: parameters that agents leave at a given value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from archgym.envs.dnn.parameters import FixedWord, Word
from archgym.errors import InvalidDesignError, SettingError
from archgym.fixed_parameters import FixedChoice, FixedNumber
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Integer, Ordinal
from archgym.setting import Setting

FIXED = Setting("", description="parameters that are not searched, as NAME=VALUE,...")


def hold(parameters: Sequence[Parameter], text: str) -> list[Parameter]:
    """Return the parameters; those that ``text`` names have one value that agents see.

    Args:
        parameters: Categorical, ordinal and integer ones; any others cannot be named.
        text: ``name=value,...``, empty for none.

    Raises:
        SettingError: It names no parameter, or a value that it cannot take.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    held = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or name not in by_name:
            known = ", ".join(by_name)
            raise SettingError(f"setting 'fixed': {pair!r} is not NAME=VALUE; names: {known}")
        try:
            held[name] = _at(by_name[name], value)
        except InvalidDesignError as error:
            raise SettingError(f"setting 'fixed': {error}") from None
    return [held.get(parameter.name, parameter) for parameter in parameters]


def _at(parameter: Parameter, text: str) -> Parameter:
    """Return the parameter with agents seeing that value alone; tables may still give others."""
    value = parameter.decode(np.array([parameter.parse(text)])).tolist()[0]
    if isinstance(parameter, Categorical):
        others = [other for other in parameter.values if other != value]
        kind = FixedWord if isinstance(parameter, Word | FixedWord) else FixedChoice
        return kind(**_given(parameter) | {"values": (value, *others), "default": value})
    if isinstance(parameter, Integer):
        common = {name: getattr(parameter, name) for name in ("role", "active_when", "aliases")}
        low, high = parameter.low, parameter.high
        return FixedNumber(parameter.name, low, high, default=value, **common)
    if isinstance(parameter, Ordinal):
        return replace(parameter, values=(value,), default=value)
    raise SettingError(f"setting 'fixed': {parameter.name} cannot be held")


def _given(parameter: Parameter) -> dict[str, Any]:
    return {field.name: getattr(parameter, field.name) for field in fields(parameter)}
