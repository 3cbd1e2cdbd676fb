"""Circuits to be found: the environments ``analog.topology`` and ``analog.blocks``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_model import CostModel
from archgym.cost_models.analog.topology.bench import TopologyBench, bench_names, load_bench
from archgym.cost_models.analog.topology.blocks import CHOICES, assemble
from archgym.cost_models.analog.topology.canonical import canonical_walk
from archgym.cost_models.analog.topology.grammar import Limits
from archgym.environment import Environment
from archgym.envs.analog.circuit_walk import CircuitWalk
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.scalar_parameters import Categorical
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

CIRCUIT = "circuit"
ON, OFF = "on", "off"
SHORTEST, LONGEST = 60, 400

_SIZING = {
    "simulations": Setting(200, description="of each circuit, to find its sizes"),
    "seed": Setting(0, description="of the search for sizes"),
}
SETTINGS = {
    **_SIZING,
    "length": Setting(160, description="most words of the walks that agents search"),
    "grammar": Setting(
        ON, choices=(ON, OFF), description="whether words that may not follow are replaced"
    ),
}

# What the shipped circuits are made of, their loads left to the bench.
BLOCKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ota5t": {},
        "miller2": {"second_stage": "common_source", "compensation": "nulling"},
        "fcascode": {"input": "pmos", "core": "folded", "load": "wide_swing"},
    }
)

OBJECTIVES: dict[str, Spec] = {
    "figure_of_merit": {
        "maximize": "figure_of_merit",
        "subject_to": {"targets_met": {"min": 1}},
    },
    "targets_met": {"maximize": "targets_met"},
    "gain": {"maximize": "gain_db"},
    "power": {"minimize": "power_w", "subject_to": {"targets_met": {"min": 1}}},
    "devices": {"minimize": "devices", "subject_to": {"targets_met": {"min": 1}}},
}

_SIZED = """\
Each circuit is sized by a short seeded search on the bench (200 simulations, about 20 to 60 ms),
towards the targets of the workload first, then for unity-gain frequency over power; metrics are
those of the best sizes found. The load is the bench's. Transistors of a mirror share their length,
twins length and fingers (found by symmetry from the inputs). `archgym export` writes the sized
deck for ngspice and a circuit file that analog.sizing takes as --workload; `--detail DIR` gives
the sizes.

A circuit that breaks a rule is infeasible, with the rule in `error`: ports, bulk, inputs drive
gates, no device that is off, no bypassed device, no shorted supply, no energy beside the supply
(voltage sources drive gates alone, current sources begin at VDD or end at VSS), no floating gate,
no floating node, no starved device, supply path, output connected. So is one for which no sizes
give an operating point with 1 nA in every transistor. How far it is from a circuit decides its
reward.
"""

WALK_NOTES = (
    """\
A design is a walk through all pins of a circuit, after AnalogGenie (Gao et al., ICLR 2025): net,
pin in, pin out of the same device, net, ... from VSS back to VSS, such as
'VSS NM1_S NM1_D N1 ...'. Pins are D, G, S, B of NM1, PM1, ..., P and N of R1, C1, I1, V1 (current
flows from P to N); a pin may be crossed again. Any walk may be given, valid or not.

Agents search walks of up to `length` words. With grammar=on each of their codes is read as a word
that may follow, so every design of an agent keeps all rules; grammar=off takes codes by the
letter.

style="native" (the default) is the environment of words, with action masks: see `TopologyEnv`.

"""
    + _SIZED
    + "\nVersion 0: first version.\n"
)
BLOCK_NOTES = (
    """\
A design chooses the blocks of an amplifier; 13,824 choices make several thousand different
circuits. All is mirrored for a PMOS input. Compensation needs a second stage; compensation=cascode
couples to the cascode of the core or the load, and is miller where there is none.

"""
    + _SIZED
    + "\nVersion 0: first version.\n"
)


def walk_space(settings: Settings) -> DesignSpace:
    """Return the space of walks.

    Raises:
        SettingError: The length cannot be.
    """
    length = settings["length"]
    if not SHORTEST <= length <= LONGEST:
        allowed = f"{SHORTEST} .. {LONGEST}"
        raise SettingError(f"setting 'length': {length} is not allowed ({allowed})")
    walk = CircuitWalk(
        CIRCUIT,
        alphabet=Limits.of(length).alphabet,
        max_length=length - 1,
        min_length=length - 1,
        default=canonical_walk(assemble({})),
        masked=settings["grammar"] == ON,
        role="circuit",
        description="a walk through all pins",
    )
    return DesignSpace([walk])


def block_space(settings: Settings) -> DesignSpace:
    """Return the space of blocks."""
    blocks = [
        Categorical(name, values, role="circuit", description="block of the amplifier")
        for name, values in CHOICES.items()
    ]
    return DesignSpace(blocks)


def _make_model(settings: Settings) -> CostModel:
    from archgym.cost_models.analog.topology.model import TopologyModel

    if settings["simulations"] < 1:
        raise SettingError(f"setting 'simulations': {settings['simulations']} is below 1")
    if settings["seed"] < 0:
        raise SettingError(f"setting 'seed': {settings['seed']} is below 0")
    return TopologyModel(settings["simulations"], settings["seed"])


def _load(name: str, settings: Settings) -> TopologyBench:
    return load_bench(name)


_WORKLOADS = MappingProxyType({name: load_bench(name).about for name in bench_names()})

ENVIRONMENT = Environment(
    id="analog.topology",
    version=0,
    description="amplifiers as walks through the pins of their devices, sized and simulated",
    space=walk_space,
    cost_models=MappingProxyType({"sized": _make_model}),
    workloads=_WORKLOADS,
    load_workload=_load,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    baselines={
        name: {CIRCUIT: " ".join(canonical_walk(assemble(blocks)))}
        for name, blocks in BLOCKS.items()
    },
    notes=WALK_NOTES,
    make_gym="archgym.envs.analog.topology_env:TopologyEnv",
)

BLOCK_ENVIRONMENT = Environment(
    id="analog.blocks",
    version=0,
    description="amplifiers put together from blocks, sized and simulated",
    space=block_space,
    cost_models=MappingProxyType({"sized": _make_model}),
    workloads=_WORKLOADS,
    load_workload=_load,
    objectives=OBJECTIVES,
    settings=_SIZING,
    baselines=BLOCKS,
    notes=BLOCK_NOTES,
)
