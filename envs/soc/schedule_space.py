"""Designs of a scheduler: who decides, with which numbers, under which governor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.soc.schedule.columns import (
    BY_PRIORITY,
    BY_TABLE,
    BY_WEIGHTS,
    FEATURES,
    GOVERNOR,
    HEURISTICS,
    PLAN,
    POLICY,
    PRIORITY,
    REPLAY,
    SCHEDULER,
    SCHEDULERS,
    TABLE,
    WEIGHTS,
)
from archgym.cost_models.soc.schedule.governor import governors_of
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Real
from archgym.space import DesignSpace
from archgym.text_parameters import OpenChoice
from archgym.word_parameters import Permutation, Sequence

SEARCHED = {
    "schedulers": (*HEURISTICS, BY_WEIGHTS),
    "heuristics": HEURISTICS,
    BY_WEIGHTS: (BY_WEIGHTS,),
    BY_PRIORITY: (BY_PRIORITY,),
    BY_TABLE: (BY_TABLE,),
    "all": (*HEURISTICS, BY_WEIGHTS, BY_PRIORITY, BY_TABLE),
}
NEED_PARAMETERS = (BY_WEIGHTS, BY_PRIORITY, BY_TABLE)
FIRST_WEIGHT = {"finish": 1.0}  # which is ETF


def design_space(settings: Mapping[str, Any], workload: ScheduleWorkload) -> DesignSpace:
    """Return the space of schedulers for a workload."""
    from archgym.cost_models.soc.schedule.policies import shipped_policies

    searched = SEARCHED[settings["space"]]
    others = [name for name in SCHEDULERS if name not in (*searched, *NEED_PARAMETERS)]
    parameters: list[Parameter] = [
        OpenChoice(
            SCHEDULER,
            searched,
            legal=(*others, *(f"{POLICY}{name}" for name in shipped_policies())),
            prefixes=(POLICY,),
            role="scheduler",
            description="who gives ready tasks their PEs",
        ),
        Categorical(
            GOVERNOR,
            governors_of(workload.platform),
            role="governor",
            description="who sets the frequencies of LTL and BIG clusters",
        ),
        OpenChoice(
            PLAN,
            ("",),
            role="scheduler",
            active_when={SCHEDULER: (REPLAY,)},
            description="CSV job,task,pe,start_us; relative to the file of designs",
        ),
    ]
    tasks = len(workload.case.tasks)
    if BY_WEIGHTS in searched:
        parameters += _weights()
    if BY_PRIORITY in searched:
        parameters.append(_priority(tasks))
    if BY_TABLE in searched:
        parameters.append(_table(tasks, len(workload.platform.clusters)))
    return DesignSpace(parameters, blank_is_default=True)


def _weights() -> list[Parameter]:
    return [
        Real(
            name,
            -1.0,
            1.0,
            default=FIRST_WEIGHT.get(feature, 0.0),
            role="scheduler",
            active_when={SCHEDULER: (BY_WEIGHTS,)},
            description=f"in the score, least first: {FEATURES[feature]}",
        )
        for feature, name in WEIGHTS.items()
    ]


def _priority(tasks: int) -> Parameter:
    return Permutation(
        PRIORITY,
        items=tuple(range(tasks)),
        role="scheduler",
        active_when={SCHEDULER: (BY_PRIORITY,)},
        description="tasks of all applications, the most urgent first",
    )


def _table(tasks: int, clusters: int) -> Parameter:
    return Sequence(
        TABLE,
        tuple(range(clusters)),
        tasks,
        min_length=tasks,
        role="scheduler",
        active_when={SCHEDULER: (BY_TABLE,)},
        description="per task of all applications: its fastest cluster (0), the next (1), ...",
    )
