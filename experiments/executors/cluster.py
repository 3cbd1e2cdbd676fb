"""A running Ray cluster: reached within seconds, and checked before any trial is sent to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archgym.errors import ArchgymError, SettingError, StoreError
from archgym.experiments.moved_files import moved
from archgym.experiments.resources import Resources
from archgym.experiments.user_files import content_hashes, hyperparameter_hashes
from archgym.registry import agents, environments
from archgym.results.files import place, read_json
from archgym.results.provenance import versions
from archgym.results.spec import TrialSpec

CONNECT_SECONDS = 5.0
STATUS_SECONDS = 20.0
# A node may have to fetch the sent folder and start a process first.
ANSWER_SECONDS = 120.0
AUTO, CLIENT = "auto", "ray://"


def check_reachable(address: str) -> None:
    """Refuse an address without a Ray cluster; Ray itself would try for two minutes.

    Raises:
        SettingError: It is not of the form ``host:port``.
        ArchgymError: Nobody listens there, or no Ray.
    """
    if address == AUTO:
        address = os.environ.get("RAY_ADDRESS", AUTO)
    if address == AUTO:
        return
    if address.startswith(CLIENT):
        raise SettingError(
            f"--address {address!r}: Ray's client is not supported; run archgym on a machine of"
            " the cluster, and give host:port or auto"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise SettingError(f"--address {address!r}: write it as host:port, or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _nobody(address, str(error)) from None
    _check_is_ray(address)


def _check_is_ray(address: str) -> None:
    """Ask for the cluster's status in another process, which can be given up."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "status", "--address", address]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=STATUS_SECONDS)
    except subprocess.TimeoutExpired:
        raise _nobody(address, f"no answer within {STATUS_SECONDS:g} s") from None
    if asked.returncode:
        raise _nobody(address, (asked.stderr.strip().splitlines() or ["no status"])[-1])


def _nobody(address: str, reason: str) -> ArchgymError:
    return ArchgymError(
        f"--address {address}: no Ray cluster listens there ({reason});"
        " `ray start --head` on that machine prints the address"
    )


@dataclass(frozen=True)
class Needs:
    """What every node must have, so that any trial can run there.

    Attributes:
        trials: Specs that between them have every problem and every agent.
        mark: A file that the driver wrote into the store, and what it says.
        sent_folder: The folder of the driver that was sent to the nodes, empty for none.
        version: The driver's archgym.
    """

    trials: Sequence[Mapping[str, Any]]
    mark: tuple[str, str]
    sent_folder: str
    version: str

    @staticmethod
    def of(trials: Iterable[TrialSpec], mark: tuple[str, str], sent_folder: str) -> Needs:
        """Return what some trials need."""
        seen: set[str] = set()
        chosen = []
        for trial in trials:
            problems = {f"problem {spec.table_key}" for spec in (trial, trial.true_spec)}
            parts = problems | {f"agent {trial.agent}"}
            if parts - seen:
                chosen.append(trial.data)
                seen |= parts
        return Needs(chosen, mark, sent_folder, versions()["archgym"])


def missing_here(needs: Needs) -> str:
    """Return what the node on which this runs lacks, empty where it lacks nothing."""
    installed = versions().get("archgym", "")
    if installed != needs.version:
        return f"it has archgym {installed}, this machine {needs.version}"
    file, token = needs.mark
    try:
        if (read_json(place(file)) or {}).get("token") != token:
            return f"it does not see {file}: --store must be a folder that all share, or a URL"
        for data in needs.trials:
            _try(TrialSpec.of(data), needs.sent_folder)
    except ArchgymError as error:
        return f"{error}; install or copy it there, or send it with --working-dir"
    return ""


def _try(spec: TrialSpec, sent_folder: str) -> None:
    """Make the problem and the agent of a trial, from files with the same content."""
    here = moved(spec, sent_folder)
    problem = here.make_problem()
    found = content_hashes(problem, environments.get(here.env), here.cost_model)
    found |= hyperparameter_hashes(agents.get(here.agent), here.hyperparameters)
    for name, wanted in spec.content.items():
        if found.get(name) != wanted:
            raise StoreError(f"{name}: its file has another content than on this machine")
    if here.recheck is not None:
        here.true_spec.make_problem()
    here.make_agent(problem)


def check_nodes(ray: Any, needs: Needs) -> None:
    """Refuse a cluster with a node on which trials could not run.

    Raises:
        ArchgymError: Names the node and what it lacks.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=1)(missing_here)
    asked = {}
    for node in computing_nodes(ray):
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        asked[task.options(scheduling_strategy=there).remote(needs)] = node["NodeManagerAddress"]
    for answer, node in asked.items():
        try:
            lacking = ray.get(answer, timeout=ANSWER_SECONDS)
        except ray.exceptions.RayError as error:
            lacking = str(error).strip().splitlines()[-1]
        if lacking:
            raise ArchgymError(f"the cluster's node {node} cannot run trials: {lacking}")


def check_room(ray: Any, asked: Iterable[Resources]) -> None:
    """Refuse trials for which no node is large enough: they would wait for ever.

    Raises:
        SettingError: Names what is asked and what the nodes have.
    """
    nodes = [node["Resources"] for node in computing_nodes(ray)]
    for resources in asked:
        demand = resources.demand
        if not any(all(n.get(k, 0.0) >= v for k, v in demand.items()) for n in nodes):
            had = [{k: n.get(k, 0.0) for k in demand} for n in nodes]
            raise SettingError(f"resources: no node has {demand} for one trial; nodes have {had}")


def computing_nodes(ray: Any) -> list[Mapping[str, Any]]:
    """Return the nodes that are alive and have cores for trials."""
    return [n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU", 0.0) > 0]
