"""A platform, applications and their arrivals: what is scheduled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from archgym.cost_models.soc.schedule.application import Application, load_applications
from archgym.cost_models.soc.schedule.arrivals import (
    Arrivals,
    draw_arrivals,
    read_arrivals,
    single_job,
)
from archgym.cost_models.soc.schedule.cases import make_case
from archgym.cost_models.soc.schedule.engine.state import Case
from archgym.cost_models.soc.schedule.fields import integer, mapping, number, read_yaml
from archgym.cost_models.soc.schedule.platform import Platform, load_platform
from archgym.errors import UnknownNameError, WorkloadError

KIND = "soc.schedule"
FIELDS = ("kind", "about", "arrivals", "arrival_process", "exec_noise")
PROCESS_OPTIONS = ("mean_gap_us", "jobs", "seed", "max_in_flight")
FORM = "NAME:jobs=1000,seed=3 (also mean_gap_us, max_in_flight, noise)"


@dataclass(frozen=True)
class ScheduleWorkload:
    """What is scheduled.

    Attributes:
        name: A registered name, a text, or a path.
        platform: Where it runs.
        applications: Their task graphs.
        arrivals: When jobs of which arrive.
        noise_std: Standard deviation of execution times, relative to their means.
        noise_seed: Of the generator of that noise.
        process: What arrivals were drawn from; None where they are given.
    """

    name: str
    platform: Platform
    applications: tuple[Application, ...]
    arrivals: Arrivals
    noise_std: float = 0.0
    noise_seed: int = 0
    process: Mapping[str, Any] | None = None

    def redrawn(self, seed: int) -> ScheduleWorkload:
        """Return the workload with arrivals and noise of another seed, where they are drawn."""
        if self.process is None:
            return self
        names = [application.name for application in self.applications]
        arrivals = draw_arrivals({**self.process, "seed": seed}, names, self.name)
        other = replace(self, arrivals=arrivals, noise_seed=seed)
        other.__dict__["case"] = self.case
        return other

    def all_of(self, application: int) -> ScheduleWorkload:
        """Return the workload with every job of one application."""
        jobs = np.full(len(self.arrivals), application)
        other = replace(self, arrivals=replace(self.arrivals, application=jobs))
        other.__dict__["case"] = self.case
        return other

    @cached_property
    def case(self) -> Case:
        """Platform and applications as the engine takes them."""
        return make_case(self.platform, self.applications)

    @cached_property
    def instances(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The tasks of all jobs: job, index in its application, row of the case; int64 (n,)."""
        case, kinds = self.case, self.arrivals.application
        sizes = case.applications["size"][kinds]
        jobs = np.repeat(np.arange(len(kinds)), sizes)
        index = np.arange(len(jobs)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return jobs, index, case.applications["first"][kinds][jobs] + index

    @property
    def task_names(self) -> list[str]:
        """Return application and task of each row of the case, joined by a point."""
        return [f"{a.name}.{task}" for a in self.applications for task in a.tasks]

    def content_hash(self) -> str:
        """Return a hash of all that determines a run."""
        from hashlib import sha256

        arrivals = [a.tolist() for a in vars(self.arrivals).values() if isinstance(a, np.ndarray)]
        parts = (self.platform, self.applications, arrivals, self.arrivals.max_in_flight)
        return sha256(repr((*parts, self.noise_std, self.noise_seed)).encode()).hexdigest()

    def summary(self) -> list[dict[str, Any]]:
        """Return a row per application: how many jobs, which tasks, numbered as in tables."""
        jobs = np.bincount(self.arrivals.application, minlength=len(self.applications)).tolist()
        rows, first = [], 0
        for application, count in zip(self.applications, jobs, strict=True):
            numbered = " ".join(f"{first + at}:{t}" for at, t in enumerate(application.tasks))
            rows.append({"application": application.name, "jobs": count, "tasks": numbered})
            first += len(application.tasks)
        return rows


@cache
def list_workloads() -> Mapping[str, Mapping[str, Any]]:
    """Return the registered workloads: name -> fields."""
    path = files("archgym.cost_models.soc.schedule").joinpath("workloads.yaml")
    return MappingProxyType(yaml.safe_load(path.read_text("utf-8")))


def load_workload(name: str) -> ScheduleWorkload:
    """Return the workload of a registered name, with options after a colon, or of a YAML file.

    Raises:
        UnknownNameError: Neither a name nor a file.
        WorkloadError: A field of the file is wrong. Names it.
    """
    known = list_workloads()
    base, _, options = name.partition(":")
    if base in known:
        return workload_of(name, _with_options(name, known[base], options), Path())
    if not Path(name).is_file():
        raise UnknownNameError("workload or file", name, known, f"; or {FORM}")
    return workload_of(name, read_yaml(Path(name)), Path(name).parent)


def workload_of(name: str, value: Any, folder: Path) -> ScheduleWorkload:
    """Return the workload of a file's fields; paths in it are relative to ``folder``.

    Raises:
        UnknownNameError: An unknown platform or application.
        WorkloadError: A field is wrong. Names it.
    """
    fields = mapping(name, value, ("platform", "applications"), FIELDS)
    if fields.get("kind", KIND) != KIND:
        raise WorkloadError(f"{name}, kind: {fields['kind']!r} is not {KIND!r}")
    platform = load_platform(fields["platform"], f"{name}, platform")
    applications = load_applications(fields["applications"], name)
    _check_supported(name, platform, applications)
    noise = mapping(f"{name}, exec_noise", fields.get("exec_noise") or {}, (), ("std", "seed"))
    return ScheduleWorkload(
        name,
        platform,
        applications,
        _arrivals(name, fields, applications, folder),
        number(f"{name}, exec_noise std", noise.get("std", 0.0)),
        integer(f"{name}, exec_noise seed", noise.get("seed", 0)),
        fields.get("arrival_process"),
    )


def _arrivals(
    name: str, fields: Mapping[str, Any], applications: tuple[Application, ...], folder: Path
) -> Arrivals:
    names = [application.name for application in applications]
    if "arrivals" in fields and "arrival_process" in fields:
        raise WorkloadError(f"{name}: has both arrivals and arrival_process")
    if "arrival_process" in fields:
        return draw_arrivals(fields["arrival_process"], names, name)
    if "arrivals" in fields:
        return read_arrivals(folder / str(fields["arrivals"]), names)
    if len(names) > 1:
        raise WorkloadError(f"{name}: needs arrivals or arrival_process")
    return single_job()


def _check_supported(name: str, platform: Platform, applications: tuple[Application, ...]) -> None:
    supported = {task for cluster in platform.clusters for task in cluster.exec_us}
    for application in applications:
        for at, task in enumerate(application.tasks):
            if task not in supported:
                raise WorkloadError(
                    f"{name}: no PE of platform {platform.name} can run task {at} ({task})"
                    f" of application {application.name}"
                )


def _with_options(name: str, fields: Mapping[str, Any], options: str) -> dict[str, Any]:
    """Return the fields with options such as ``jobs=1000,seed=3`` put in."""
    changed = {key: value for key, value in fields.items() if key != "about"}
    for pair in filter(None, options.split(",")):
        key, equals, text = (part.strip() for part in pair.partition("="))
        value = yaml.safe_load(text) if equals else None
        if key == "noise" and equals:
            changed["exec_noise"] = {"std": value}
        elif key in PROCESS_OPTIONS and equals and "arrival_process" in fields:
            changed["arrival_process"] = {**changed["arrival_process"], key: value}
        else:
            raise WorkloadError(f"workload {name!r}: {pair!r} is no option; expected {FORM}")
    return changed
