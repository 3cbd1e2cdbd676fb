"""Measured designs, such as processors, as an environment: any CSV of parameters and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from archgym.cost_models.soc.cpu.measured import (
    FORM,
    MeasuredDesigns,
    parse_metrics,
    read_measured,
)
from archgym.cost_models.soc.cpu.model import LOOKUPS, MeasuredModel
from archgym.environment import Environment
from archgym.errors import UnknownNameError
from archgym.objective_spec import Spec
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

EXAMPLE, EXAMPLE_ROWS = "farsi_edge_500", 500
EXAMPLE_METRICS = "latency_s:minimize,power_w:minimize,area_m2:minimize"
SETTINGS = {
    "metrics": Setting(EXAMPLE_METRICS, description=f"which columns are metrics: {FORM}"),
    "lookup": Setting(
        LOOKUPS[0],
        choices=LOOKUPS,
        description="what a design that is not in the table is: the nearest row, or infeasible",
    ),
}

NOTES = """\
W is the path of a CSV with one row per measured design; the columns named by the setting metrics
are its metrics (perf_ipc:maximize,power_W:minimize,...), all others its parameters. Agents search
all combinations of the values that occur, and get the metrics of the nearest row
(lookup=nearest; table_row and table_distance say which one and how far) or nothing
(lookup=exact). A batch of the table's own rows gives the table back.

score is the mean of all metrics, each min-max normalised over the table, larger is better; other
objectives are given as data: {pareto: [perf_ipc, power_W]}, {maximize: perf_ipc}.

farsi_edge_500, the registered example, is computed when it is loaded: 500 chips for
edge_detection by the simulator of soc.design.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {"score": {"maximize": "score"}}


def load_measured(name: str, settings: Settings) -> MeasuredDesigns:
    """Return the table of a CSV or the registered example.

    Raises:
        UnknownNameError: Neither.
        WorkloadError: The file is not a table with these metrics.
    """
    metrics = [metric.name for metric in parse_metrics(settings["metrics"])]
    if name == EXAMPLE:
        return _example(metrics)
    if not Path(name).is_file():
        raise UnknownNameError("table or CSV file", name, [EXAMPLE])
    return read_measured(Path(name), metrics)


def _example(metrics: list[str]) -> MeasuredDesigns:
    """Return chips with one memory, one bus and an accelerator for each task."""
    from archgym.envs.soc.design import ENVIRONMENT as CHIPS

    problem = CHIPS.make_problem("edge_detection", memories=1, buses=1, cpus=1)
    for name in metrics:
        if name not in problem.metric_names:
            raise UnknownNameError(f"metric of {EXAMPLE!r}", name, problem.metric_names)
    drawn = problem.space.sample(np.random.default_rng(0), EXAMPLE_ROWS)
    measured = problem.run(drawn).metrics
    chosen = [at for at, axis in enumerate(problem.space.axes) if axis.size != 1]
    names = [problem.space.axes[at].name.replace(".", "_") for at in chosen]
    columns = [tuple(drawn.codes[:, at].tolist()) for at in chosen]
    parameters = dict(zip(names, columns, strict=True))
    return MeasuredDesigns(EXAMPLE, parameters, {name: measured[name] for name in metrics})


def measured_space(settings: Settings, table: MeasuredDesigns) -> DesignSpace:
    """Return all combinations of the values that occur; the default is the first row."""
    first = table.row(0)
    parameters: list[Parameter] = [
        Ordinal(name, values, default=first[name])
        if numeric
        else Categorical(name, values, default=first[name])
        for (name, values), numeric in zip(table.values.items(), table.numeric, strict=True)
    ]
    return DesignSpace(parameters)


def _default_space(settings: Settings) -> DesignSpace:
    return measured_space(settings, load_measured(EXAMPLE, settings))


ENVIRONMENT = Environment(
    id="cpu_table",
    version=0,
    description="measured designs out of any CSV of parameters and metrics, looked up",
    space=_default_space,
    space_of=measured_space,
    cost_models={
        "measured": lambda settings: MeasuredModel(
            parse_metrics(settings["metrics"]), settings["lookup"]
        )
    },
    workloads=MappingProxyType({EXAMPLE: "500 chips for edge_detection, simulated by soc.design"}),
    load_workload=load_measured,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
)
