"""Learned policies, used as ``scheduler=policy:NAME`` or ``policy:PATH``.

A policy file (``.npz``) holds the layers of a graph network. A task's embedding is what three
rounds of messages from its successors leave in it; the score of a task and a PE is that of a
network of two layers on the embedding and on what `engine.schedulers.policy` sees of the pair,
less ``prior`` times the finish. So a policy works on any platform and any graphs. Training is in
`archgym.experiments.schedule_policy`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from archgym.cost_models.soc.schedule.engine.schedulers.policy import FEATURES
from archgym.cost_models.soc.schedule.engine.state import Case, Floats, Policy
from archgym.cost_models.soc.schedule.graphs import TASK_FEATURES, TaskGraphs, task_graphs
from archgym.errors import WorkloadError
from archgym.whole_file import write_whole

ROUNDS = 3
PROVENANCE, PRIOR = "provenance", "prior"
LAYERS = ("read", "message", "update", "embed", "first", "second", "last")
WITHOUT_BIAS = ("last",)

Arrays = Mapping[str, Floats]


def shipped_policies() -> dict[str, Path]:
    """Return the policies of the package: name -> file."""
    folder = Path(str(files("archgym.cost_models.soc.schedule"))) / "policies"
    return {path.stem: path for path in sorted(folder.glob("*.npz"))}


def find_policy(path: Path) -> Path:
    """Return the file of a policy given by path, or by the name of a shipped one.

    Raises:
        WorkloadError: There is neither.
    """
    shipped = shipped_policies()
    if path.is_file():
        return path
    if path.name in shipped:
        return shipped[path.name]
    raise WorkloadError(f"policy {str(path)!r}: no such file, and none of {', '.join(shipped)}")


def load_policy(path: Path) -> Arrays:
    """Return the layers of a policy.

    Raises:
        WorkloadError: The file holds no policy.
    """
    try:
        with np.load(path) as file:
            arrays = {name: np.asarray(file[name], np.float64) for name in _names()}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise WorkloadError(f"policy {path.name}: cannot be read ({error})") from None
    _check_shapes(path.name, arrays)
    return arrays


def provenance_of(path: Path) -> dict[str, Any]:
    """Return how a policy was trained."""
    with np.load(path) as file:
        found: dict[str, Any] = json.loads(str(file[PROVENANCE]))
    return found


def save_policy(path: Path, arrays: Arrays, provenance: Mapping[str, Any]) -> None:
    """Write a policy file; layers as float32.

    Raises:
        StoreError: It cannot be written.
    """
    content = io.BytesIO()
    saved: dict[str, Any] = {name: arrays[name].astype(np.float32) for name in _names()}
    saved[PROVENANCE] = np.array(json.dumps(provenance))
    np.savez_compressed(content, **saved)
    write_whole(path, content.getvalue())


def policy_for(arrays: Arrays, case: Case) -> Policy:
    """Return a policy in the form that the engine takes, for one case."""
    graphs = task_graphs(case)
    first = arrays["first.weight"]
    inputs, pes = len(FEATURES), len(case.link)
    return Policy(
        scale=graphs.scale,
        prior=float(arrays[PRIOR]),
        tasks=embeddings(arrays, graphs) @ first[:, inputs:].T,
        pes=graphs.pes,
        first=np.ascontiguousarray(first[:, :inputs]),
        first_bias=arrays["first.bias"],
        second=arrays["second.weight"],
        second_bias=arrays["second.bias"],
        last=arrays["last.weight"][0],
        seen=np.zeros(inputs),
        hidden=np.zeros(len(first)),
        least=np.zeros(2),
        backlog=np.zeros(pes),
        rivals=np.zeros(pes),
        queue=np.zeros(pes, dtype=np.int64),
    )


def embeddings(arrays: Arrays, graphs: TaskGraphs) -> Floats:
    """Return the embedding of each task, float64 (tasks, width)."""
    state = _layer(arrays, "read", graphs.features)
    share = 1.0 / np.maximum(np.bincount(graphs.source, minlength=len(state)), 1)[:, None]
    for _ in range(ROUNDS):
        sent = _layer(arrays, "message", state)[graphs.target]
        received = np.zeros_like(state)
        np.add.at(received, graphs.source, sent)
        state = _layer(arrays, "update", np.concatenate([state, received * share], axis=1))
    return _layer(arrays, "embed", state)


def _layer(arrays: Arrays, name: str, inputs: Floats) -> Floats:
    return np.tanh(inputs @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"])


def _names() -> list[str]:
    biases = [f"{name}.bias" for name in LAYERS if name not in WITHOUT_BIAS]
    return [*(f"{name}.weight" for name in LAYERS), *biases, PRIOR]


def _check_shapes(name: str, arrays: Arrays) -> None:
    units = len(arrays["read.weight"])
    wide = len(arrays["embed.weight"])
    hidden, second = len(arrays["first.weight"]), len(arrays["second.weight"])
    expected = {
        "read": (units, TASK_FEATURES),
        "message": (units, units),
        "update": (units, 2 * units),
        "embed": (wide, units),
        "first": (hidden, len(FEATURES) + wide),
        "second": (second, hidden),
        "last": (1, second),
    }
    for layer, shape in expected.items():
        found = arrays[f"{layer}.weight"].shape
        if found != shape:
            raise WorkloadError(f"policy {name}: layer {layer} has shape {found}, not {shape}")
