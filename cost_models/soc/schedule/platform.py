"""Platforms: clusters of processing elements (PEs), their operating points, and bandwidths."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from archgym.cost_models.soc.schedule.fields import (
    integer,
    listed,
    mapping,
    number,
    numbers,
    positive,
)
from archgym.errors import UnknownNameError, WorkloadError

BIG, LITTLE, OTHER = "BIG", "LTL", "other"
DVFS_KINDS = (LITTLE, BIG)
KEEP_MHZ = -1  # of a throttling level that leaves the cluster alone
LEVELS = 3


@dataclass(frozen=True)
class Cluster:
    """Equal PEs with one clock.

    Attributes:
        name: As in bandwidths.
        kind: LTL and BIG have governed clocks; anything else is an accelerator.
        count: PEs.
        points: (MHz, V), ascending frequency.
        profile: MHz -> watts with 1, 2, ... busy PEs; ascending frequency.
        throttle_mhz: Highest frequency at the three throttling levels, -1 to leave it.
        exec_us: Task name -> time at the highest frequency.
    """

    name: str
    kind: str
    count: int
    points: tuple[tuple[float, float], ...]
    profile: tuple[tuple[float, tuple[float, ...]], ...]
    throttle_mhz: tuple[float, ...]
    exec_us: Mapping[str, float]

    @property
    def governed(self) -> bool:
        """Whether governors act on it."""
        return self.kind in DVFS_KINDS


@dataclass(frozen=True)
class Platform:
    """Clusters and the bandwidths between them, as volume per microsecond."""

    name: str
    clusters: tuple[Cluster, ...]
    same_pe: float
    default: float
    pairs: Mapping[tuple[str, str], float]

    @property
    def pe_count(self) -> int:
        """Number of PEs; they are numbered through, clusters in order."""
        return sum(cluster.count for cluster in self.clusters)

    @property
    def cluster_of(self) -> list[int]:
        """Return the index of the cluster of each PE."""
        return [at for at, cluster in enumerate(self.clusters) for _ in range(cluster.count)]

    def bandwidth(self, first: str, second: str) -> float:
        """Return the bandwidth between two different PEs of two clusters."""
        for pair in ((first, second), (second, first)):
            if pair in self.pairs:
                return self.pairs[pair]
        return self.default


@cache
def _package_data() -> Any:
    path = files("archgym.cost_models.soc.schedule").joinpath("platforms.yaml")
    return yaml.safe_load(path.read_text("utf-8"))


@cache
def constants() -> Mapping[str, Any]:
    """Return the power, thermal and governor constants, which hold for every platform."""
    return _package_data()["constants"]  # type: ignore[no-any-return]


def platform_names() -> list[str]:
    """Return the names of the shipped platforms."""
    return list(_package_data()["platforms"])


def load_platform(value: Any, where: str) -> Platform:
    """Return a shipped platform by name, or one given in the same form.

    Raises:
        UnknownNameError: There is none of that name.
        WorkloadError: A field is wrong. Names it.
    """
    if not isinstance(value, str):
        return _platform("inline", value, where)
    known = _package_data()["platforms"]
    if value not in known:
        raise UnknownNameError("platform", value, known)
    return _platform(value, known[value], f"platform {value}")


def _platform(name: str, value: Any, where: str) -> Platform:
    needed, allowed = ("clusters", "bandwidth"), ("source", "memory")
    fields = mapping(where, value, needed, allowed)
    clusters = tuple(
        _cluster(entry, f"{where}, cluster {at}")
        for at, entry in enumerate(listed(f"{where}, clusters", fields["clusters"]))
    )
    names = [cluster.name for cluster in clusters]
    if len(set(names)) != len(names):
        raise WorkloadError(f"{where}: two clusters of one name ({', '.join(names)})")
    memory = str(fields.get("memory", "MEMORY"))
    bandwidth = mapping(
        f"{where}, bandwidth", fields["bandwidth"], ("same_pe", "default"), ("pairs",)
    )
    return Platform(
        name=name,
        clusters=clusters,
        same_pe=positive(f"{where}, bandwidth same_pe", bandwidth["same_pe"]),
        default=positive(f"{where}, bandwidth default", bandwidth["default"]),
        pairs=_pairs(bandwidth.get("pairs", {}), names, memory, where),
    )


def _cluster(value: Any, where: str) -> Cluster:
    needed = ("name", "kind", "count", "opp_mhz_mv", "power_profile_w", "exec_us")
    fields = mapping(where, value, needed, ("throttle_mhz",))
    where = f"{where} ({fields['name']})"
    count = integer(f"{where}, count", fields["count"], 1)
    points = _points(fields["opp_mhz_mv"], where)
    throttle = fields.get("throttle_mhz", [KEEP_MHZ] * LEVELS)
    times = mapping(f"{where}, exec_us", fields["exec_us"], (), tuple(fields["exec_us"] or ()))
    return Cluster(
        name=str(fields["name"]),
        kind=str(fields["kind"]),
        count=count,
        points=points,
        profile=_profile(fields["power_profile_w"], points, count, where),
        throttle_mhz=_throttle(throttle, points, where),
        exec_us={str(t): number(f"{where}, exec_us of {t}", us) for t, us in times.items()},
    )


def _points(value: Any, where: str) -> tuple[tuple[float, float], ...]:
    where = f"{where}, opp_mhz_mv"
    pairs = [numbers(where, pair, 2, positive) for pair in listed(where, value)]
    points = tuple((mhz, millivolts / 1000) for mhz, millivolts in pairs)
    if any(low[0] >= high[0] for low, high in itertools.pairwise(points)):
        raise WorkloadError(f"{where}: frequencies must ascend, are {[p[0] for p in points]}")
    return points


def _profile(
    value: Any, points: tuple[tuple[float, float], ...], count: int, where: str
) -> tuple[tuple[float, tuple[float, ...]], ...]:
    where = f"{where}, power_profile_w"
    rows = mapping(where, value, (), tuple(value or ()))
    profile = tuple(
        sorted((positive(where, mhz), numbers(where, row, count)) for mhz, row in rows.items())
    )
    frequencies = [mhz for mhz, _ in points]
    for mhz, _ in profile:
        if mhz not in frequencies:
            raise WorkloadError(f"{where}: {mhz:g} MHz is no operating point ({frequencies})")
    if not profile or profile[-1][0] < frequencies[-1]:
        raise WorkloadError(f"{where}: has no row for {frequencies[-1]:g} MHz or more")
    return profile


def _throttle(
    value: Any, points: tuple[tuple[float, float], ...], where: str
) -> tuple[float, ...]:
    where = f"{where}, throttle_mhz"
    levels = numbers(where, value, LEVELS, lambda at, entry: number(at, entry, KEEP_MHZ))
    allowed = [KEEP_MHZ, *(mhz for mhz, _ in points)]
    for mhz in levels:
        if mhz not in allowed:
            raise WorkloadError(f"{where}: {mhz:g} is no operating point (allowed: {allowed})")
    return levels


def _pairs(value: Any, names: list[str], memory: str, where: str) -> dict[tuple[str, str], float]:
    where = f"{where}, bandwidth pairs"
    ends = [*names, memory]
    known = {f"{a}-{b}": (a, b) for a in ends for b in ends}
    pairs = {}
    for text, volume in mapping(where, value, (), tuple(value or ())).items():
        if text not in known:
            raise WorkloadError(f"{where}: {text!r} does not join two of {', '.join(ends)}")
        ends_in_memory = memory in known[text]
        read = number if ends_in_memory else positive
        pairs[known[text]] = read(f"{where}, {text}", volume)
    return pairs
