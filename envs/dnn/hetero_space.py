"""The design space of networks and sub-accelerators, searched together or in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.constraint import Constraint
from archgym.cost_models.dnn.hetero.backbones import BACKBONES
from archgym.cost_models.dnn.hetero.columns import (
    MOST_SUBS,
    SUBS,
    TEMPLATES,
    network,
    place,
    sub,
)
from archgym.cost_models.dnn.hetero.tasks import Task, TaskSet
from archgym.envs.dnn.holding import hold
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Integer, Ordinal
from archgym.space import DesignSpace

MOST_PES = 4096
MOST_BANDWIDTH = 64
PES = (32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
BANDWIDTHS = (4, 8, 12, 16, 24, 32, 48, 64)
EARLIEST, SEARCHED = "earliest", "searched"
ASSIGNMENTS = (EARLIEST, SEARCHED)

_DEFAULT_SUBS = (("kcp_ws", 1024, 32), ("yxp_os", 1024, 16), ("rs", 1024, 16))


def hetero_space(settings: Mapping[str, Any], tasks: TaskSet) -> DesignSpace:
    """Return the space of chips and networks for a set of tasks.

    Raises:
        SettingError: ``fixed`` names no parameter, or a value that it cannot take.
    """
    parameters = [*_chip(), *_networks(tasks)]
    if settings["assignment"] == SEARCHED:
        parameters += _places(tasks)
    return DesignSpace(hold(parameters, settings["fixed"]), CONSTRAINTS, blank_is_default=True)


def _chip() -> list[Parameter]:
    text = "sub-accelerators of the chip"
    chip: list[Parameter] = [Integer(SUBS, 1, MOST_SUBS, default=2, role="chip", description=text)]
    for at, (dataflow, pes, bandwidth) in enumerate(_DEFAULT_SUBS):
        counts = tuple(range(at + 1, MOST_SUBS + 1))
        common: dict[str, Any] = {"role": f"sub{at + 1}"}
        if at:
            common["active_when"] = {SUBS: counts}
        chip += [
            Categorical(sub(at, "dataflow"), TEMPLATES, default=dataflow, **common),
            Ordinal(sub(at, "pes"), PES, default=pes, legal=(1, MOST_PES), **common),
            Ordinal(
                sub(at, "bw"), BANDWIDTHS, default=bandwidth, legal=(1, MOST_BANDWIDTH), **common
            ),
        ]
    return chip


def _networks(tasks: TaskSet) -> list[Parameter]:
    return [
        Ordinal(network(at, name), values, default=values[len(values) // 2], role=f"net{at + 1}")
        for at, task in enumerate(tasks.tasks)
        for name, values in task.choices.items()
    ]


def _places(tasks: TaskSet) -> list[Parameter]:
    return [
        Integer(
            place(at, number),
            1,
            MOST_SUBS,
            role="assignment",
            description="the sub-accelerator of the layer in this place, counted round",
        )
        for at, task in enumerate(tasks.tasks)
        for number in range(_count_places(task))
    ]


def _count_places(task: Task) -> int:
    smallest = {name: np.array(values[:1]) for name, values in task.choices.items()}
    return len(BACKBONES[task.backbone](task, smallest))


def _within(what: str, most: int) -> Constraint:
    names = tuple(sub(at, what) for at in range(MOST_SUBS))

    def holds(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        present = np.arange(MOST_SUBS) < columns[SUBS][:, None]
        total = (np.stack([columns[name] for name in names], axis=1) * present).sum(axis=1)
        return np.asarray(total <= most)

    text = f"{' + '.join(names)} <= {most}, over the sub-accelerators that there are"
    return Constraint(f"total_{what}", (SUBS, *names), holds, text)


CONSTRAINTS = (_within("pes", MOST_PES), _within("bw", MOST_BANDWIDTH))
