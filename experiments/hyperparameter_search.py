"""Which configurations of an agent there are, and drawing them.

A domain is a list of values or a range. Hyper-parameters that are not searched keep their value.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.agents.hyperparameter import Hyperparameter
from archgym.errors import ArchgymError, LaunchError, SettingError, UnknownNameError

if TYPE_CHECKING:
    from optuna import Trial

Configuration = dict[str, Any]
Domains = Mapping[str, "Domain"]

_RANGE_KEYS = ("low", "high", "log")


@dataclass(frozen=True)
class Domain:
    """What one hyper-parameter may be.

    Attributes:
        values: The listed values; empty for a range.
        low: Smallest number of a range.
        high: Largest number of a range, included.
        log: Whether a range is searched on a logarithmic scale.
        whole: Whether a range holds whole numbers only.
    """

    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False

    def draw(self, rng: np.random.Generator) -> Any:
        """Return a uniform value; whole numbers are uniform on a logarithmic scale if ``log``."""
        if self.values:
            return self.values[int(rng.integers(len(self.values)))]
        if self.whole and not self.log:
            return int(rng.integers(int(self.low), int(self.high) + 1))
        half = 0.5 if self.whole else 0.0
        low, high = self.low - half, self.high + half
        drawn = float(rng.uniform(low, high)) if not self.log else _log_uniform(rng, low, high)
        inside = min(max(drawn, self.low), self.high)
        return min(int(inside + half), int(self.high)) if self.whole else inside

    def suggest(self, trial: Trial, name: str) -> Any:
        """Return what Optuna proposes; listed numbers keep their order."""
        if not self.values:
            take = trial.suggest_int if self.whole else trial.suggest_float
            return take(name, self._bound(self.low), self._bound(self.high), log=self.log)
        indices = range(len(self.values))
        if all(map(_is_number, self.values)):
            return sorted(self.values)[trial.suggest_int(name, 0, indices[-1])]
        return self.values[trial.suggest_categorical(name, indices)]

    def _bound(self, bound: float) -> Any:
        return int(bound) if self.whole else bound


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def domains_of(agent: Any, search: Mapping[str, Any], fixed: Mapping[str, Any]) -> Domains:
    """Return the domains of an agent's searched hyper-parameters.

    Args:
        agent: The agent's class.
        search: Hyper-parameter -> list of values, or range ``{low, high, log}``. Where there are
            none, all that declare a range or choices, but the fixed ones.
        fixed: Hyper-parameters that have a value already.

    Raises:
        LaunchError: One is unknown, fixed too, or has a wrong domain. Begins with the place.
    """
    declared: Mapping[str, Hyperparameter] = agent.hyperparameters
    found = {}
    for name, wanted in search.items():
        try:
            if name not in declared:
                raise UnknownNameError(f"hyper-parameter of agent {agent.name!r}", name, declared)
            if name in fixed:
                raise SettingError("stands in hyperparameters too")
            found[name] = _domain(agent, name, wanted)
        except ArchgymError as error:
            raise LaunchError(f"search.{name}: {error}") from None
    if not search:
        whole = {name: _declared_domain(item) for name, item in declared.items()}
        found = {name: d for name, d in whole.items() if d is not None and name not in fixed}
    if not found:
        raise LaunchError(f"search: agent {agent.name!r} has no hyper-parameter left to search")
    return found


def _domain(agent: Any, name: str, wanted: Any) -> Domain:
    if isinstance(wanted, Mapping):
        return _range(agent, name, wanted)
    values = wanted if isinstance(wanted, list) else [wanted]
    checked = tuple(agent.check({name: value})[name] for value in values)
    if len(set(map(repr, checked))) != len(checked) or not checked:
        raise SettingError(f"needs one or more distinct values, not {wanted!r}")
    return Domain(checked)


def _range(agent: Any, name: str, wanted: Mapping[str, Any]) -> Domain:
    for key in wanted:
        if key not in _RANGE_KEYS:
            raise UnknownNameError("key of a range", str(key), _RANGE_KEYS)
    item: Hyperparameter = agent.hyperparameters[name]
    if item.choices or item.type not in (int, float):
        raise SettingError(f"takes a list of values, not a range ({item.allowed})")
    if "low" not in wanted or "high" not in wanted:
        raise SettingError("a range needs low and high")
    low, high = (agent.check({name: wanted[end]})[name] for end in ("low", "high"))
    log = wanted.get("log", item.log)
    if not isinstance(log, bool):
        raise SettingError(f"log is true or false, not {log!r}")
    if low is None or high is None or not low < high or (log and low <= 0):
        raise SettingError(f"low must be less than high, and above 0 where log: {dict(wanted)}")
    return Domain(low=low, high=high, log=log, whole=item.type is int)


def _declared_domain(item: Hyperparameter) -> Domain | None:
    if item.choices or item.type is bool:
        return Domain(item.choices or (False, True))
    if item.low is None or item.high is None:
        return None
    return Domain(low=item.low, high=item.high, log=item.log, whole=item.type is int)


def draw(domains: Domains, count: int, seed: int = 0) -> list[Configuration]:
    """Return configurations drawn uniformly; more draws begin with the same ones."""
    rng = np.random.default_rng(seed)
    return [{name: domain.draw(rng) for name, domain in domains.items()} for _ in range(count)]


def grid(domains: Domains) -> Iterator[Configuration]:
    """Yield all combinations.

    Raises:
        LaunchError: A domain is a range. Begins with the place.
    """
    for name, domain in domains.items():
        if not domain.values:
            raise LaunchError(f"search.{name}: a grid needs a list of values, this is a range")
    for values in itertools.product(*(domain.values for domain in domains.values())):
        yield dict(zip(domains, values, strict=True))
