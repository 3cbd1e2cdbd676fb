"""A controller as a DRAMSys v5.0 configuration: policy, address map, memory specification, trace.

The layout is that of DRAMSys's own ``configs`` folder, so the exported folder can be given to the
simulator as its resource directory: ``DRAMSys simulation.json <folder>``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.refresh_schemes import refresh_schemes
from archgym.errors import SettingError

CONTROLLER = "mcconfig/controller.json"
MAPPING = "addressmapping/mapping.json"
MEMORY = "memspec/memory.json"
SIMULATOR = "simconfig/simulator.json"

# The models that the public DRAMSys v5.0 shares with this package, and those it has power for.
MODELS = ("DDR3", "DDR4", "LPDDR4", "HBM2")
POWER_MODELS = ("DDR3", "DDR4")

_KEYS = {
    "page_policy": "PagePolicy",
    "scheduler": "Scheduler",
    "scheduler_buffer": "SchedulerBuffer",
    "request_buffer_size": "RequestBufferSize",
    "cmd_mux": "CmdMux",
    "resp_queue": "RespQueue",
    "refresh_policy": "RefreshPolicy",
    "refresh_max_postponed": "RefreshMaxPostponed",
    "refresh_max_pulledin": "RefreshMaxPulledin",
    "power_down_policy": "PowerDownPolicy",
    "high_watermark": "HighWatermark",
    "low_watermark": "LowWatermark",
    "arbiter": "Arbiter",
    "max_active_transactions": "MaxActiveTransactions",
}


def dramsys_configuration(
    memory: MemorySpec, design: Mapping[str, Any], trace_file: str, trace_clock_mhz: float
) -> dict[str, str]:
    """Return file name -> JSON text of the configuration of one design.

    Args:
        memory: The memory.
        design: Knob name -> value, all knobs of the family.
        trace_file: Name of the trace file in the folder ``traces`` beside the configuration.
        trace_clock_mhz: Clock of its time stamps.

    Raises:
        SettingError: DRAMSys has no such model.
    """
    if memory.standard.name not in MODELS:
        raise SettingError(
            f"memory {memory.name}: {memory.standard.name} cannot be exported; the public DRAMSys "
            f"v5.0 and this package share {', '.join(MODELS)}"
        )
    mapping = memory.mappings[design["address_mapping"]]
    policy = _refresh_policy(memory, design["refresh_policy"])
    files: dict[str, Any] = {
        CONTROLLER: {"mcconfig": _controller({**design, "refresh_policy": policy})},
        MAPPING: {"addressmapping": _address_mapping(mapping.bits, mapping.xor)},
        MEMORY: {"memspec": _memory(memory)},
        SIMULATOR: {"simconfig": _simulator(_has_power(memory))},
        "simulation.json": {"simulation": _simulation(trace_file, trace_clock_mhz)},
    }
    return {name: json.dumps(content, indent=4) + "\n" for name, content in files.items()}


def _controller(design: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: _camel(design[knob]) for knob, key in _KEYS.items()}
    return {**values, "RefreshManagement": False}


def _refresh_policy(memory: MemorySpec, policy: str) -> str:
    """Return DRAMSys's name of a policy, which calls all refreshes of single banks per-bank."""
    scheme = refresh_schemes(memory).get(policy)
    return "per_bank" if scheme is not None and scheme.set_size == 1 else policy


def _camel(value: Any) -> Any:
    """Return DRAMSys's spelling of a word, for example ``FrFcfsGrp`` of ``fr_fcfs_grp``."""
    if not isinstance(value, str):
        return int(value)
    return "".join(word.capitalize() for word in value.split("_"))


def _address_mapping(bits: Mapping[str, Any], xor: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {f"{field}_BIT": list(places) for field, places in bits.items()}
    if xor:
        fields["XOR"] = [{"FIRST": first, "SECOND": second} for first, second in xor]
    return fields


def _memory(memory: MemorySpec) -> dict[str, Any]:
    specification = {
        "memarchitecturespec": _organisation(memory),
        "memoryId": memory.source.split(" (")[0].rsplit(" ", 1)[-1],
        "memoryType": memory.standard.name,
        "memtimingspec": {**memory.timing, "clkMhz": int(memory.clock_mhz)},
    }
    if memory.power is not None and _has_power(memory):
        specification["mempowerspec"] = dict(memory.power)
    return specification


def _has_power(memory: MemorySpec) -> bool:
    return memory.power is not None and memory.standard.name in POWER_MODELS


def _organisation(memory: MemorySpec) -> dict[str, int]:
    organisation = {
        "burstLength": memory.burst_length,
        "dataRate": memory.data_rate,
        "nbrOfBanks": memory.banks,
        "nbrOfColumns": memory.columns,
        "nbrOfRows": memory.rows,
        "nbrOfChannels": 1,
        "nbrOfDevices": memory.devices,
        "width": 8 * memory.bus_bytes // memory.devices,
    }
    if memory.groups > 1:
        organisation["nbrOfBankGroups"] = memory.groups
    pseudo = any("PSEUDOCHANNEL" in mapping.bits for mapping in memory.mappings.values())
    organisation["nbrOfPseudoChannels" if pseudo else "nbrOfRanks"] = memory.ranks
    return organisation


def _simulator(has_power: bool) -> dict[str, Any]:
    return {
        "AddressOffset": 0,
        "CheckTLM2Protocol": False,
        "DatabaseRecording": False,
        "Debug": False,
        "EnableWindowing": False,
        "PowerAnalysis": has_power,
        "SimulationName": "archgym",
        "SimulationProgressBar": False,
        "StoreMode": "NoStorage",
        "UseMalloc": False,
        "WindowSize": 1000,
    }


def _simulation(trace_file: str, trace_clock_mhz: float) -> dict[str, Any]:
    clock = int(trace_clock_mhz) if float(trace_clock_mhz).is_integer() else trace_clock_mhz
    return {
        "addressmapping": MAPPING.split("/")[1],
        "mcconfig": CONTROLLER.split("/")[1],
        "memspec": MEMORY.split("/")[1],
        "simconfig": SIMULATOR.split("/")[1],
        "simulationid": "archgym",
        "tracesetup": [{"clkMhz": clock, "name": trace_file}],
    }
