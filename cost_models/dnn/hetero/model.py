"""Networks and a heterogeneous chip together as a cost model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import CostModel
from archgym.cost_models.dnn.dataflow.layer_costs import LayerCosts
from archgym.cost_models.dnn.dataflow.templates import DATAFLOWS
from archgym.cost_models.dnn.energy import L1_ACCESSES_PER_MAC, AccessEnergies
from archgym.cost_models.dnn.hetero.backbones import layers_of_networks
from archgym.cost_models.dnn.hetero.columns import MOST_SUBS, SUBS, network, place, sub
from archgym.cost_models.dnn.hetero.tasks import TaskSet
from archgym.cost_models.dnn.layer_columns import indices
from archgym.cost_models.dnn.technology import Floats, maestro_area_um2, maestro_buffer_bytes
from archgym.metric import Metric
from archgym.outcome import Measurements

Ints = NDArray[np.int64]

METRICS = (
    Metric("latency_cycles", "1", "minimize", "until the last network is done"),
    Metric("energy_pj", "pJ", "minimize", "of all networks, once each"),
    Metric("area_um2", "um^2", "minimize", "of all sub-accelerators, by MAESTRO's units"),
    Metric("accuracy", "1", "maximize", "mean over the tasks, 0 .. 1; a surrogate"),
    Metric("accuracy_1", "1", "maximize", "of the first task"),
    Metric("accuracy_2", "1", "maximize", "of the second task"),
    Metric("macs", "1", "neutral", "of all networks"),
    Metric("pes", "1", "minimize", "of all sub-accelerators"),
    Metric("bandwidth", "1", "minimize", "words per cycle of all sub-accelerators"),
)


@dataclass(frozen=True)
class Schedules:
    """What networks do on chips.

    Attributes:
        layers: int64 (n, places, 9); zeros where there is no layer.
        ends: int64 (tasks,), the place after the last of each network.
        pes: int64 (n, 3); 0 where there is no sub-accelerator.
        bandwidth: int64 (n, 3), words per cycle; 0 where there is none.
        latency: float64 (n,), cycles.
        totals: Costs summed over all layers, each float64 (n,).
        buffers: float64 (2, n, 3), words of L1 and L2 of each sub-accelerator.
        chosen: int64 (n, places), which sub-accelerator runs a layer, -1 where there is none.
        finished: float64 (n, places), cycle at which it ends.
    """

    layers: Ints
    ends: Ints
    pes: Ints
    bandwidth: Ints
    latency: Floats
    totals: LayerCosts
    buffers: Floats
    chosen: Ints
    finished: Floats


class HeteroModel(CostModel):
    """Several networks, scheduled on sub-accelerators with a template dataflow each."""

    name = "nasaic"
    version = "1"
    fidelity = "analytical"
    metrics = METRICS
    sources = (
        "NASAIC (DAC 2020, arXiv 2002.04116): tasks, templates, limits on PEs and bandwidth",
        "MAESTRO's template dataflows (dnn.dataflow) for each layer",
    )
    leaves_out = (
        "training: accuracy is a monotone surrogate over hyper-parameters, made up by us",
        "pooling, activations, additions and their traffic; what tensors cost between "
        "sub-accelerators; contention, since each has its own bandwidth",
    )
    checked_against = (
        "dnn.dataflow: a chip of one sub-accelerator costs the sum of its layers",
        "an independent list scheduler, and bounds that every schedule keeps",
    )

    def __init__(self, energies: AccessEnergies):
        self._energies = energies

    def evaluate(self, batch: Batch, workload: TaskSet) -> Measurements:
        """Return the measurements of chips and networks on a set of tasks."""
        found = schedules_of(batch, workload)
        accuracies = [
            task.accuracy(_hyperparameters(batch, at, task.choices))
            for at, task in enumerate(workload.tasks)
        ]
        macs = found.totals.macs
        l1_bytes, l2_bytes = found.buffers * maestro_buffer_bytes()
        areas = maestro_area_um2(found.pes.astype(np.float64), l1_bytes, l2_bytes)
        return Measurements.of(
            {
                "latency_cycles": found.latency,
                "energy_pj": self._energies.total_pj(
                    macs,
                    L1_ACCESSES_PER_MAC * macs,
                    found.totals.l2_accesses,
                    found.totals.dram_words,
                ),
                "area_um2": areas.sum(axis=1),
                "accuracy": np.mean(accuracies, axis=0),
                "accuracy_1": accuracies[0],
                "accuracy_2": accuracies[1],
                "macs": macs,
                "pes": found.pes.sum(axis=1),
                "bandwidth": found.bandwidth.sum(axis=1),
            }
        )

    def detail(self, design: Batch, workload: TaskSet) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        """Return the schedule of one design: a row per layer."""
        found = schedules_of(design, workload)
        used = np.flatnonzero(found.chosen[0] >= 0)
        names = ("N", "K", "C", "P", "Q", "R", "S", "stride", "groups")
        layers = {name: found.layers[0, used, at] for at, name in enumerate(names)}
        task = np.searchsorted(found.ends, used, side="right") + 1
        runs = {"sub": found.chosen[0, used] + 1, "end_cycle": found.finished[0, used]}
        return {"schedule": {"task": task, **layers, **runs}}


def schedules_of(batch: Batch, task_set: TaskSet) -> Schedules:
    """Return the schedules of designs."""
    from archgym.cost_models.dnn.hetero.kernels import schedule_networks

    parts = [
        layers_of_networks(task, _hyperparameters(batch, at, task.choices))
        for at, task in enumerate(task_set.tasks)
    ]
    layers, ends = np.concatenate(parts, axis=1), np.cumsum([part.shape[1] for part in parts])
    count, places = layers.shape[:2]
    subs = batch[SUBS].astype(np.int64)
    present = np.arange(MOST_SUBS) < subs[:, None]
    pes, bandwidth = (_of_subs(batch, what) * present for what in ("pes", "bw"))
    latency, totals = np.empty(count), np.empty((8, count))
    buffers = np.empty((2, count, MOST_SUBS))
    chosen, finished = np.empty((count, places), dtype=np.int64), np.empty((count, places))
    schedule_networks(
        layers,
        ends,
        subs,
        _dataflows(batch),
        pes,
        bandwidth,
        _given(batch, parts, subs),
        latency,
        totals,
        buffers,
        chosen,
        finished,
    )
    return Schedules(
        layers, ends, pes, bandwidth, latency, LayerCosts(*totals), buffers, chosen, finished
    )


def _hyperparameters(batch: Batch, task: int, choices: Mapping[str, Any]) -> dict[str, Ints]:
    return {name: batch[network(task, name)].astype(np.int64) for name in choices}


def _of_subs(batch: Batch, what: str) -> Ints:
    return np.stack([batch[sub(at, what)] for at in range(MOST_SUBS)], axis=1).astype(np.int64)


def _dataflows(batch: Batch) -> Ints:
    columns = [indices(batch, sub(at, "dataflow"), DATAFLOWS) for at in range(MOST_SUBS)]
    return np.stack(columns, axis=1)


def _given(batch: Batch, parts: list[Ints], subs: Ints) -> Ints:
    """Return which sub-accelerator must run each layer, -1 for any, int64 (n, places).

    A number beyond the chip's sub-accelerators starts again at the first.
    """
    columns = [place(task, at) for task, part in enumerate(parts) for at in range(part.shape[1])]
    if columns[0] not in batch.space.columns:
        return np.full((len(batch), len(columns)), -1)
    asked = np.stack([batch[name] for name in columns], axis=1).astype(np.int64)
    return np.asarray((asked - 1) % subs[:, None])
