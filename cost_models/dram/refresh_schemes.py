"""Refresh policies: which banks one refresh reaches, how often it is due and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archgym.cost_models.dram.commands import Command
from archgym.cost_models.dram.expressions import evaluate
from archgym.cost_models.dram.knobs import REFRESH_POLICIES
from archgym.cost_models.dram.memory import MemorySpec
from archgym.errors import SettingError

BANK_SETS = ("single", "same", "pair")


@dataclass(frozen=True)
class RefreshScheme:
    """One refresh command and the sets of banks to which it goes in turn.

    Set k begins with bank ``first(k)`` of its rank and goes on in steps of ``stride``.

    Attributes:
        command: REFAB, REFPB or REFSB.
        interval: Cycles between refreshes of a rank, on average.
        cycle: Cycles that a refresh takes.
        precharge: Part of the cycle that counts as precharge (energy).
        n_sets: Sets of a rank; so many refreshes are a round, which reaches every bank once.
        set_size: Banks of a set.
        stride: Distance between the banks of a set.
        new_round: Least cycles from the last refresh of a round to the first of the next.
        in_window: Whether it counts in the four-activation window.
    """

    command: Command
    interval: int
    cycle: int
    precharge: int
    n_sets: int
    set_size: int
    stride: int
    new_round: int
    in_window: bool

    def first(self, index: int) -> int:
        """Return the first bank, within its rank, of a set."""
        block, within = divmod(index, self.stride)
        return block * self.stride * self.set_size + within


def refresh_schemes(memory: MemorySpec) -> dict[str, RefreshScheme]:
    """Return the scheme of each refresh policy that the memory allows, ``all_bank`` first.

    A policy of the standard is left out where the memory does not give its timings.

    Raises:
        SettingError: The standard describes a policy wrongly.
    """
    standard = memory.standard
    names = standard.names(memory.timing, memory.burst_cycles)
    schemes = {"all_bank": _scheme(memory, _all_banks(memory), names)}
    for policy in REFRESH_POLICIES:
        entry = standard.partial_refresh.get(policy)
        if entry is not None and {entry["interval"], entry["cycle"]} <= names.keys():
            schemes[policy] = _scheme(memory, entry, names)
    cycles = {(scheme.command, scheme.cycle) for scheme in schemes.values()}
    if len(cycles) != len({command for command, _ in cycles}):
        raise SettingError(f"{standard.name}: one refresh command has several cycle times")
    return schemes


def allowed_policies(memory: MemorySpec) -> tuple[str, ...]:
    """Return the values of ``refresh_policy`` that a memory takes."""
    return ("no_refresh", *refresh_schemes(memory))


def _all_banks(memory: MemorySpec) -> Mapping[str, Any]:
    return {"banks": "all", "command": "REFAB", **memory.standard.refresh}


def _scheme(
    memory: MemorySpec, entry: Mapping[str, Any], names: Mapping[str, int]
) -> RefreshScheme:
    set_size, stride = _set_shape(memory, entry["banks"])
    return RefreshScheme(
        command=Command[entry["command"]],
        interval=evaluate(str(entry["interval"]), names),
        cycle=evaluate(str(entry["cycle"]), names),
        precharge=evaluate(str(entry["precharge"]), names),
        n_sets=memory.banks // set_size,
        set_size=set_size,
        stride=stride,
        new_round=evaluate(str(entry.get("new_round", 0)), names),
        in_window=bool(entry.get("in_window", False)),
    )


def _set_shape(memory: MemorySpec, banks: str) -> tuple[int, int]:
    """Return how many banks a set has and how far apart they are."""
    if banks == "all":
        return memory.banks, 1
    if banks == "single":
        return 1, 1
    if banks == "same":  # the bank of one number in every group
        return memory.groups, memory.banks // memory.groups
    if banks == "pair":  # a bank and the one half a rank further on
        return 2, memory.banks // 2
    raise SettingError(f"partial_refresh: banks = {banks!r} is none of {', '.join(BANK_SETS)}")
