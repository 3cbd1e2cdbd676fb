"""Order of operators and replacement of tensors in one scratchpad (COSMA)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from archgym.cost_models.mem_plan.columns import (
    EXPLICIT,
    HEURISTICS,
    METHOD,
    METHODS,
    OPTIMAL,
    ORDER,
    REPLACEMENT,
    REPLACEMENTS,
    SCRATCHPAD,
)
from archgym.cost_models.mem_plan.graph import MOST_BYTES, Graph
from archgym.cost_models.mem_plan.model import ScratchpadModel
from archgym.cost_models.mem_plan.workloads import list_graphs, load_graph
from archgym.environment import Environment
from archgym.errors import SettingError
from archgym.fixed_parameters import FixedChoice, FixedNumber
from archgym.objective_spec import Spec
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.setting import Setting
from archgym.space import DesignSpace
from archgym.word_parameters import Permutation

Settings = Mapping[str, Any]

GIVEN, SEARCHED = "given", "searched"
CAPACITIES = 8

SETTINGS = {
    "scratchpad": Setting(
        GIVEN,
        choices=(GIVEN, SEARCHED),
        description="the workload's capacity, or sizes from the least that will do up to all",
    ),
    "graph": Setting("", description="the id of one graph in a file that has several"),
    "time_limit_s": Setting(
        60.0, description="of a solver, a design: wall clock, or cp_sat's own measure of work"
    ),
    "beam_width": Setting(100, description="states that beam searches keep after each operator"),
}

NOTES = """\
After COSMA (arXiv 2311.18246). Operators run one at a time, with all inputs and the output in the
scratchpad. A live tensor that leaves costs its size once, and its size for each fetch later; dead
ones vanish, and what every plan moves (inputs and results of the whole) is not counted. The
metric is non_compulsory_B.

Agents search explicit designs: order is a wish (of the operators whose inputs are there the first
in it runs next, so every design is a plan and every topological order is its own wish), and
replacement evicts the least recently used tensor (lru) or the one needed last (belady). Tables may
also say replacement=optimal, or give a method in place of both: lru_topo, belady_topo and
opt_replacement_topo keep the workload's order; ilp finds the best order and replacement by a
mixed-integer linear program, state_search by uniform-cost search, which is much faster on all but
the smallest graphs; a solver that does not finish in time_limit_s gives status timeout.
cp_sat is CP-SAT of OR-tools (extra ilp) on the same program; at the limit it gives the best plan
found with the bound that it proved in bound_B. cp_sat_addresses is COSMA's full problem, in which
tensors lie in one piece and do not move while they stay. beam_search and local_search (simulated
annealing from there, then the best replacement) find good plans of graphs that are too large.

scratchpad_B is the workload's capacity unless a design says otherwise; scratchpad=searched makes
it a parameter of 8 sizes. One that is smaller than an operator's operands is infeasible.

Workloads: graphs by name; as text, random:n=12,seed=0 or nas:cells=2,nodes=4,seed=0; a JSON file
{"ops": [[[], 0], [[0], 1], [[0, 1], 2]], "size": [4, 2, 1], "capacity": 7}, in which operator t
has inputs and the output t, sizes and capacity in bytes. A file with several under "dags" needs
graph=ID. `archgym evaluate --detail DIR` writes the schedule, and addresses (placed greedily,
except by cp_sat_addresses).
gymnasium.make("archgym/mem_plan.scratchpad-v0") builds a plan operator by operator; styles
one_shot, sequential and local are the generic views.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "non_compulsory": {"minimize": "non_compulsory_B"},
    "traffic": {"minimize": "off_chip_B"},
    "traffic_capacity_pareto": {"pareto": ["off_chip_B", "capacity_B"]},
}


def design_space(settings: Settings, graph: Graph) -> DesignSpace:
    """Return the space of plans for a graph."""
    explicit = {METHOD: (EXPLICIT,)}
    return DesignSpace(
        [
            FixedChoice(METHOD, METHODS, role="schedule", description="who makes the plan"),
            Permutation(
                ORDER,
                items=tuple(range(len(graph))),
                role="schedule",
                active_when=explicit,
                description="operators in the order in which they should run, as far as they can",
            ),
            Categorical(
                REPLACEMENT,
                REPLACEMENTS,
                legal=(OPTIMAL,),
                role="memory",
                active_when=explicit,
                description="which tensor leaves when room is needed",
            ),
            _scratchpad(settings, graph),
        ],
        blank_is_default=True,
    )


def _scratchpad(settings: Settings, graph: Graph) -> Parameter:
    common: dict[str, Any] = {
        "role": "memory",
        "aliases": ("scratchpad", "capacity"),
        "description": "bytes of the scratchpad",
    }
    if settings["scratchpad"] == GIVEN:
        return FixedNumber(SCRATCHPAD, 1, MOST_BYTES, default=graph.capacity, **common)
    least, most = graph.least_capacity, sum(graph.sizes)
    steps = np.unique(np.geomspace(least, most, CAPACITIES).astype(np.int64)).tolist()
    return Ordinal(SCRATCHPAD, tuple(steps), legal=(1, None), **common)


def _make_model(settings: Settings) -> ScratchpadModel:
    if not settings["time_limit_s"] > 0:
        raise SettingError(f"setting 'time_limit_s': {settings['time_limit_s']!r} is not positive")
    if settings["beam_width"] < 1:
        raise SettingError(f"setting 'beam_width': {settings['beam_width']!r} is not positive")
    return ScratchpadModel(settings["time_limit_s"], settings["beam_width"])


def _default_space(settings: Settings) -> DesignSpace:
    return design_space(settings, load_graph(next(iter(list_graphs()))))


ENVIRONMENT = Environment(
    id="mem_plan.scratchpad",
    version=0,
    description="order of operators and replacement of tensors in one scratchpad (COSMA)",
    space=_default_space,
    space_of=design_space,
    cost_models=MappingProxyType({"cosma": _make_model}),
    workloads=MappingProxyType({name: entry["about"] for name, entry in list_graphs().items()}),
    load_workload=lambda name, settings: load_graph(name, settings["graph"]),
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
    baselines=MappingProxyType({name: {METHOD: name} for name in HEURISTICS}),
    make_gym="archgym.envs.mem_plan.plan_env:PlanEnv",
)
