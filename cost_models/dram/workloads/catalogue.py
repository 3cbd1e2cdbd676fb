"""The built-in workloads, as declared in ``workloads.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from archgym.cost_models.dram.trace import Trace

_PACKAGE = "archgym.cost_models.dram.workloads"


@dataclass(frozen=True)
class Workload:
    """A built-in workload.

    Attributes:
        name: What launches and ``--workload`` call it.
        description: One line for people.
        requests: Length of its trace.
        build: Makes the trace; imports what it needs when called.
    """

    name: str
    description: str
    requests: int
    build: Callable[[], Trace]


@cache
def list_workloads() -> Mapping[str, Workload]:
    """Return the built-in workloads by name, without building any (and without Numba)."""
    declared = yaml.safe_load(files(_PACKAGE).joinpath("workloads.yaml").read_text("utf-8"))
    kernels = [
        _kernel_workload(name, spec, length, requests)
        for length, requests in declared["lengths"].items()
        for name, spec in declared["kernels"].items()
    ]
    recipes = [_recipe_workload(name, spec) for name, spec in declared["recipes"].items()]
    return MappingProxyType({workload.name: workload for workload in kernels + recipes})


def _kernel_workload(kernel: str, spec: dict[str, Any], length: str, requests: int) -> Workload:
    name = kernel if length == "default" else f"{kernel}_{length}"
    sizes, core, seed = spec["sizes"][length], spec["core"], spec["seed"]
    build = partial(_build_kernel, name, kernel, sizes, core, seed, requests)
    return Workload(name, spec["description"], requests, build)


def _build_kernel(name: str, *arguments: Any) -> Trace:
    from archgym.cost_models.dram.workloads.kernel_trace import kernel_trace

    return kernel_trace(name, *arguments)


def _recipe_workload(name: str, spec: dict[str, Any]) -> Workload:
    parameters = spec["parameters"]
    build = partial(_build_recipe, name, spec["recipe"], parameters)
    return Workload(name, spec["description"], parameters["requests"], build)


def _build_recipe(name: str, recipe: str, parameters: dict[str, Any]) -> Trace:
    trace: Trace = getattr(import_module(f"{_PACKAGE}.synthetic"), recipe)(name, **parameters)
    return trace
