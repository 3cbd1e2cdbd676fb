"""One objective: functions out of bbob."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.functions.bbob import FUNCTIONS, HIGH, LOW, NUMBERS, Instance
from archgym.cost_models.functions.model import PrecisionModel
from archgym.environment import Environment
from archgym.envs.functions.space import box
from archgym.errors import SettingError, UnknownNameError
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "dimensions": Setting(5, description="parameters, 2 or more"),
    "values": Setting(
        None, kind=int, description="values per parameter on a grid; none: all real numbers"
    ),
    "instance": Setting(1, description="bbob's instance: where the optimum lies"),
}

NOTES = """\
Functions whose optimum is known, to test search methods with. The workload is the function, the
metric its distance above the optimal value; values and instances are bbob's (COCO). With a number
of values each parameter is an ordinal one on a grid from -5 to 5, and the best grid point is
in general not the optimum.

Version 0: first version.
"""


def _space(settings: Settings) -> DesignSpace:
    return box(settings["dimensions"], LOW, HIGH, 0.0, settings["values"])


def _load(name: str, settings: Settings) -> Instance:
    if name not in FUNCTIONS:
        raise UnknownNameError("workload", name, FUNCTIONS)
    if settings["instance"] < 1:
        raise SettingError(f"setting 'instance': {settings['instance']} is not allowed (>= 1)")
    return Instance(name, settings["instance"], settings["dimensions"])


ENVIRONMENT = Environment(
    id="functions",
    version=0,
    description="test functions with a known optimum (bbob): distance above the optimal value",
    space=_space,
    cost_models=MappingProxyType({"exact": lambda settings: PrecisionModel()}),
    workloads=MappingProxyType(
        {
            name: f"bbob f{NUMBERS[name]}, {(function.__doc__ or '').split(': ')[1].rstrip('.')}"
            for name, function in FUNCTIONS.items()
        }
    ),
    load_workload=_load,
    objectives={"precision": {"minimize": "precision"}},
    settings=SETTINGS,
    notes=NOTES,
)
