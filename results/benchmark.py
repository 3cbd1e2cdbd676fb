"""Benchmarks: named, versioned sets of problems with budget and seeds, as YAML.

The name ends in a version (``archgym-dram-v1``) and never changes its meaning: what changes a
number makes a new version. Those that ship lie in ``results/benchmarks``; a path names another::

    name: archgym-dram-v1
    description: one line
    scale: linear                  # or logarithmic, see `archgym.results.statistics.normalised`
    target: 0.95                   # the score that evaluations to target are counted for
    budget: 200                    # evaluations per trial
    seeds: 5                       # 0 .. 4
    problems:
      - env: dram
        env_version: 0
        cost_model: simulator
        cost_model_version: "2"
        settings: {space: archgym}           # what is not given takes its default
        workload: spmv
        objective: latency
        best: 1.25                           # the reward (or hypervolume) that scores 1
        best_is: optimum                     # proven; or known, or target: more does not count
        reference: [0.5, 0.5]                # of hypervolumes, with several objectives
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from archgym import registry
from archgym.errors import ReplayMismatchError, SettingError, UnknownNameError
from archgym.objective_spec import Spec
from archgym.problem import Problem
from archgym.results.files import plain
from archgym.results.spec import TrialSpec, digest

_FOLDER = Path(__file__).parent / "benchmarks"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9_]+)*-v[0-9]+")
Count = Annotated[int, Field(strict=True, gt=0, lt=2**31)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class BenchmarkProblem(_Section):
    """One problem of a benchmark, with the best that can be found on it.

    Attributes:
        best: The reward, or with several objectives the hypervolume, that scores 1.
        best_is: ``optimum`` where it is proven; ``known``, the best that was ever seen, which may
            be beaten; ``target``, beyond which nothing is gained.
        reference: The point above which hypervolume is measured, in the objectives' gains over
            the default design; empty where there is one objective.
    """

    env: StrictStr
    env_version: int
    cost_model: StrictStr
    cost_model_version: StrictStr
    settings: dict[StrictStr, Any] = {}
    workload: StrictStr
    objective: Spec
    best: Annotated[float, Field(gt=0)]
    best_is: Literal["optimum", "known", "target"]
    reference: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The problem in a few words; different for each problem of a benchmark."""
        changed = "".join(f" {name}={value}" for name, value in self.settings.items())
        return f"{self.env} {self.workload} {self.objective}{changed}"

    def make(self) -> Problem:
        """Return the problem, freshly built.

        Raises:
            ReplayMismatchError: The installed environment or cost model has another version.
            ArchgymError: The environment is not installed, or refuses a value.
        """
        environment = registry.environments.get(self.env)
        self._check_version(f"environment {self.env!r}", self.env_version, environment.version)
        problem = environment.make_problem(
            self.workload, self.objective, self.cost_model, **self.settings
        )
        version = problem.cost_model.version
        self._check_version(f"cost model {self.cost_model!r}", self.cost_model_version, version)
        return problem

    def spec(self, budget: int) -> TrialSpec:
        """Return the spec of its trials, in which agent and seed are still open.

        Raises:
            ArchgymError: See `make`.
        """
        return TrialSpec(
            env=self.env,
            env_version=self.env_version,
            workload=self.workload,
            objective=self.objective,
            settings=self.make().settings,
            cost_model=self.cost_model,
            cost_model_version=self.cost_model_version,
            agent="",
            agent_version="",
            hyperparameters={},
            seed=0,
            budget=budget,
        )

    def _check_version(self, what: str, wanted: object, installed: object) -> None:
        if wanted != installed:
            raise ReplayMismatchError(
                f"{self.label}: {what} has version {installed} here, the benchmark is of"
                f" {wanted}; results of different versions do not compare"
            )


class Benchmark(_Section):
    """What agents are compared on; see the module for its form."""

    name: StrictStr
    description: StrictStr
    scale: Literal["linear", "logarithmic"] = "linear"
    target: Annotated[float, Field(gt=0)] = 0.95
    budget: Count
    seeds: Count
    problems: Annotated[tuple[BenchmarkProblem, ...], Field(min_length=1)]

    @property
    def trials(self) -> int:
        """How many trials an agent needs to be complete."""
        return len(self.problems) * self.seeds

    @property
    def digest(self) -> str:
        """Equal for files that mean the same numbers."""
        return digest(plain(self.model_dump(exclude={"description"})))[:16]

    @cached_property
    def problem_keys(self) -> dict[str, int]:
        """Key of the trials of each problem (`TrialSpec.problem_key`) -> its place."""
        return {p.spec(self.budget).problem_key: at for at, p in enumerate(self.problems)}


def benchmark_names() -> list[str]:
    """Return the names of the benchmarks that ship."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_benchmark(name: str) -> Benchmark:
    """Return a benchmark that ships, or that of a file.

    Raises:
        UnknownNameError: There is none of that name.
        SettingError: The file is no benchmark. Names the place in it.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise UnknownNameError(
            "benchmark", name, benchmark_names(), "; or the path of a .yaml file"
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        benchmark = Benchmark.model_validate(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(
            f"{path}: is not well-formed YAML: {' '.join(str(error).split())}"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise SettingError(f"{path}: {place}: {first['msg']}") from None
    _check(benchmark, path)
    return benchmark


def _check(benchmark: Benchmark, path: Path) -> None:
    """Refuse what cannot be a benchmark: names without version, problems that cannot be scored."""
    if not _NAME.fullmatch(benchmark.name) or benchmark.name != path.stem:
        raise SettingError(
            f"{path}: name: {benchmark.name!r} should be the file's name and end in a version,"
            " as in my-benchmark-v1"
        )
    seen: set[str] = set()
    for at, problem in enumerate(benchmark.problems):
        if not problem.reference and problem.best <= 1.0:
            raise SettingError(
                f"{path}: problems.{at}.best: should exceed 1, the default's reward"
            )
        if problem.label in seen:
            raise SettingError(f"{path}: problems.{at}: {problem.label} stands twice")
        seen.add(problem.label)
    if len({bool(problem.reference) for problem in benchmark.problems}) > 1:
        raise SettingError(
            f"{path}: problems: rewards and hypervolumes cannot be averaged; make two benchmarks"
        )
