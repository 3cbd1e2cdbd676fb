"""Entries of a leaderboard: small files that say what an agent found on a benchmark.

An entry is JSON, compressed where its name ends in ``.gz`` or ``.xz``. Of every trial it holds the
evaluations at which the best so far improved (so the last of them is the best design, and all of
them are the curve) and a few more that the submitter cannot choose: each with design, status,
reward and the metrics that the objective looks at, floats exact.
"""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from archgym.errors import StoreError
from archgym.results.benchmark import Benchmark
from archgym.results.benchmark_scores import Entrant, Trial
from archgym.results.spec import digest
from archgym.whole_file import write_whole

FORMAT = 1
SAMPLED = 2
_SUFFIXES = (".json", ".json.gz", ".json.xz")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EntryTrial(_Section):
    """One trial; the lists are parallel, one item per evaluation that is told of.

    Attributes:
        problem: Label of the problem in the benchmark.
        seed: The trial's seed.
        run: Its id in the store that it comes from.
        evaluations: Evaluations spent.
        unique: Different designs among them.
        agent_s: Seconds spent in the agent, as claimed.
        cost_model_s: Seconds spent in the cost model, as claimed.
        steps: Which evaluations, from 0, ascending.
        seconds: Seconds of agent and cost model by then, as claimed.
        status: ok, infeasible, timeout or crashed.
        rewards: Their rewards.
        objectives: With several objectives all of them, larger is better; else empty.
        metrics: Name -> value, null where there is none; those that the objective looks at.
        designs: Parameter -> value.
    """

    problem: str
    seed: int
    run: str
    evaluations: int
    unique: int
    agent_s: float
    cost_model_s: float
    steps: list[int]
    seconds: list[float]
    status: list[str]
    rewards: list[float]
    objectives: list[list[float]]
    metrics: dict[str, list[float | None]]
    designs: dict[str, list[Any]]

    @property
    def trial(self) -> Trial:
        """What scores need of it."""
        return Trial(
            run=self.run,
            evaluations=self.evaluations,
            unique=self.unique,
            agent_s=self.agent_s,
            cost_model_s=self.cost_model_s,
            count=np.asarray(self.steps, dtype=np.float64) + 1.0,
            seconds=np.asarray(self.seconds, dtype=np.float64),
            values=np.asarray(self.objectives or self.rewards, dtype=np.float64),
        )


class Entry(_Section):
    """An agent's trials of a benchmark.

    Attributes:
        format: Of this file.
        benchmark: The benchmark's name.
        benchmark_digest: Of its content.
        agent: Name in the registry.
        agent_version: Its version.
        hyperparameters: All of them.
        versions: Library -> the versions that the trials were made with.
        score: The interquartile mean of all trials' scores, as claimed.
        trials: All trials of the benchmark.
    """

    format: int
    benchmark: str
    benchmark_digest: str
    agent: str
    agent_version: str
    hyperparameters: dict[str, Any]
    versions: dict[str, list[str]]
    score: float
    trials: list[EntryTrial]

    def entrant(self, benchmark: Benchmark, source: str) -> Entrant:
        """Return what boards are made of."""
        place = {problem.label: at for at, problem in enumerate(benchmark.problems)}
        trials = {(place[trial.problem], trial.seed): trial.trial for trial in self.trials}
        return Entrant(
            self.agent, self.agent_version, self.hyperparameters, trials, self.versions, source
        )


def sampled_steps(
    benchmark: Benchmark, agent: str, problem: str, trial: int, count: int
) -> list[int]:
    """Return the evaluations that an entry must tell of whatever they found.

    They follow from benchmark, agent, problem and seed, so nobody can choose them.
    """
    seed = int(digest([benchmark.name, agent, problem, trial])[:15], 16)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(count, size=min(SAMPLED, count), replace=False)
    return sorted(drawn.tolist())


def write_entry(path: Path, entry: Entry) -> None:
    """Write an entry whole; the same entry is the same bytes.

    Raises:
        StoreError: It cannot be written, or the name has another ending.
    """
    if not path.name.endswith(_SUFFIXES):
        raise StoreError(f"{path}: an entry's name ends in {', '.join(_SUFFIXES)}")
    content = json.dumps(entry.model_dump(), separators=(",", ":"), allow_nan=False).encode()
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    elif path.suffix == ".xz":
        content = lzma.compress(content)
    write_whole(path, content)


def read_entry(path: Path) -> Entry:
    """Return the entry of a file.

    Raises:
        StoreError: It cannot be read or is no entry. Names the place in it.
    """
    try:
        data = json.loads(_decompressed(path))
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None
    except ValueError as error:
        raise StoreError(f"{path}: is not JSON: {error}") from None
    version = data.get("format") if isinstance(data, dict) else None
    if version != FORMAT:
        raise StoreError(f"{path}: is no entry of format {FORMAT} (format is {version!r})")
    try:
        return Entry.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise StoreError(f"{path}: {place}: {first['msg']}") from None


def _decompressed(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    return lzma.decompress(content) if path.suffix == ".xz" else content


def entry_files(paths: Iterable[Path]) -> list[Path]:
    """Return the entries among files and, recursively, folders; sorted within each.

    Raises:
        StoreError: A path does not exist, or a folder holds no entry.
    """
    found: list[Path] = []
    for path in paths:
        own = [path]
        if path.is_dir():
            own = sorted(p for p in path.rglob("*") if p.name.endswith(_SUFFIXES))
        if not own or not own[0].exists():
            raise StoreError(f"{path}: {'holds no entry' if path.is_dir() else 'is not there'}")
        found += own
    return found
