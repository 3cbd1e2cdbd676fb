"""Benches on which topologies are judged, and the ranges in which they are sized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from archgym.cost_models.analog.topology.metrics import SIZED
from archgym.errors import UnknownNameError, WorkloadError

_DATA = "benches.yaml"
_NEEDED = ("about", "load_f", "common_mode", "targets")
_DIRECTION = {m.name: m.direction for m in SIZED}


@dataclass(frozen=True)
class TopologyBench:
    """What a circuit is connected to and sized for.

    Attributes:
        name: For messages.
        about: One line.
        load_f: Capacitance at the output.
        common_mode: Input voltage as a share of the supply.
        targets: Metric -> value to be reached.
    """

    name: str
    about: str
    load_f: float
    common_mode: float
    targets: Mapping[str, float]

    def summary(self) -> list[dict[str, Any]]:
        """Return the targets as rows."""
        return [{"metric": name, "target": value} for name, value in self.targets.items()]


def bench_names() -> tuple[str, ...]:
    """Return the benches that come along."""
    return tuple(name for name, entry in _data().items() if "targets" in _mapping(entry))


def load_bench(name: str) -> TopologyBench:
    """Return the bench of that name, or of that YAML file.

    Raises:
        UnknownNameError: There is no such bench and no such file.
        WorkloadError: The file cannot be read or does not describe a bench.
    """
    if name in bench_names():
        return _bench(_data()[name], name)
    path = Path(name)
    if not path.is_file():
        raise UnknownNameError("bench", name, bench_names(), " or a YAML file that describes one")
    try:
        return _bench(yaml.safe_load(path.read_text()), name)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WorkloadError(f"{name}: cannot be read as YAML: {error}") from None


def size_ranges() -> Mapping[str, Any]:
    """Return kind of device -> range, as circuit files write it."""
    return _mapping(_data()["sizes"])


def mirror_input_fingers() -> float:
    """Return the fingers of a mirror's input."""
    return float(_data()["mirror_input_fingers"])


@cache
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load(resources.files(__package__).joinpath(_DATA).read_text()))


def _mapping(entry: Any) -> Mapping[str, Any]:
    return entry if isinstance(entry, Mapping) else {}


def _bench(content: Any, name: str) -> TopologyBench:
    if not isinstance(content, Mapping) or set(content) != set(_NEEDED):
        raise WorkloadError(f"{name}: a bench is a mapping with exactly {', '.join(_NEEDED)}")
    numbers = {key: content[key] for key in ("load_f", "common_mode")}
    targets = content["targets"]
    if not isinstance(targets, Mapping) or not targets:
        raise WorkloadError(f"{name}, targets: write a mapping metric -> number")
    for key, value in {**numbers, **targets}.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise WorkloadError(f"{name}, {key}: {value!r} is not a positive number")
    wrong = [key for key in targets if _DIRECTION.get(key, "neutral") == "neutral"]
    if wrong:
        known = ", ".join(key for key, way in _DIRECTION.items() if way != "neutral")
        raise WorkloadError(f"{name}, targets: {wrong[0]!r} is not one of {known}")
    if not numbers["common_mode"] < 1:
        raise WorkloadError(f"{name}, common_mode: a share of the supply lies below 1")
    return TopologyBench(
        name,
        str(content["about"]),
        float(numbers["load_f"]),
        float(numbers["common_mode"]),
        {str(key): float(value) for key, value in targets.items()},
    )
