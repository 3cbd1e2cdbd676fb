"""Recipes of AIG-rewriting passes: the environment ``synthesis.recipe``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from archgym.cost_models.synthesis.actions import RESYN2, SETS, action_set, parse_recipe
from archgym.cost_models.synthesis.columns import (
    CHAIN,
    CHAINS,
    DESIGN_ID,
    FINISHER,
    LIBRARY,
    MAPPING,
    MAPPINGS,
    RECIPE,
)
from archgym.cost_models.synthesis.libraries import DEFAULT_LIBRARY, find_library
from archgym.cost_models.synthesis.mapper import FINISHERS
from archgym.cost_models.synthesis.model import ALWAYS, CHECKS, RecipeModel
from archgym.cost_models.synthesis.workloads import CIRCUIT_SUFFIXES, list_circuits, load_circuit
from archgym.environment import Environment
from archgym.envs.synthesis.parameters import Label, LibraryName, Recipe
from archgym.errors import SettingError
from archgym.fixed_parameters import FixedChoice
from archgym.objective_spec import Spec
from archgym.parameter import Parameter
from archgym.setting import Setting
from archgym.space import DesignSpace

Settings = Mapping[str, Any]

LONGEST = 200

SETTINGS = {
    "actions": Setting(SETS[0], choices=SETS, description="the passes that agents choose from"),
    "length": Setting(20, description="passes of a recipe that agents search, 10 in ABC-RL"),
    "stop": Setting(False, description="whether agents may end a recipe early"),
    "library": Setting(
        DEFAULT_LIBRARY,
        description="what to map to: small, lut3 .. lut8, a .genlib or Liberty .lib file",
    ),
    "mapping": Setting("on", choices=MAPPINGS, description="whether the result is mapped"),
    "chain": Setting(
        "canonical", choices=CHAINS, description="whether strash follows each pass, or none"
    ),
    "finisher": Setting(
        "none", choices=FINISHERS, description="structural choices computed before mapping"
    ),
    "equivalence": Setting(
        ALWAYS, choices=CHECKS, description="which results are proved equivalent to the circuit"
    ),
    "time_limit_s": Setting(60.0, description="wall clock, of one pass and of one mapping"),
    "abc": Setting("", description="path of an ABC executable; found by itself otherwise"),
}

NOTES = """\
A recipe is passes of ABC separated by ';', as in rewrite;resub -z;balance, or digits 0-6, the
places in std7. The same recipe gives the same result in any order and company of designs: strash
follows every pass (chain=canonical), so a network is its AIGER file. chain=plain replays papers.

adp_vs_resyn2 compares with resyn2 in a plain chain, without finisher, on the same circuit and
library. Rewards compare with the default design, resyn2 repeated to the length that is searched,
in the chain and with the finisher of the settings: a finisher is never the agent's merit.

Libraries: the small one that comes along (our own numbers), look-up tables lut3 .. lut8, your
genlib (sum of block delays) or Liberty file (load-dependent timing, ps, not buffered).

Circuits: generators by name or with options, adder:width=128,arch=kogge_stone; files .aig, .aag,
.blif, .bench, .pla, .v, .sv. The graph a file loads to is part of its meaning: the same function
from another format may give other numbers. `archgym export` writes binary AIGER.

ABC is that of the setting abc, of ARCHGYM_ABC, of the pyosys wheel (pip install pyosys), or on the
PATH. Its hash is part of the model's version. A pass that hangs or dies is tried twice and costs
its own row only. equivalent is proved by ABC's cec; a result that is not equivalent is infeasible.

style="native" (the default) is the environment of passes: see `RecipeEnv`.

Version 0: first version.
"""

OBJECTIVES: dict[str, Spec] = {
    "adp_vs_resyn2": {"minimize": "adp_vs_resyn2"},
    "area_delay_product": {"minimize": "area_delay_product"},
    "mapped_area": {"minimize": "mapped_area"},
    "mapped_delay": {"minimize": "mapped_delay"},
    "and_count": {"minimize": "and_count"},
    "level": {"minimize": "level"},
    "lut_cost": {"minimize": "lut_cost"},
    "area_delay_pareto": {"pareto": ["mapped_area", "mapped_delay"]},
}


# Scripts of ABC: resyn2 and compress2rs as its abc.rc spells them.
_COMPRESS2RS = (
    "balance -l;resub -K 6 -l;rewrite -l;resub -K 6 -N 2 -l;refactor -l;resub -K 8 -l;balance -l;"
    "resub -K 8 -N 2 -l;rewrite -l;resub -K 10 -l;rewrite -z -l;resub -K 10 -N 2 -l;balance -l;"
    "resub -K 12 -l;refactor -z -l;resub -K 12 -N 2 -l;rewrite -z -l;balance -l"
)
BASELINES = {
    "resyn2": {RECIPE: RESYN2},
    "resyn2x2": {RECIPE: f"{RESYN2};{RESYN2}"},
    "compress2rs": {RECIPE: _COMPRESS2RS},
    "dc2x2": {RECIPE: "dc2;dc2"},
}


def design_space(settings: Settings) -> DesignSpace:
    """Return the space of recipes.

    Raises:
        SettingError: The length or the library cannot be.
    """
    length = settings["length"]
    if not 1 <= length <= LONGEST:
        raise SettingError(f"setting 'length': {length} is not allowed (1 .. {LONGEST})")
    find_library(settings[LIBRARY])
    resyn2 = itertools.islice(itertools.cycle(parse_recipe(RESYN2)), length)
    return DesignSpace(_parameters(settings), default={RECIPE: tuple(resyn2)})


def _recipe(settings: Settings) -> Recipe:
    return Recipe(
        RECIPE,
        alphabet=action_set(settings["actions"]),
        max_length=settings["length"],
        min_length=0 if settings["stop"] else settings["length"],
        role="recipe",
        description="passes in order",
    )


def _parameters(settings: Settings) -> list[Parameter]:
    """Return the recipe, and what tables may set row by row and agents leave alone."""
    return [
        Label(DESIGN_ID, description="any text, carried through"),
        _recipe(settings),
        _choice(settings, MAPPING, MAPPINGS),
        LibraryName(LIBRARY, (settings[LIBRARY],), description="what to map to"),
        _choice(settings, CHAIN, CHAINS),
        _choice(settings, FINISHER, FINISHERS),
    ]


def _choice(settings: Settings, name: str, values: tuple[str, ...]) -> FixedChoice:
    chosen = settings[name]
    others = [value for value in values if value != chosen]
    return FixedChoice(name, (chosen, *others), description=SETTINGS[name].description)


def _make_model(settings: Settings) -> RecipeModel:
    if not settings["time_limit_s"] > 0:
        raise SettingError(f"setting 'time_limit_s': {settings['time_limit_s']!r} is not positive")
    return RecipeModel(
        settings["abc"], settings["time_limit_s"], settings["equivalence"], settings[LIBRARY]
    )


ENVIRONMENT = Environment(
    id="synthesis.recipe",
    version=0,
    description="recipes of AIG-rewriting passes for combinational circuits, by a real ABC",
    space=design_space,
    cost_models=MappingProxyType({"abc": _make_model}),
    workloads=MappingProxyType(dict(list_circuits())),
    load_workload=lambda name, settings: load_circuit(name),
    workload_suffixes=CIRCUIT_SUFFIXES,
    objectives=OBJECTIVES,
    settings=SETTINGS,
    baselines=BASELINES,
    notes=NOTES,
    make_gym="archgym.envs.synthesis.recipe_env:RecipeEnv",
)
