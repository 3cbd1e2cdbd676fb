"""What a trial is, as data: one agent on one problem with one seed and one budget."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import Any

from archgym import registry
from archgym.errors import ReplayMismatchError
from archgym.objective_spec import Spec
from archgym.problem import Problem
from archgym.results.files import plain

_ID_LENGTH = 16
TABLE_MODEL = "table:"
# What decides the measurements of a design: no objective, no agent.
_MEASURED = (
    "env",
    "env_version",
    "workload",
    "settings",
    "cost_model",
    "cost_model_version",
    "content",
)
# What trials have in common that compete with each other: all but the agent's own.
_COMPETED = (*_MEASURED, "objective", "budget", "timeout_s")
# Places of content that are the agent's own.
_AGENT_FILES = "hyperparameters."
_digests: dict[str, str] = {}


@dataclass(frozen=True)
class TrialSpec:
    """Everything that decides which rows a trial stores; see `run_id`.

    Attributes:
        env: The environment's id in the registry.
        env_version: Its version.
        workload: A registered name, or the absolute path of a file.
        objective: A name or a mapping.
        settings: All settings of the environment, defaults filled in.
        cost_model: Name among the environment's cost models.
        cost_model_version: Its version.
        agent: The agent's name in the registry.
        agent_version: Its version.
        hyperparameters: All of them, defaults filled in.
        seed: Handed to the agent.
        budget: Evaluations that it may spend.
        timeout_s: Wall-clock limit of one evaluation in seconds, None for none.
        content: Where a value is a file of the user (``workload``, ``settings.<name>`` or
            ``hyperparameters.<name>``), the hash of its content. Identity is by base name and
            content, not by folder.
        recheck: How its best designs are evaluated once more in the end: how many ``designs``, by
            which ``cost_model`` and ``cost_model_version``. None where they are not.
    """

    env: str
    env_version: int
    workload: str
    objective: Spec
    settings: Mapping[str, Any]
    cost_model: str
    cost_model_version: str
    agent: str
    agent_version: str
    hyperparameters: Mapping[str, Any]
    seed: int
    budget: int
    timeout_s: float | None = None
    content: Mapping[str, str] = field(default_factory=dict)
    recheck: Mapping[str, Any] | None = None

    @staticmethod
    def of(data: Mapping[str, Any]) -> TrialSpec:
        """Return the spec that `data` was made from; unknown keys are an error."""
        return TrialSpec(**data)

    @property
    def data(self) -> dict[str, Any]:
        """The spec as a JSON-like mapping; without `recheck` where there is none."""
        data: dict[str, Any] = plain(asdict(self))
        if self.recheck is None:
            del data["recheck"]
        return data

    @property
    def identity(self) -> dict[str, Any]:
        """The part of `data` that tells trials apart: files by base name."""
        data = self.data
        for place in self.content:
            owner, _, name = place.rpartition(".")
            holder = data[owner] if owner else data
            holder[name] = PurePath(holder[name]).name
        if self.recheck is not None:  # known by its version, wherever it lies
            data["recheck"]["cost_model"] = PurePath(data["recheck"]["cost_model"]).name
        return data

    @cached_property
    def run_id(self) -> str:
        """The name under which the trial is stored: a hash of its identity."""
        return "r" + digest(self.identity)[:_ID_LENGTH]

    @property
    def problem_label(self) -> str:
        """The problem in a few words."""
        return f"{self.env}-v{self.env_version} {self.workload} {self.objective}"

    @property
    def label(self) -> str:
        """The trial in a few words."""
        return f"{self.problem_label}, {self.agent} seed {self.seed}"

    @property
    def problem_key(self) -> str:
        """Equal for trials that compete with each other."""
        values = [(n, v) for n, v in vars(self).items() if n in _COMPETED]
        # Stores hold thousands of trials of each problem: its hash is computed once.
        return _remembered(repr(values), lambda: self._digest_of(_COMPETED))

    @property
    def recheck_label(self) -> str:
        """How many of its best designs are re-checked by what, empty where none are."""
        asked = self.recheck
        if asked is None:
            return ""
        return f"{asked['designs']} by {asked['cost_model']} {asked['cost_model_version']}"

    @property
    def true_spec(self) -> TrialSpec:
        """The problem with the cost model that re-checks; itself where none does."""
        if self.recheck is None:
            return self
        content = {place: text for place, text in self.content.items() if place != "cost_model"}
        model, version = self.recheck["cost_model"], self.recheck["cost_model_version"]
        changed = {"cost_model": model, "cost_model_version": version, "content": content}
        return replace(self, **changed, recheck=None)

    @property
    def table_key(self) -> str:
        """Equal for trials that draw on the same table of an enumerated space."""
        if self.cost_model.startswith(TABLE_MODEL):
            return self.cost_model_version
        values = [(n, v) for n, v in vars(self).items() if n in _MEASURED]
        return "t" + _remembered(repr(values), lambda: self._digest_of(_MEASURED))[:_ID_LENGTH]

    def _digest_of(self, names: Iterable[str]) -> str:
        identity = self.identity
        own = [place for place in self.content if place.startswith(_AGENT_FILES)]
        for place in own:
            del identity["content"][place]
        return digest({name: identity[name] for name in names})

    @property
    def env_folder(self) -> str:
        """Name of the environment in paths, for example ``dram-v0``."""
        return _slug(f"{self.env}-v{self.env_version}")

    @property
    def agent_folder(self) -> str:
        """Name of the agent in paths."""
        return _slug(self.agent)

    def make_problem(self) -> Problem:
        """Return the problem, freshly built.

        Raises:
            ReplayMismatchError: The installed environment or cost model has another version.
            ArchgymError: The environment refuses the spec, for example since a file is gone.
        """
        environment = registry.environments.get(self.env)
        _same_version(f"environment {self.env!r}", self.env_version, environment.version)
        problem = environment.make_problem(
            self.workload, self.objective, self.cost_model, **self.settings
        )
        model = problem.cost_model
        _same_version(f"cost model {self.cost_model!r}", self.cost_model_version, model.version)
        return problem

    def make_agent(self, problem: Problem) -> Any:
        """Return the agent, freshly constructed for the problem.

        Raises:
            ReplayMismatchError: The installed agent has another version.
            ArchgymError: The agent refuses the problem, or its library is missing.
        """
        installed = registry.agents.get(self.agent)
        _same_version(f"agent {self.agent!r}", self.agent_version, installed.version)
        return registry.make_agent(self.agent, problem, self.seed, **self.hyperparameters)


def _remembered(text: str, compute: Callable[[], str]) -> str:
    if text not in _digests:
        _digests[text] = compute()
    return _digests[text]


def digest(data: Any) -> str:
    """Return the SHA-256 of the canonical JSON of plain data: sorted keys, floats by ``repr``."""
    text = json.dumps(plain(data), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _same_version(what: str, stored: object, installed: object) -> None:
    if stored != installed:
        raise ReplayMismatchError(
            f"{what} has version {installed} now, the run was planned with {stored}; its numbers"
            " may differ, so run the launch again to get runs of the new version"
        )


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)
