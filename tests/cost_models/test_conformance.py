"""The cost models of all registered environments satisfy the conformance kit."""

from __future__ import annotations

from archgym import registry
from archgym.testing import CostModelConformance
from tests.toys import TOYS

WORKLOADS = {"dram": "spmv_short", "synthesis.recipe": "comparator"}
SETTINGS = {
    "analog.topology": {"length": 60, "simulations": 4},
    "analog.blocks": {"simulations": 4},
    "dnn.eyeriss": {"mapper_evaluations": 20},
    "synthesis.recipe": {"length": 4},
}


def _case(name: str, model: str) -> type[CostModelConformance]:
    known = TOYS[name] if name in TOYS else registry.environments.get(name)
    own = {
        "environment": known,
        "cost_model": model,
        "workload": WORKLOADS.get(name),
        "settings": SETTINGS.get(name, {}),
    }
    words = f"{name}_{model}".replace(".", "_").split("_")
    return type("Test" + "".join(map(str.capitalize, words)), (CostModelConformance,), own)


def _cases() -> list[type[CostModelConformance]]:
    known = {name: TOYS[name] for name in ("toy", "toy.real", "toy.words")}
    known |= {name: registry.environments.get(name) for name in registry.environments.names()}
    return [_case(name, model) for name, env in known.items() for model in env.cost_models]


globals().update({case.__name__: case for case in _cases()})
