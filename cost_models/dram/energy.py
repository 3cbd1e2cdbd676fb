"""DRAM energy from command and cycle counts and a memory's currents.

E = V x I x cycles x T per device and rail, as DRAMPower 4 computes it (Chandrasekar et al.; commit
9e64a1b), whose figures DRAMSys v5.0 prints. T is the exact period, not the one rounded to 1 ps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.commands import N_COMMANDS, Command
from archgym.cost_models.dram.engine import state
from archgym.cost_models.dram.memory import MemorySpec
from archgym.cost_models.dram.timing import TimingTables

PARTS = ("activate", "precharge", "read", "write", "refresh", "background", "power_down")
RAILS = ("", "2")  # key suffixes: idd0 and idd02, vdd and vdd2


def energy_parts(
    memory: MemorySpec, tables: TimingTables, counts: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Return the energy of a channel by part in pJ, one value per design.

    Args:
        memory: Its currents (mA) and voltages (V); without currents every part is NaN.
        tables: Its timing.
        counts: int64 (designs, ranks, N_COUNTS) as the engine counts.
    """
    if memory.power is None:
        return {part: np.full(len(counts), np.nan) for part in PARTS}
    totals = counts.sum(axis=1).astype(np.float64)
    parts = {part: np.zeros(len(counts)) for part in PARTS}
    for rail in RAILS:
        voltage = memory.power.get(f"vdd{rail}", 0.0)
        if voltage:
            scale = voltage * 1000.0 / memory.clock_mhz * memory.devices
            for part, charge in _charges(memory, tables, totals, rail).items():
                parts[part] += scale * charge
    return parts


def _charges(
    memory: MemorySpec, tables: TimingTables, totals: NDArray[np.float64], rail: str
) -> dict[str, NDArray[np.float64]]:
    """Return the charge of each part on one rail, in mA x cycles per device."""
    power = memory.power or {}

    def current(name: str) -> float:
        return power.get(f"idd{name}{rail}", 0.0)

    def total(field: int | str) -> NDArray[np.float64]:
        return np.asarray(totals[:, _column(field)])

    active, standby = current("3n"), current("2n")
    ras, row_cycle = memory.timing["RAS"], _row_cycle(memory)
    reads, writes = total("RD") + total("RDA"), total("WR") + total("WRA")
    return {
        "activate": (current("0") - active) * ras * total("ACT"),
        "precharge": (current("0") - standby) * (row_cycle - ras) * total(state.PRECHARGED_BANKS),
        "read": (current("4r") - active) * memory.burst_cycles * reads,
        "write": (current("4w") - active) * memory.burst_cycles * writes,
        "refresh": (current("5") - active) * tables.refresh_cycle * total("REFAB")
        + _partial_refreshes(power, tables, totals, rail),
        "background": active * total(state.ACTIVE_CYCLES)
        + standby * total(state.PRECHARGED_CYCLES),
        "power_down": current("3p0") * total(state.ACTIVE_DOWN_CYCLES)
        + current("2p0") * total(state.PRECHARGED_DOWN_CYCLES)
        + current("6") * total(state.SELF_REFRESH_CYCLES)
        + (current("5") - active) * total(state.SELF_REFRESH_ENTRY_CYCLES)
        + current("3p0") * total(state.SELF_REFRESH_ACTIVE_CYCLES)
        + current("2p0") * total(state.SELF_REFRESH_PRECHARGED_CYCLES),
    }


def _partial_refreshes(
    power: Mapping[str, float], tables: TimingTables, totals: NDArray[np.float64], rail: str
) -> NDArray[np.float64]:
    """Return the charge of refreshes of some banks; NaN where their current is not given."""
    charge = np.zeros(len(totals))
    cycles = {scheme.command: scheme.cycle for scheme in tables.refresh_schemes.values()}
    for command in (Command.REFPB, Command.REFSB):
        count = totals[:, command]
        if count.any():
            unknown = 0.0 if rail else np.nan
            extra = power.get(f"idd5pb{rail}", unknown) - power.get(f"idd3n{rail}", 0.0)
            charge += np.where(count > 0, extra * cycles[command] * count, 0.0)
    return charge


def _column(field: int | str) -> int:
    return field if isinstance(field, int) else int(Command[field])


def _row_cycle(memory: MemorySpec) -> int:
    return memory.timing["RC"] if "RC" in memory.timing else memory.timing["RCPB"]


assert state.ACTIVE_CYCLES == N_COMMANDS
