"""Hyper-parameter tuning: a launch with a ``tune`` block.

Every configuration is tried on the training problems with all seeds, beside the agent's default.
The one with the best score (`archgym.results.scores`) is then run, beside the default, on held-out
problems that had no say in the choice. All of this is ordinary trials: the same command again
skips those that are done, proposes the same configurations by their stored rewards, and goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archgym import registry
from archgym.errors import LaunchError, StoreError
from archgym.experiments.hyperparameter_search import Configuration, Domains, domains_of, grid
from archgym.experiments.launch import AgentEntry, Launch, Tune
from archgym.experiments.plan import agent_spec, at, check_suits, problem_specs, with_agent
from archgym.experiments.proposals import Proposals, propose_grid, propose_random, propose_tpe
from archgym.experiments.sweeps import fixed_values
from archgym.results.scores import best_rewards, score
from archgym.results.spec import TrialSpec
from archgym.results.store import State, Store

AT_A_TIME = 4


@dataclass(frozen=True)
class Candidate:
    """An agent whose hyper-parameters are searched.

    Attributes:
        place: Where it stands in the launch.
        agent: Its name in the registry.
        fixed: Hyper-parameters that all its configurations share.
        domains: The searched ones.
        seeds: Its seeds.
        budget: Evaluations of each trial.
    """

    place: str
    agent: str
    fixed: Mapping[str, Any]
    domains: Domains
    seeds: Sequence[int]
    budget: int

    def spec(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """Return the agent's part of a trial's spec."""
        agent = registry.agents.get(self.agent)
        values = agent.check({**self.fixed, **configuration})
        return agent_spec(self.agent, values)

    def trials(
        self, configuration: Mapping[str, Any], problems: Sequence[TrialSpec]
    ) -> list[TrialSpec]:
        """Return the trials of one configuration, problem by problem, seed by seed."""
        own = self.spec(configuration)
        pairs = itertools.product(problems, self.seeds)
        return [replace(with_agent(s, own), seed=seed, budget=self.budget) for s, seed in pairs]


@dataclass(frozen=True)
class Tried:
    """A configuration and its score on the training problems; None where a trial failed."""

    configuration: Configuration
    score: float | None


@dataclass
class Tuning:
    """The plan of a launch with a ``tune`` block. See `archgym.experiments.plan.Rounds`.

    Attributes:
        launch: The launch.
        source: The file it came from.
        tune: Its ``tune`` block.
        candidates: The agents.
        train: Specs of the training problems, in which the agent is open.
        held_out: Those of the held-out problems.
        tried: What each candidate tried, its default first; filled by `rounds`.
    """

    launch: Launch
    source: Path
    tune: Tune
    candidates: Sequence[Candidate]
    train: Sequence[TrialSpec]
    held_out: Sequence[TrialSpec]
    tried: list[list[Tried]] = field(default_factory=list)

    @property
    def trials(self) -> Sequence[TrialSpec]:
        """The defaults on the training problems."""
        return [t for candidate in self.candidates for t in candidate.trials({}, self.train)]

    @property
    def size(self) -> int:
        """Trials if no configuration comes twice."""
        per_problem = sum(len(c.seeds) for c in self.candidates)
        training = sum((1 + self._tries(c)) * len(c.seeds) for c in self.candidates)
        return training * len(self.train) + 2 * per_problem * len(self.held_out)

    def _tries(self, candidate: Candidate) -> int:
        return self.tune.configurations or len(list(grid(candidate.domains)))

    def proposals(self, candidate: Candidate) -> Proposals:
        """Return the search of the launch's method."""
        count = self.tune.configurations
        if count is None:
            return propose_grid(candidate.domains)
        if self.tune.method == "random":
            return propose_random(candidate.domains, count)
        return propose_tpe(candidate.domains, count, self.tune.at_a_time or AT_A_TIME)

    def rounds(self, store: Store) -> Iterator[Sequence[TrialSpec]]:
        """Yield the trials of each turn of all agents' searches, then those held out."""
        self.tried = [[] for _ in self.candidates]
        searches = [self.proposals(candidate) for candidate in self.candidates]
        asked: list[list[Configuration]] = [[{}, *next(search)] for search in searches]
        while any(asked):
            yield self._trials_of(asked)
            for index, search in enumerate(searches):
                scores = self._score(index, asked[index], store)
                first = len(self.tried[index]) == 0
                self.tried[index] += map(Tried, asked[index], scores)
                asked[index] = _following(search, scores[1:] if first else scores)
        yield [t for c, tried in self._pairs() for t in self.held_out_trials(c, tried)]

    def _trials_of(self, asked: Sequence[Sequence[Configuration]]) -> list[TrialSpec]:
        """Return the training trials of all candidates' configurations."""
        return [
            trial
            for candidate, configurations in zip(self.candidates, asked, strict=True)
            for configuration in configurations
            for trial in candidate.trials(configuration, self.train)
        ]

    def _score(
        self, index: int, asked: Sequence[Configuration], store: Store
    ) -> list[float | None]:
        candidate = self.candidates[index]
        found = (best_rewards(store, candidate.trials(c, self.train)) for c in asked)
        return [None if rewards is None else score(rewards) for rewards in found]

    def _pairs(self) -> Iterator[tuple[Candidate, Sequence[Tried]]]:
        return zip(self.candidates, self.tried, strict=True)

    def held_out_trials(self, candidate: Candidate, tried: Sequence[Tried]) -> list[TrialSpec]:
        """Return the default's and the best configuration's trials on the held-out problems."""
        both: list[Configuration] = [{}, best(tried).configuration]
        return [trial for chosen in both for trial in candidate.trials(chosen, self.held_out)]


def best(tried: Sequence[Tried]) -> Tried:
    """Return the configuration with the best score, the earliest of equals."""
    return max(tried, key=lambda t: float("-inf") if t.score is None else t.score)


def _following(search: Proposals, scores: Sequence[float | None]) -> list[Configuration]:
    """Return what a search proposes next, nothing at its end."""
    try:
        return search.send(scores)
    except StopIteration:
        return []


def finished(tuning: Tuning, store: Store) -> None:
    """Go through all rounds of a tuning that was run, so that `Tuning.tried` is filled.

    Raises:
        StoreError: It is not finished. Says how far it is.
    """
    for trials in tuning.rounds(store):
        ended = sum(store.folder(t).state() in (State.DONE, State.FAILED) for t in trials)
        if ended < len(trials):
            raise StoreError(
                f"{store.path}: {tuning.source} is not finished, {len(trials) - ended} of"
                f" {len(trials)} trials of this round are open; run it again to go on"
            )


def make_tuning(launch: Launch, source: Path) -> Tuning:
    """Return the plan of a launch that has a ``tune`` block.

    Raises:
        LaunchError: A name is unknown, a value not allowed, an agent cannot do a problem, or keys
            exclude each other.
    """
    assert launch.tune is not None
    _check_method(launch.tune, source)
    train, held_out = (_problems(launch, source, part) for part in ("train", "held_out"))
    _check_apart(train, held_out, source)
    candidates = list(_candidates(launch, source))
    _check_grids(launch.tune, candidates, source)
    checked: set[str] = set()
    for candidate in candidates:
        for spec in (*train, *held_out):
            with at(source, candidate.place):
                check_suits(candidate.spec({}), spec.make_problem(), checked)
    return Tuning(launch, source, launch.tune, candidates, train, held_out)


def _check_method(tune: Tune, source: Path) -> None:
    is_grid = tune.method == "grid"
    if is_grid and tune.configurations is not None:
        raise LaunchError(f"{source}: tune.configurations: a grid tries all combinations")
    if not is_grid and tune.configurations is None:
        raise LaunchError(f"{source}: tune.configurations: is missing")
    if tune.at_a_time is not None and tune.method != "tpe":
        raise LaunchError(f"{source}: tune.at_a_time: goes with method tpe only")


def _problems(launch: Launch, source: Path, part: str) -> list[TrialSpec]:
    """Return the specs of the training or the held-out problems."""
    replaced = getattr(launch.tune, part).model_dump(exclude_none=True)
    place = f"tune.{part}"
    for index, entry in enumerate(launch.problems):
        for key in replaced:
            if getattr(entry, key) is not None:
                raise LaunchError(f"{source}: problems[{index}].{key}: stands in {place} too")
    specs = [spec for _, spec in problem_specs(launch, source, place, replaced)]
    families = {registry.environments.get(spec.env).family for spec in specs}
    if len(families) > 1:
        listed = ", ".join(sorted(families))
        raise LaunchError(f"{source}: problems: tuning is for one family, not for {listed}")
    return specs


def _check_apart(train: Sequence[TrialSpec], held_out: Sequence[TrialSpec], source: Path) -> None:
    known = {spec.problem_key for spec in train}
    for spec in held_out:
        if spec.problem_key in known:
            raise LaunchError(f"{source}: tune.held_out: {spec.problem_label} is in train too")


def _candidates(launch: Launch, source: Path) -> Iterator[Candidate]:
    seen: set[str] = set()
    for index, entry in enumerate(launch.agents):
        place = f"agents[{index}]"
        budget = entry.budget or launch.budget
        if len(budget) > 1:
            where = f"{place}.budget" if entry.budget else "budget"
            raise LaunchError(f"{source}: {where}: tuning needs one budget, not {budget}")
        for name in entry.name:
            if name in seen:
                raise LaunchError(f"{source}: {place}.name: {name!r} stands twice")
            seen.add(name)
            with at(source, f"{place}.name"):
                agent = registry.agents.get(name)
            with at(source, place):
                fixed = _fixed(entry, agent, source.parent)
                domains = domains_of(agent, entry.search, fixed)
            yield Candidate(place, name, fixed, domains, entry.seeds or launch.seeds, budget[0])


def _fixed(entry: AgentEntry, agent: Any, folder: Path) -> dict[str, Any]:
    """Return the hyper-parameters that all configurations share."""
    if entry.draw is not None:
        raise LaunchError("draw: excludes tune, which has configurations")
    if isinstance(entry.hyperparameters, str):
        raise LaunchError("hyperparameters: tuned values exclude tune, which makes them")
    given = fixed_values(entry, agent, "", folder)
    for name, values in given.items():
        if len(values) > 1:
            raise LaunchError(f"hyperparameters.{name}: with tune, a list stands under search")
    return {name: values[0] for name, values in given.items()}


def _check_grids(tune: Tune, candidates: Sequence[Candidate], source: Path) -> None:
    for candidate in candidates if tune.method == "grid" else ():
        with at(source, candidate.place):
            next(grid(candidate.domains))
