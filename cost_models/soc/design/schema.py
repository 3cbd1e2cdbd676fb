"""The form of a workload file, checked field by field."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=1)]
Wholes = Annotated[tuple[Whole, ...], Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+$")]  # a field of a block's word
Bytes = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cpu(_Strict):
    """The general-purpose core."""

    name: Name
    freq_hz: Positive
    ipc: Positive
    inst_per_joule: Positive
    area_m2: Positive


class Accelerator(_Strict):
    """What all accelerators have in common; scales turn published figures into the technology."""

    freq_hz: Positive
    freq_multiples: Wholes
    energy_scale: Positive
    area_scale: Positive


class Memory(_Strict):
    """What all memories have in common."""

    freq_hz: Positive
    freq_multiples: Wholes
    width_bytes: Wholes
    granule_bytes: Whole
    min_bytes: Whole


class Interconnect(_Strict):
    """What all buses have in common."""

    freq_hz: Positive
    freq_multiples: Wholes
    width_bytes: Wholes


class Hardware(_Strict):
    """The block library and the constants of the simulation."""

    cpu: Cpu
    accelerator: Accelerator
    memory: Memory
    interconnect: Interconnect
    burst_bytes: Whole
    power_window_s: Positive
    done_fraction: Annotated[float, Field(gt=0, le=1)]
    budget_slack: NotNegative
    met_distance: Positive


class Task(_Strict):
    """One task; ``unroll`` and the ``acc_`` fields where an accelerator for it exists."""

    name: Name
    cpu_cycles: NotNegative
    acc_cycles: Positive | None = None
    acc_energy_fj: NotNegative | None = None
    acc_area_um2: NotNegative | None = None
    unroll: tuple[Whole, ...] = ()


class Budgets(_Strict):
    """What the chip should keep within."""

    latency_s: Positive
    power_w: Positive
    area_m2: Positive


class Workload(_Strict):
    """One task graph with its budgets."""

    source: str = ""
    budgets: Budgets
    last_task: Name
    tasks: Annotated[tuple[Task, ...], Field(min_length=1, max_length=200)]
    edges_bytes: tuple[tuple[Name, Name, Bytes], ...]


class WorkloadFile(_Strict):
    """A whole file; ``hardware`` may be left out."""

    units: Any = None
    hardware: Hardware | None = None
    workloads: Annotated[dict[str, Workload], Field(min_length=1)]
