"""The launch that evaluates a design of experiments, in parts that processes share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from archgym.experiments.launch import parse_launch
from archgym.experiments.plan import Plan, make_plan
from archgym.results.files import make_folder, put
from archgym.results.store import Store

PART = 2_000
_FOLDER = "launches"


def sampling_plan(store: Store, content: Mapping[str, Any]) -> Plan:
    """Return the plan of a launch, which is kept in ``STORE/launches`` for running it again.

    Raises:
        LaunchError: A name is unknown or a value not allowed.
        StoreError: It cannot be written.
    """
    folder = store.path / _FOLDER
    path = folder / f"{content['name']}.yaml"
    plan = make_plan(parse_launch(content, str(path)), Path(str(path)))
    make_folder(folder)
    put(path, yaml.safe_dump(dict(content), sort_keys=False).encode())
    return plan


def sampling_launch(
    name: str, problem: Mapping[str, Any], designer: str, count: int, seed: int, part: int = PART
) -> dict[str, Any]:
    """Return the launch: agent ``sample``, one trial for each part of the set.

    Args:
        name: Of the launch.
        problem: Its entry: environment, workload, settings, cost model.
        designer: See `archgym.agents.sample`.
        count: Designs in all.
        seed: Of the set.
        part: Designs of one trial, at most; the same whatever the number of workers, so that the
            same trials are found again.
    """
    parts = -(-count // part)
    agent = {
        "name": "sample",
        "hyperparameters": {
            "designer": designer,
            "points": count,
            "part": [f"{number}/{parts}" for number in range(1, parts + 1)],
        },
    }
    return {
        "name": name,
        "problems": [dict(problem)],
        "agents": [agent],
        "budget": -(-count // parts),
        "seeds": [seed],
    }
