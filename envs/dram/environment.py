"""The memory-controller environment: what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.dram.bursts import split_into_bursts
from archgym.cost_models.dram.memory import load_memory, memory_names
from archgym.cost_models.dram.model import MemoryControllerModel
from archgym.cost_models.dram.refresh_schemes import allowed_policies
from archgym.cost_models.dram.trace import Trace
from archgym.cost_models.dram.workloads import list_workloads, load_workload
from archgym.cost_models.dram.workloads.features import trace_features
from archgym.environment import Environment
from archgym.envs.dram.objectives import OBJECTIVES
from archgym.envs.dram.space import SPACES, design_space
from archgym.errors import SettingError
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

SETTINGS = {
    "memory": Setting(
        "ddr3_1600",
        choices=tuple(memory_names()),
        or_file=True,
        description="the memory behind the controller; a YAML file describes one of your own",
    ),
    "space": Setting(
        "full",
        choices=SPACES,
        description="all 13 parameters, only the 10 that ArchGym searches, or 15 with more values",
    ),
    "retention": Setting(
        "enforce",
        choices=("enforce", "ignore"),
        description="whether a design that refreshes too little to keep its data is infeasible",
    ),
    "trace_clock_mhz": Setting(
        None, kind=float, description="clock of the trace's time stamps; else the memory's clock"
    ),
    "request_bytes": Setting(
        None, kind=int, description="bytes of a request without a length; else the memory's burst"
    ),
    "wrap_addresses": Setting(
        False, description="ignore address bits beyond the device instead of refusing them"
    ),
    "allow_unsorted": Setting(
        False, description="accept time stamps that decrease; all of them are minima"
    ),
    "threads": Setting(1, description="designs of a batch that are simulated at the same time"),
}

NOTES = """\
A design is the policy of one DRAM channel's controller. The semantics are those of DRAMSys v5.0
with DRAMPower energy, of which ArchGym used an older version.

Retention: a rank must be refreshed floor(total time / tREFI) times, of which JEDEC lets 8 (DDR5:
4) be postponed beyond the end. A design that misses more is infeasible (so no_refresh is, on any
run of more than 9 tREFI), unless retention=ignore. Its metrics are reported all the same. Where
banks are refreshed apart, each must be refreshed once per round of all banks, and the one that was
refreshed least is counted.

space=extended also searches the schedulers with separate read and write queues (grp_fr_fcfs,
grp_fr_fcfs_wm with its two watermarks) and the refresh policies that reach some banks at a time
(per_bank, same_bank, per_2_bank), where the memory has them. The full space takes these values
when designs are evaluated, but does not search them; the watermarks are 8 and 4 there. The limits
refresh_max_* count all-bank refreshes: they are multiplied by the number of refreshes of a round.

Without effect, and searched only where they have one: refresh_max_* under no_refresh,
max_active_transactions under the simple arbiter, watermarks under other schedulers.

No trustworthy currents, hence no energy: ddr5_4800, ddr5_6400, gddr6_14000, hbm2, hbm2_1600,
lpddr4_3200, lpddr5_6400. Public currents of HBM2 and GDDR6 look like guesses, those of DDR5 are
also used for DDR4, of the LPDDR there are none. Energy metrics are empty there and energy
objectives are refused. The currents of all other memories are from Micron's data sheets.

lpddr4_3200_6gb has 49,152 rows, no power of two, and so no map bank_row_col. LPDDR5 latencies
assume that WCK always runs. A DDR5 memory is one sub-channel of a module, a GDDR6 memory one
channel of a device.

A refresh of some banks needs the current idd5pb besides; no memory here has it, so energy is empty
under such a policy.

Version 0: first version.
"""


def _space(settings: Settings) -> DesignSpace:
    memory = load_memory(settings["memory"])
    mappings = [name for name in memory.mapping_names if name in memory.mappings]
    policies = allowed_policies(memory)
    return design_space(settings["space"], mappings, policies, f"memory {memory.name}")


def _simulator(settings: Settings) -> MemoryControllerModel:
    for name in ("trace_clock_mhz", "request_bytes", "threads"):
        if settings[name] is not None and settings[name] <= 0:
            raise SettingError(f"setting {name!r}: {settings[name]!r} is not positive")
    return MemoryControllerModel(
        load_memory(settings["memory"]),
        trace_clock_mhz=settings["trace_clock_mhz"],
        request_bytes=settings["request_bytes"],
        wrap_addresses=settings["wrap_addresses"],
        allow_unsorted=settings["allow_unsorted"],
        retention=settings["retention"],
        threads=settings["threads"],
    )


def _load_workload(name: str, settings: Settings) -> Trace:
    """Return a trace that fits the memory, so that a wrong one is refused before any run."""
    trace = load_workload(name)
    split_into_bursts(
        load_memory(settings["memory"]),
        trace,
        request_bytes=settings["request_bytes"],
        wrap_addresses=settings["wrap_addresses"],
        allow_unsorted=settings["allow_unsorted"],
    )
    return trace


ENVIRONMENT = Environment(
    id="dram",
    version=0,
    description="memory controllers: scheduling, paging, refresh and mapping policies on a trace",
    space=_space,
    cost_models=MappingProxyType({"simulator": _simulator}),
    workloads=MappingProxyType(
        {name: workload.description for name, workload in list_workloads().items()}
    ),
    load_workload=_load_workload,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
    workload_features=trace_features,
)
