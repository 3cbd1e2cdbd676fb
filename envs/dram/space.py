"""The design spaces of the memory controller: ArchGym's ten parameters, and more of ours.

Values, defaults and legal ranges are those of the simulator's knobs; here they get their roles,
the conditions under which they matter, and their descriptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.constraint import Constraint
from archgym.cost_models.dram.knobs import KNOBS, MAPPING_NAMES, Knob
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.space import DesignSpace

SPACES = ("full", "archgym", "extended")

# The sub-system of a controller that owns each parameter: the unit of multi-agent search.
ROLES = {
    "page_policy": "row_policy",
    "scheduler": "scheduling",
    "scheduler_buffer": "queues",
    "request_buffer_size": "queues",
    "resp_queue": "queues",
    "refresh_policy": "refresh",
    "refresh_max_postponed": "refresh",
    "refresh_max_pulledin": "refresh",
    "arbiter": "arbitration",
    "max_active_transactions": "arbitration",
    "address_mapping": "mapping",
    "cmd_mux": "scheduling",
    "power_down_policy": "power",
    "high_watermark": "scheduling",
    "low_watermark": "scheduling",
}

DESCRIPTIONS = {
    "page_policy": "when a bank closes its row: at a miss, after each access, or by looking ahead",
    "scheduler": "which queued request a bank serves next: oldest, row hit first, same direction,"
    " or reads and writes in queues of their own",
    "scheduler_buffer": "how request entries are shared: per bank, per direction, or one pool",
    "request_buffer_size": "entries of each scheduler buffer",
    "resp_queue": "order in which responses leave: as the accesses, or as the requests came",
    "refresh_policy": "none (data would be lost), all banks of a rank at once, or some of them",
    "refresh_max_postponed": "refreshes that may be put off while requests wait (JEDEC: 8)",
    "refresh_max_pulledin": "refreshes that may be done early while the rank is idle (JEDEC: 8)",
    "arbiter": "what stands before the controller: nothing, a queue, or a queue that keeps order",
    "max_active_transactions": "requests that the arbiter lets run at the same time",
    "address_mapping": "order of row, bank and column in the address, most significant first",
    "cmd_mux": "which ready command is issued: the earliest, or accesses strictly in order",
    "power_down_policy": "whether an idle rank powers down, and self-refreshes when long idle",
    "high_watermark": "queued writes above which a controller with write queues serves writes",
    "low_watermark": "queued writes down to which it goes on, while reads wait",
}

# Where a parameter has no effect otherwise, it is searched only under these values.
REFRESHING = ("all_bank", "per_bank", "same_bank", "per_2_bank")
CONDITIONS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "refresh_max_postponed": {"refresh_policy": REFRESHING},
    "refresh_max_pulledin": {"refresh_policy": REFRESHING},
    "max_active_transactions": {"arbiter": ("fifo", "reorder")},
    "high_watermark": {"scheduler": ("grp_fr_fcfs_wm",)},
    "low_watermark": {"scheduler": ("grp_fr_fcfs_wm",)},
}

NOT_IN_ARCHGYM = ("address_mapping", "cmd_mux", "power_down_policy")


def design_space(
    kind: str = "full",
    mappings: Sequence[str] = MAPPING_NAMES,
    policies: Sequence[str] = ("no_refresh", "all_bank"),
    memory: str = "",
) -> DesignSpace:
    """Return a space: ``full`` (5,308,416 combinations), ``archgym`` (442,368) or ``extended``.

    In the ``archgym`` space the parameters that ArchGym does not search keep their default. The
    ``full`` space takes, but does not search, the schedulers with separate queues and the other
    refresh policies of the memory; the ``extended`` one searches them, and the watermarks.

    Args:
        kind: One of `SPACES`.
        mappings: Names of the memory's address maps, the default first.
        policies: Refresh policies that the memory allows.
        memory: Its name, for messages.
    """
    left_out = NOT_IN_ARCHGYM if kind == "archgym" else ()
    knobs = [knob for knob in KNOBS if knob.name not in left_out]
    if kind != "extended":
        knobs = [knob for knob in knobs if not knob.extended]
    offered = {
        knob.name: _offered(knob, kind, mappings, policies) for knob in knobs if knob.values
    }
    parameters = [_parameter(knob, offered, memory) for knob in knobs]
    return DesignSpace(parameters, (WATERMARKS,) if kind == "extended" else ())


def _in_order(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    without = columns["scheduler"] != "grp_fr_fcfs_wm"
    return np.asarray(without | (columns["low_watermark"] < columns["high_watermark"]), bool)


WATERMARKS = Constraint(
    "watermarks",
    ("scheduler", "high_watermark", "low_watermark"),
    _in_order,
    "grp_fr_fcfs_wm needs low_watermark < high_watermark",
)

Offer = tuple[tuple[str, ...], tuple[str, ...]]


def _offered(knob: Knob, kind: str, mappings: Sequence[str], policies: Sequence[str]) -> Offer:
    """Return the values of a knob that are searched, and those that are only legal."""
    if knob.name == "address_mapping":
        return tuple(mappings), ()
    searched = tuple(knob.space or knob.values)
    others = tuple(value for value in knob.values if value not in searched)
    if knob.name == "refresh_policy":
        others = tuple(value for value in others if value in policies)
    if kind == "extended":
        return searched + others, ()
    return searched, () if kind == "archgym" else others


def _parameter(knob: Knob, offered: Mapping[str, Offer], memory: str) -> Parameter:
    conditions = {
        parent: tuple(value for value in values if value in sum(offered[parent], ()))
        for parent, values in CONDITIONS.get(knob.name, {}).items()
    }
    common: dict[str, Any] = {
        "role": ROLES[knob.name],
        "active_when": conditions,
        "description": DESCRIPTIONS[knob.name],
    }
    if knob.values:
        searched, others = offered[knob.name]
        default = searched[0] if knob.name == "address_mapping" else knob.default
        where = memory if knob.name == "refresh_policy" else ""
        return Categorical(
            knob.name, searched, default=default, legal=others, legal_in=where, **common
        )
    legal = (knob.lowest, knob.highest)
    return Ordinal(knob.name, knob.space, default=knob.default, legal=legal, **common)
