"""Platforms and applications as the records that the engine works on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.soc.schedule.application import Application, topological_order
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.state import Case, Floats, Ints
from archgym.cost_models.soc.schedule.platform import (
    DVFS_KINDS,
    KEEP_MHZ,
    LITTLE,
    OTHER,
    Cluster,
    Platform,
    constants,
)

QUARTER = 0.25  # of the published leakage formula: per core, and once more for little cores


def make_case(platform: Platform, applications: Sequence[Application]) -> Case:
    """Return platform and applications as records and arrays."""
    link, bandwidths = _links(platform)
    tasks, edges, outputs, volumes = _graph_records(applications)
    exec_us = _exec_us(platform, applications)
    delays = np.floor(volumes[:, None] / bandwidths[None, :]).astype(np.int64)
    tasks["rank"] = _ranks(applications, exec_us, delays, link)
    return Case(
        constants=_constants(),
        clusters=_clusters(platform),
        points=_points(platform),
        watts=_watts(platform),
        caps=_caps(platform),
        link=link,
        heat_decay=np.array(constants()["thermal_a"], dtype=np.float64),
        heat_input=_heat_input(platform),
        applications=_applications(applications),
        tasks=tasks,
        edges=edges,
        outputs=outputs,
        delays=delays,
        exec_us=exec_us,
        by_speed=_by_speed(platform, exec_us),
    )


def _constants() -> NDArray[Any]:
    given, record = constants(), np.zeros(1, dtype=state.CONSTANTS)
    leakage, ondemand, throttling = given["leakage"], given["ondemand"], given["throttling"]
    values = {
        "window": given["window_us"],
        "thermal_period": given["thermal_period_us"],
        "ambient": given["ambient_c"],
        "memory_w": given["memory_power_w"],
        "gpu_w": given["gpu_power_w"],
        **leakage,
        **ondemand,
    }
    for level, (trip, margin) in enumerate(
        zip(throttling["trip_c"], throttling["hysteresis_c"], strict=True)
    ):
        values |= {f"trip_{level}": trip, f"hysteresis_{level}": margin}
    for name, value in values.items():
        record[name] = value
    return record


def _clusters(platform: Platform) -> NDArray[Any]:
    record, first = np.zeros(len(platform.clusters), dtype=state.CLUSTER), 0
    for row, cluster in zip(record, platform.clusters, strict=True):
        row["first_pe"], row["count"], row["points"] = first, cluster.count, len(cluster.points)
        row["dvfs"] = cluster.governed
        row["leak_share"] = QUARTER * QUARTER if cluster.kind == LITTLE else QUARTER
        first += cluster.count
    return record


def _row_of_profile(cluster: Cluster, mhz: float) -> tuple[float, tuple[float, ...]]:
    return next(row for row in cluster.profile if row[0] >= mhz)


def _points(platform: Platform) -> NDArray[Any]:
    most = max(len(cluster.points) for cluster in platform.clusters)
    record = np.zeros((len(platform.clusters), most), dtype=state.POINT)
    for rows, cluster in zip(record, platform.clusters, strict=True):
        volts_at, top = dict(cluster.points), cluster.points[-1][0]
        for row, (mhz, volts) in zip(rows, cluster.points, strict=False):
            base, watts = _row_of_profile(cluster, mhz)
            row["mhz"], row["volts"], row["entries"] = mhz, volts, len(watts)
            row["slowdown"] = top / mhz - 1
            row["scale"] = mhz * volts**2 / (base * volts_at[base] ** 2)
    return record


def _watts(platform: Platform) -> Floats:
    points = max(len(cluster.points) for cluster in platform.clusters)
    cores = max(cluster.count for cluster in platform.clusters)
    watts = np.zeros((len(platform.clusters), points, cores + 1))
    for rows, cluster in zip(watts, platform.clusters, strict=True):
        for row, (mhz, _) in zip(rows, cluster.points, strict=False):
            row[1 : cluster.count + 1] = _row_of_profile(cluster, mhz)[1]
    return watts


def _caps(platform: Platform) -> Ints:
    """Return the highest point at each throttling level, level 0 leaving all."""
    rows = []
    for cluster in platform.clusters:
        frequencies = [mhz for mhz, _ in cluster.points]
        row = [len(frequencies) - 1]
        for mhz in cluster.throttle_mhz:
            row.append(row[-1] if mhz == KEEP_MHZ else min(row[-1], frequencies.index(mhz)))
        rows.append(row)
    return np.array(rows, dtype=np.int64)


def _links(platform: Platform) -> tuple[Ints, Floats]:
    """Return the index of the bandwidth between each two PEs, and the bandwidths."""
    of = platform.cluster_of
    names = [cluster.name for cluster in platform.clusters]
    table = np.array([[platform.bandwidth(names[a], names[b]) for b in of] for a in of])
    np.fill_diagonal(table, platform.same_pe)
    bandwidths, link = np.unique(table, return_inverse=True)
    return link.reshape(table.shape).astype(np.int64), bandwidths


def _heat_input(platform: Platform) -> Floats:
    columns = constants()["thermal_b"]
    kinds = [c.kind if c.kind in DVFS_KINDS else OTHER for c in platform.clusters]
    return np.array([columns[k] for k in ("memory", "gpu", *kinds)], dtype=np.float64).T.copy()


def _applications(applications: Sequence[Application]) -> NDArray[Any]:
    record = np.zeros(len(applications), dtype=state.APPLICATION)
    record["size"] = [len(application.tasks) for application in applications]
    record["first"] = np.cumsum(record["size"]) - record["size"]
    return record


def _graph_records(
    applications: Sequence[Application],
) -> tuple[NDArray[Any], NDArray[Any], Ints, Floats]:
    """Return TASK, EDGE, outputs and the volumes of the edges."""
    firsts = _applications(applications)["first"].tolist()
    joined = [
        (first + source, first + target, volume)
        for first, application in zip(firsts, applications, strict=True)
        for source, target, volume in application.edges
    ]
    edges = np.zeros(len(joined), dtype=state.EDGE)
    edges["source"], edges["target"] = [e[0] for e in joined], [e[1] for e in joined]
    outputs = np.lexsort((edges["target"], edges["source"])).astype(np.int64)
    tasks = np.zeros(sum(len(a.tasks) for a in applications), dtype=state.TASK)
    rows = np.arange(len(tasks))
    sources = edges["source"][outputs]
    tasks["first_in"] = np.searchsorted(edges["target"], rows)
    tasks["end_in"] = np.searchsorted(edges["target"], rows, side="right")
    tasks["first_out"] = np.searchsorted(sources, rows)
    tasks["end_out"] = np.searchsorted(sources, rows, side="right")
    return tasks, edges, outputs, np.array([e[2] for e in joined], dtype=np.float64)


def _exec_us(platform: Platform, applications: Sequence[Application]) -> Floats:
    names = [task for application in applications for task in application.tasks]
    clusters = [platform.clusters[at] for at in platform.cluster_of]
    return np.array([[c.exec_us.get(name, math.inf) for c in clusters] for name in names])


def _by_speed(platform: Platform, exec_us: Floats) -> Ints:
    """Return, per task, the clusters that support it, the fastest first."""
    firsts = _clusters(platform)["first_pe"]
    times = exec_us[:, firsts]
    order = np.argsort(times, axis=1, kind="stable")
    return np.where(np.isfinite(np.take_along_axis(times, order, 1)), order, state.NONE)


def _ranks(
    applications: Sequence[Application], exec_us: Floats, delays: Ints, link: Ints
) -> list[float]:
    """Return the upward rank of each task, with means over PEs and over pairs of different PEs.

    Mean execution over the PEs that support a task; a single PE has no pairs and no delays.
    """
    counts = np.bincount(link[~np.eye(len(link), dtype=bool)], minlength=delays.shape[1])
    mean_delay = delays @ counts / max(counts.sum(), 1)
    mean_time = [float(row[np.isfinite(row)].mean()) for row in exec_us]
    ranks, first, edge = list(mean_time), 0, 0
    for application in applications:
        own = list(enumerate(application.edges, start=edge))
        for task in reversed(topological_order(application)):
            behind = [
                float(mean_delay[at]) + ranks[first + target]
                for at, (source, target, _) in own
                if source == task
            ]
            ranks[first + task] = mean_time[first + task] + max(behind, default=0.0)
        first, edge = first + len(application.tasks), edge + len(application.edges)
    return ranks
