"""The design space of Eyeriss-like accelerators: ArchGym's 26 parameters, or a few of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from archgym.cost_models.dnn.eyeriss.memories import CLASSES
from archgym.cost_models.dnn.network import Network
from archgym.cost_models.dnn.workloads import load_network
from archgym.envs.dnn.holding import hold
from archgym.envs.dnn.layer_space import LayerSpace, layer_design
from archgym.parameter import Parameter
from archgym.scalar_parameters import Categorical, Ordinal
from archgym.space import DesignSpace

ARCHGYM, COMPACT = "archgym", "compact"
SPACES = (ARCHGYM, COMPACT)
DEFAULT_LAYER = "alexnet/conv1"


@cache
def declared() -> Mapping[str, Any]:
    """Return the space as ``eyeriss.yaml`` declares it."""
    text = files("archgym.envs.dnn").joinpath("eyeriss.yaml").read_text("utf-8")
    tables: Mapping[str, Any] = yaml.safe_load(text)
    return tables


def eyeriss_space(settings: Mapping[str, Any], network: Network) -> DesignSpace:
    """Return the space; layers are columns where the network has none.

    Raises:
        SettingError: ``fixed`` names no parameter, or a value that it cannot take.
    """
    parameters: list[Parameter] = [*_array(), *_memories()]
    if settings["space"] == COMPACT:
        parameters = _held(parameters)
    parameters = hold(parameters, settings["fixed"])
    if network.is_per_design:
        layer = layer_design(load_network(DEFAULT_LAYER).layers[0])
        return LayerSpace(parameters, default=layer | _start(settings))
    return DesignSpace(parameters, default=_start(settings), blank_is_default=True)


def _start(settings: Mapping[str, Any]) -> dict[str, int]:
    """Return the values at which search starts where they are not the defaults."""
    held = {pair.partition("=")[0].strip() for pair in settings["fixed"].split(",")}
    return {name: value for name, value in declared()["start"].items() if name not in held}


def _array() -> Iterator[Parameter]:
    for name, entry in declared()["array"].items():
        values = entry.get("values") or range(
            entry["step"], entry["step"] * entry["steps"] + 1, entry["step"]
        )
        yield Ordinal(
            name,
            tuple(values),
            default=entry["default"],
            role="array",
            description=entry["description"],
        )


def _memories() -> Iterator[Parameter]:
    table = declared()
    for name, entry in table["memories"].items():
        role, text = entry["role"], entry["description"]
        yield Categorical(
            f"{name}_class", CLASSES, default=table["class"], role=role, description=text
        )
        yield _depth(name, entry)
        if "n_banks" in entry:
            yield _numbers(name, "n_banks", table["banks"], entry["n_banks"], role, "banks")
        yield _numbers(
            name, "block_size", table["block_sizes"], entry["block_size"], role, "words of a row"
        )
        for way in ("read", "write") if "bandwidth" in entry else ():
            yield _numbers(
                name,
                f"{way}_bandwidth",
                table["bandwidths"],
                entry["bandwidth"],
                "bandwidth",
                "words per cycle" + ("" if name == "shared_glb" else "; never binds"),
            )


def _depth(name: str, entry: Mapping[str, Any]) -> Ordinal:
    low, high = entry["depths"]
    grid = [low]
    while grid[-1] < high:
        grid.append(2 * grid[-1])
    return Ordinal(
        f"{name}_memory_depth",
        tuple(grid),
        default=entry["depth"],
        legal=(1, high),
        role=entry["role"],
        description=f"rows: {entry['description']}",
    )


def _numbers(
    name: str, what: str, values: list[int], default: int, role: str, text: str
) -> Ordinal:
    return Ordinal(f"{name}_{what}", tuple(values), default=default, role=role, description=text)


def _held(parameters: list[Parameter]) -> list[Parameter]:
    """Return the parameters, those that the compact space does not search at their defaults."""
    held = [p for p in parameters if p.name not in declared()["searched"]]
    return hold(parameters, ",".join(f"{p.name}={p.default_value}" for p in held))
