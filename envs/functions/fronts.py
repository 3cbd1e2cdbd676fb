"""Several objectives: ZDT and DTLZ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.functions.fronts import FRONTS
from archgym.cost_models.functions.model import FrontModel
from archgym.environment import Environment
from archgym.envs.functions.space import box
from archgym.errors import SettingError, UnknownNameError
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "dimensions": Setting(30, description="parameters, 2 or more; published: 30, dtlz2 12"),
    "values": Setting(
        None, kind=int, description="values per parameter on a grid; none: all real numbers"
    ),
    "objectives": Setting(2, choices=(2, 3), description="how many; 3 with dtlz2 only"),
}

NOTES = """\
Functions with two or three objectives whose best trade-offs are known, to test multi-objective
search with. The workload is the function. With objectives=3 state the objective as data:
{pareto: [f1, f2, f3]}.

Version 0: first version.
"""


def _space(settings: Settings) -> DesignSpace:
    if settings["dimensions"] < settings["objectives"]:
        raise SettingError("setting 'dimensions': must not be smaller than 'objectives'")
    return box(settings["dimensions"], 0.0, 1.0, 0.5, settings["values"])


def _load(name: str, settings: Settings) -> str:
    if name not in FRONTS:
        raise UnknownNameError("workload", name, FRONTS)
    if settings["objectives"] == 3 and name != "dtlz2":
        raise SettingError(f"setting 'objectives': {name} has 2 objectives, 3 are asked")
    return name


ENVIRONMENT = Environment(
    id="functions.fronts",
    version=0,
    description="test functions with several objectives and a known front (ZDT, DTLZ)",
    space=_space,
    cost_models=MappingProxyType({"exact": lambda settings: FrontModel(settings["objectives"])}),
    workloads=MappingProxyType(
        {name: (front.__doc__ or "").rstrip(".") for name, front in FRONTS.items()}
    ),
    load_workload=_load,
    objectives={"front": {"pareto": ["f1", "f2"]}},
    settings=SETTINGS,
    notes=NOTES,
)
