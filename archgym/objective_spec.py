"""Objectives as data: what launches and ``make_problem`` accept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archgym.errors import SettingError, UnknownNameError
from archgym.metric import Metric
from archgym.objective import Form, Limit, Objective, find_metric, make_term
from archgym.objective_forms import (
    ArchgymInverse,
    ArchgymLegacy,
    ArchgymShortfall,
    AutoCkt,
    Pareto,
    Product,
    Targets,
    Weighted,
)

Metrics = tuple[Metric, ...]
Spec = str | Mapping[str, Any]


def parse_objective(spec: Spec, named: Mapping[str, Spec], metrics: Metrics) -> Objective:
    """Return the objective of a name or of a mapping such as ``{minimize: total_time_ns}``.

    A mapping has exactly one form (minimize, maximize, weighted, product, targets, pareto,
    archgym_legacy, archgym_inverse, archgym_shortfall, autockt) and optionally
    ``subject_to: {metric: {max: bound}}``, with max, min, or max_ratio, min_ratio for bounds that
    are multiples of the default design's value.

    Raises:
        UnknownNameError: The name, the form or a metric is unknown.
        SettingError: The form is not well made.
    """
    if isinstance(spec, str):
        if spec not in named:
            raise UnknownNameError("objective", spec, named)
        return _parse_mapping(spec, named[spec], metrics)
    return _parse_mapping("", spec, metrics)


def _parse_mapping(name: str, spec: Spec, metrics: Metrics) -> Objective:
    if not isinstance(spec, Mapping):
        raise SettingError(f"objective {spec!r} is neither a name nor a mapping")
    forms = [key for key in spec if key != "subject_to"]
    if len(forms) != 1:
        raise SettingError(f"objective needs exactly one of {', '.join(FORMS)}, has {forms}")
    if forms[0] not in FORMS:
        raise UnknownNameError("objective form", str(forms[0]), [*FORMS, "subject_to"])
    form = FORMS[forms[0]](spec[forms[0]], metrics)
    return Objective(name or _title(spec), form, _limits(spec.get("subject_to", {}), metrics))


def _title(spec: Mapping[str, Any]) -> str:
    """Return a readable name of an objective that was given as a mapping."""
    return " ".join(f"{key} {value}" for key, value in spec.items()).replace("'", "")


def _limits(spec: Any, metrics: Metrics) -> tuple[Limit, ...]:
    limits = []
    for name, bounds in _mapping("subject_to", spec).items():
        metric = find_metric(name, metrics)
        for word, bound in _mapping(f"subject_to, {name}", bounds).items():
            limits.append(_limit(metric, word, bound))
    return tuple(limits)


def _limit(metric: Metric, word: str, bound: Any) -> Limit:
    if word not in LIMITS or isinstance(bound, bool) or not isinstance(bound, int | float):
        raise SettingError(f"subject_to, {metric.name!r}: use {', '.join(LIMITS)} with a number")
    is_maximum, is_ratio = LIMITS[word]
    if is_ratio and metric.signed:
        raise SettingError(f"subject_to, {metric.name!r}: it may be 0, so ratios make no sense")
    return Limit(metric, float(bound), is_maximum, is_ratio)


def _single(word: str) -> Callable[[Any, Metrics], Form]:
    def build(spec: Any, metrics: Metrics) -> Form:
        return Weighted((make_term(str(spec), 1.0, metrics, word),))

    return build


def _weighted(spec: Any, metrics: Metrics) -> Form:
    terms = tuple(make_term(n, w, metrics) for n, w in _mapping("weighted", spec).items())
    if any(term.weight <= 0 for term in terms):
        raise SettingError("weighted objective: weights must be positive")
    return Weighted(terms)


def _product(spec: Any, metrics: Metrics) -> Form:
    if isinstance(spec, list | tuple):
        spec = dict.fromkeys(spec, 1.0)
    terms = tuple(make_term(n, w, metrics) for n, w in _mapping("product", spec).items())
    if any(term.weight <= 0 for term in terms):
        raise SettingError("product objective: exponents must be positive")
    return Product(terms)


def _targets(spec: Any, metrics: Metrics) -> Form:
    terms = tuple(make_term(n, t, metrics) for n, t in _mapping("targets", spec).items())
    for term in terms:
        if not term.metric.signed and term.weight <= 0:
            raise SettingError(f"target of {term.metric.name!r} must be positive")
    return Targets(terms)


def _pareto(spec: Any, metrics: Metrics) -> Form:
    if not isinstance(spec, list | tuple) or len(spec) < 2:
        raise SettingError("pareto objective: give a list of at least two metrics")
    return Pareto(tuple(make_term(str(name), 1.0, metrics) for name in spec))


def _legacy(spec: Any, metrics: Metrics) -> Form:
    entries = _mapping("archgym_legacy", spec)
    for name, entry in entries.items():
        if set(_mapping(name, entry)) != {"target", "scale"}:
            raise SettingError(f"archgym_legacy, {name!r}: give target and scale")
    terms = tuple(make_term(n, entry["target"], metrics) for n, entry in entries.items())
    return ArchgymLegacy(terms, tuple(float(entry["scale"]) for entry in entries.values()))


def _inverse(spec: Any, metrics: Metrics) -> Form:
    terms = tuple(make_term(n, f, metrics) for n, f in _mapping("archgym_inverse", spec).items())
    if any(term.weight <= 0 or term.metric.signed for term in terms):
        raise SettingError("archgym_inverse: positive factors of metrics that are never 0 only")
    return ArchgymInverse(terms)


def _shortfall(spec: Any, metrics: Metrics) -> Form:
    terms = tuple(make_term(n, t, metrics) for n, t in _mapping("archgym_shortfall", spec).items())
    if any(term.weight <= 0 or term.maximize for term in terms):
        raise SettingError("archgym_shortfall: positive targets of metrics to be minimized only")
    return ArchgymShortfall(terms)


def _autockt(spec: Any, metrics: Metrics) -> Form:
    return AutoCkt(tuple(make_term(n, t, metrics) for n, t in _mapping("autockt", spec).items()))


def _mapping(where: str, spec: Any) -> Mapping[str, Any]:
    if not isinstance(spec, Mapping) or (not spec and where != "subject_to"):
        raise SettingError(f"objective, {where}: a mapping of metrics is needed, not {spec!r}")
    return spec


# Word -> (is a maximum, is a multiple of the reference design's value).
LIMITS = {
    "max": (True, False),
    "min": (False, False),
    "max_ratio": (True, True),
    "min_ratio": (False, True),
}
FORMS: dict[str, Callable[[Any, Metrics], Form]] = {
    "minimize": _single("minimize"),
    "maximize": _single("maximize"),
    "weighted": _weighted,
    "product": _product,
    "targets": _targets,
    "pareto": _pareto,
    "archgym_legacy": _legacy,
    "archgym_inverse": _inverse,
    "archgym_shortfall": _shortfall,
    "autockt": _autockt,
}
