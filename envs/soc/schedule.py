"""Scheduling of task graphs on a heterogeneous system on chip (DS3, DeepSoCS, SoCRATES)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.soc.schedule.columns import HEURISTICS, SCHEDULER
from archgym.cost_models.soc.schedule.model import ScheduleModel
from archgym.cost_models.soc.schedule.workload import list_workloads, load_workload
from archgym.environment import Environment
from archgym.envs.soc.schedule_space import SEARCHED, design_space
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "space": Setting(
        next(iter(SEARCHED)),
        choices=tuple(SEARCHED),
        description="which schedulers are searched; priority and table have columns in their own",
    ),
    "energy": Setting(True, description="follow energy and temperature; without, twice as fast"),
    "throttling": Setting(False, description="slow hot clusters down at 85, 90 and 95 C"),
    "scheduler_seed": Setting(0, description="of the random scheduler"),
    "time_limit_s": Setting(
        120.0, description="of the solver behind scheduler=optimal: its measure of work, about s"
    ),
}

NOTES = """\
Jobs of several applications arrive over time; each is a graph of tasks. A scheduler gives every
ready task a PE; tasks are not preempted, and data between PEs take volume / bandwidth. The
simulator follows DS3 (commit 056c9300) tick by tick: every PE, start and finish agree, energy and
temperature to 1e-9.

Schedulers: MET (fastest PE), STF, EFT, ETF, ETF_LB as in DS3; replay of a plan; HEFT (each job
planned with insertion when it arrives), HEFT_RT (upward rank, then EFT), random, round_robin;
weights (a linear score of task-PE pairs, weights are parameters), priority (a list of all tasks,
then EFT), table (a cluster per task); policy:NAME or policy:PATH (a learned policy); optimal (a
single job, proven by CP-SAT, extra ilp). Governors act on LTL and BIG clusters: performance,
powersave, ondemand and constant-MHZ.

Workloads: names, with options as mix6_50us:jobs=1000,seed=3 (also mean_gap_us, max_in_flight,
noise); or a YAML file {kind: soc.schedule, platform, applications, arrivals: jobs.csv}, where
platform is multiple_bal, top3, bal_only or one of the same form, applications are names or
graphs, and arrival_process may stand in place of arrivals. Mean latencies near saturation depend
on the number of jobs: state it.

`archgym evaluate --detail DIR` writes schedule_<row>.csv, `archgym export` schedule.json.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "latency": {"minimize": "mean_job_latency_us"},
    "makespan": {"minimize": "makespan_us"},
    "energy": {"minimize": "energy_uj"},
    "energy_delay": {"minimize": "edp"},
    "latency_energy": {"product": ["mean_job_latency_us", "energy_uj"]},
    "latency_energy_pareto": {"pareto": ["mean_job_latency_us", "energy_uj"]},
}

BASELINES = MappingProxyType({name: {SCHEDULER: name} for name in HEURISTICS})


def _make_model(settings: Settings) -> ScheduleModel:
    if not settings["time_limit_s"] > 0:
        raise SettingError(f"setting 'time_limit_s': {settings['time_limit_s']!r} is not positive")
    if settings["scheduler_seed"] < 0:
        raise SettingError(f"setting 'scheduler_seed': {settings['scheduler_seed']!r} is negative")
    names = ("energy", "throttling", "scheduler_seed", "time_limit_s")
    return ScheduleModel(*(settings[name] for name in names))


def _default_space(settings: Settings) -> DesignSpace:
    return design_space(settings, load_workload(next(iter(list_workloads()))))


ENVIRONMENT = Environment(
    id="soc.schedule",
    version=0,
    description="task scheduling and frequencies on a heterogeneous SoC (DS3)",
    space=_default_space,
    space_of=design_space,
    cost_models=MappingProxyType({"ds3": _make_model}),
    workloads=MappingProxyType({n: entry["about"] for n, entry in list_workloads().items()}),
    load_workload=lambda name, settings: load_workload(name),
    objectives=OBJECTIVES,
    settings=SETTINGS,
    baselines=BASELINES,
    notes=NOTES,
    make_gym="archgym.envs.soc.schedule_env:ScheduleEnv",
    make_vector="archgym.envs.soc.schedule_vector:ScheduleVectorEnv",
    make_team="archgym.envs.soc.schedule_team:ScheduleTeamEnv",
)
