"""The design space of the memory controller: ArchGym's ten parameters and three of ours.

Values, defaults and legal ranges are those of the simulator's knobs; here they get their roles,
the conditions under which they matter, and their descriptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archgym.cost_models.dram.knobs import KNOBS, MAPPING_NAMES, Knob
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.space import DesignSpace

SPACES = ("full", "archgym")

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
}

DESCRIPTIONS = {
    "page_policy": "when a bank closes its row: at a miss, after each access, or by looking ahead",
    "scheduler": "which queued request a bank serves next: oldest, row hit first, same direction",
    "scheduler_buffer": "how request entries are shared: per bank, per direction, or one pool",
    "request_buffer_size": "entries of each scheduler buffer",
    "resp_queue": "order in which responses leave: as the accesses, or as the requests came",
    "refresh_policy": "none (data would be lost), or all banks of a rank at once",
    "refresh_max_postponed": "refreshes that may be put off while requests wait (JEDEC: 8)",
    "refresh_max_pulledin": "refreshes that may be done early while the rank is idle (JEDEC: 8)",
    "arbiter": "what stands before the controller: nothing, a queue, or a queue that keeps order",
    "max_active_transactions": "requests that the arbiter lets run at the same time",
    "address_mapping": "order of row, bank and column in the address, most significant first",
    "cmd_mux": "which ready command is issued: the earliest, or accesses strictly in order",
    "power_down_policy": "whether an idle rank powers down, and self-refreshes when long idle",
}

# Where a parameter has no effect otherwise, it is searched only under these values.
CONDITIONS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "refresh_max_postponed": {"refresh_policy": ("all_bank",)},
    "refresh_max_pulledin": {"refresh_policy": ("all_bank",)},
    "max_active_transactions": {"arbiter": ("fifo", "reorder")},
}

NOT_IN_ARCHGYM = ("address_mapping", "cmd_mux", "power_down_policy")


def design_space(kind: str = "full", mappings: Sequence[str] = MAPPING_NAMES) -> DesignSpace:
    """Return the space: ``full`` (5,308,416 combinations) or ``archgym`` (its 442,368).

    In the ``archgym`` space the parameters that ArchGym does not search keep their default.

    Args:
        kind: One of `SPACES`.
        mappings: Names of the memory's address maps, the default first.
    """
    left_out = NOT_IN_ARCHGYM if kind == "archgym" else ()
    return DesignSpace([_parameter(knob, mappings) for knob in KNOBS if knob.name not in left_out])


def _parameter(knob: Knob, mappings: Sequence[str]) -> Parameter:
    common: dict[str, Any] = {
        "role": ROLES[knob.name],
        "active_when": CONDITIONS.get(knob.name, {}),
        "description": DESCRIPTIONS[knob.name],
    }
    if knob.name == "address_mapping":
        return Categorical(knob.name, tuple(mappings), **common)
    if knob.values:
        return Categorical(knob.name, knob.values, default=knob.default, **common)
    legal = (knob.lowest, knob.highest)
    return Ordinal(knob.name, knob.space, default=knob.default, legal=legal, **common)
