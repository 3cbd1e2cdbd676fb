"""Every registered environment satisfies the conformance kit, and so do the toys."""

from __future__ import annotations

from archgym import registry
from archgym.testing import EnvironmentConformance
from tests.toys import TOYS

# A few of the many workloads; the others are tried by the tests of their families.
WORKLOADS = {
    "dram": ("stream_short", "archgym_random"),
    "dnn.eyeriss": ("archgym_alexnet", "resnet18/conv2_x", "mobilenet_v1"),
    "synthesis.recipe": ("comparator", "priority"),
}
SETTINGS = {
    "analog.topology": {"length": 60, "simulations": 4},
    "analog.blocks": {"simulations": 4},
    "dnn.eyeriss": {"mapper_evaluations": 20},
    "synthesis.recipe": {"length": 4},
}


def _case(name: str) -> type[EnvironmentConformance]:
    known = TOYS[name] if name in TOYS else registry.environments.get(name)
    own = {
        "environment": known,
        "workloads": WORKLOADS.get(name),
        "settings": SETTINGS.get(name, {}),
    }
    title = "".join(word.capitalize() for word in name.replace(".", "_").split("_"))
    return type(f"Test{title}", (EnvironmentConformance,), own)


_CASES = [_case(name) for name in (*TOYS, *registry.environments.names())]
globals().update({case.__name__: case for case in _CASES})
