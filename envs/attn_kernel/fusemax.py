"""FuseMax and the steps towards it: configuration, arrays, buffer, query tile."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.attn_kernel.attention import FORM, attention_features
from archgym.cost_models.attn_kernel.fusemax.constants import CONFIGS, constants
from archgym.cost_models.attn_kernel.fusemax.model import FuseMaxModel, Machine
from archgym.cost_models.attn_kernel.workloads import list_attention, load_attention
from archgym.environment import Environment
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

FULL, LADDER = "full", "ladder"
SIDES = (16, 32, 64, 128, 256, 512)
L3_SIZES = (0, *(2**k for k in range(14, 27)))
QUERY_TILES = (0, *(2**k for k in range(4, 17)))
_MACHINE, _L3 = constants()["machine"], constants()["l3_bytes"]

SETTINGS = {
    "space": Setting(
        FULL, choices=(FULL, LADDER), description="ladder: the configurations alone, as published"
    ),
    "clock_ghz": Setting(_MACHINE["clock_ghz"], kind=float, description="of both arrays"),
    "bandwidth_gib_per_s": Setting(
        _MACHINE["bandwidth_gib_per_s"], kind=float, description="of memory"
    ),
}

OBJECTIVES: dict[str, Spec] = {
    "latency": {"minimize": "latency_s"},
    "energy": {"minimize": "energy_j"},
    "energy_delay": {"product": ["energy_j", "latency_s"]},
    "end_to_end": {"minimize": "total_latency_s"},
    "end_to_end_energy": {"minimize": "total_energy_j"},
    "latency_area": {"product": ["latency_s", "area_um2"]},
    "energy_delay_area": {"product": ["energy_j", "latency_s", "area_um2"]},
    "latency_area_pareto": {"pareto": ["latency_s", "area_um2"]},
    "latency_energy_area_pareto": {"pareto": ["latency_s", "energy_j", "area_um2"]},
}

NOTES = f"""\
The ladder of the FuseMax paper. unfused: scores go to memory around softmax. flat: fused as in
FLAT. cascade: one pass over the keys on FLAT's arrays. arch: on FuseMax's arrays, tile by tile.
binding: tiles interleaved, that is FuseMax. The default design is flat on the published machine,
so the reward of objective latency is the speed-up over FLAT.

l3_B = 0 stands for the published size, {_L3["flat"]} for unfused and flat, {_L3["binding"]} for
the others; query_tile = 0 for the most that fits and divides the queries. Query tiles are rounded
up to blocks of pe_dim; one that exceeds l3_B is infeasible. A larger array is always faster: use
an objective with area.

A workload may also be written {FORM}, {{B: 64, H: 12, E: 64, seq: 4096}} or stand so in a YAML or
JSON file.

Version 0: first version.
"""


def design_space(settings: Settings) -> DesignSpace:
    """Return the whole space, or the configurations on the published machine alone."""
    ladder = settings["space"] == LADDER
    parameters = [
        Categorical(
            "config",
            CONFIGS,
            default="flat",
            role="cascade",
            description="how attention's operations are ordered and bound to the arrays",
        ),
        Ordinal(
            "pe_dim",
            (256,) if ladder else SIDES,
            default=256,
            legal=(1, None),
            role="array",
            description="side of the 2-D array and lanes of the 1-D one",
        ),
        Ordinal(
            "l3_B",
            (0,) if ladder else L3_SIZES,
            default=0,
            legal=(0, None),
            role="buffers",
            description="bytes of the shared buffer; 0: the published size",
        ),
        Ordinal(
            "query_tile",
            (0,) if ladder else QUERY_TILES,
            legal=(0, None),
            role="mapping",
            active_when={"config": ("cascade", "arch", "binding")},
            description="queries kept in L3 while keys and values pass; 0: as many as fit",
        ),
    ]
    return DesignSpace(parameters, blank_is_default=True)


def _machine(settings: Settings) -> Machine:
    for name in ("clock_ghz", "bandwidth_gib_per_s"):
        if not settings[name] > 0:
            raise SettingError(f"setting {name!r}: {settings[name]!r} is not positive")
    return Machine.of(settings["clock_ghz"], settings["bandwidth_gib_per_s"])


def _described() -> dict[str, str]:
    return {
        name: f"{a.heads} heads of {a.E}, {a.seq} queries and keys, width {a.D}"
        for name, a in list_attention().items()
    }


ENVIRONMENT = Environment(
    id="attn_kernel.fusemax",
    version=0,
    description="attention from unfused to FuseMax: configuration, array, buffer, query tile",
    space=design_space,
    cost_models=MappingProxyType({"fusemax": lambda s: FuseMaxModel(_machine(s))}),
    workloads=MappingProxyType(_described()),
    load_workload=lambda name, settings: load_attention(name),
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
    workload_features=attention_features,
)
