"""From rows to a surrogate, with its scores on designs that were kept out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from archgym.cost_models.learned.card import Card
from archgym.cost_models.learned.defaults import Defaults, as_data
from archgym.cost_models.learned.domain import Domain
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.model import LearnedModel
from archgym.cost_models.learned.purpose import plain_settings
from archgym.cost_models.learned.regressor import Told, find_kind, packages_of, unheard
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.scales import MetricScales
from archgym.cost_models.learned.scoring import half_width, of_feasible, scores
from archgym.cost_models.learned.workloads import name_of
from archgym.metric import Metric
from archgym.objective import find_metric
from archgym.outcome import Floats
from archgym.problem import Problem

# Two thirds of normal errors lie within one standard deviation.
_WITHIN_ONE_SIGMA = 0.6827
_LEAST_SIGMA = 1e-9
# A tenth of few rows makes coverage vary by more than 1 %, so of many rows at least so many
# calibrate, unless that is more than their share.
_MANY_ROWS, _ROWS_THAT_CALIBRATE, _MOST_SHARE = 5000, 2000, 0.3
# Chooses settings on rows that are learnt; returns what the card says of it, them as "values".
Tune = Callable[[Rows], Mapping[str, Any]]


def learn(
    problem: Problem,
    rows: Rows,
    kind: str = "transformer",
    metrics: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    kept_out: float = 0.1,
    test: Rows | None = None,
    tune: Tune | None = None,
    defaults: Defaults | None = None,
    told: Told = unheard,
) -> LearnedModel:
    """Return a surrogate of a problem's cost model.

    Nothing is evaluated.

    Args:
        problem: What the rows are of; where they are of several workloads, one of these.
        rows: What is learnt; scales are fitted on the rows that are not kept out.
        kind: Of the regressor.
        metrics: Which to learn, in the order of prediction, those that are cheap to simulate
            first; all in declared order unless given.
        settings: Of the regressor.
        seed: Of everything random.
        kept_out: Share of the rows on which intervals are calibrated, and of those on which
            scores are measured: different rows. Of many rows more calibrate.
        test: Rows to measure scores on in place of a share.
        tune: Chooses further settings; it sees no rows but those that are learnt.
        defaults: What `true_defaults` says of the default design, which the surrogate repeats.
        told: Hears how many steps of training are done, and how many there are.

    Raises:
        UnknownNameError: An unknown kind or metric.
        NothingToLearnError: No feasible design has metrics that vary.
    """
    rng = np.random.default_rng(seed)
    taught, calibrating, unseen = _parts(rows, rng, kept_out, test)
    declared = problem.cost_model.metrics
    wanted = declared if metrics is None else [find_metric(n, declared) for n in metrics]
    constants, varying = _constants(wanted, of_feasible(taught))
    scales = MetricScales.fitted(varying, of_feasible(taught))
    if not scales.scales:
        raise NothingToLearnError("nothing to learn: no feasible design has metrics that vary")
    encoding = encoding_of(problem, taught)
    tuning = None if tune is None else tune(taught)
    regressor = find_kind(kind)({**(settings or {}), **(tuning["values"] if tuning else {})})
    targets = scales.standardise(of_feasible(taught))
    inputs = encoding.inputs(taught.batch, taught.context(encoding.context))
    regressor.fit(inputs, targets, taught.feasible, rng, told)
    domain = Domain.of(encoding, taught.batch, calibrating.batch)
    card = Card(
        kind=kind,
        regressor=regressor.settings,
        env=problem.env,
        workload=name_of(problem) if taught.workloads is None else "",
        settings=plain_settings(problem.settings),
        cost_model=problem.cost_model.name,
        cost_model_version=problem.cost_model.version,
        axes=encoding.as_data(),
        scales=scales.as_data(),
        constants=constants,
        calibration=[1.0] * len(scales.scales),
        intervals=[None] * len(scales.scales),
        rows=len(taught),
        evaluations=len(rows) + (defaults.evaluations if defaults else 0),
        data_sha256=rows.digest,
        seed=seed,
        scores={},
        made_with={name: version(name) for name in packages_of(kind)},
        tuning=tuning,
        workloads={} if taught.workloads is None else taught.workloads.as_data(),
        context=encoding.context_as_data(),
        defaults=_known(defaults, [*scales.names, *constants]),
        reach=None if domain is None else domain.reach,
    )
    model = _calibrated(LearnedModel(card, regressor, declared, domain=domain), calibrating)
    return model.with_card(scores=scores(model, unseen))


def encoding_of(problem: Problem, taught: Rows) -> DesignEncoding:
    """Return how designs become numbers: by the space, and by what tells workloads apart."""
    context = () if taught.workloads is None else taught.workloads.axes()
    return DesignEncoding(problem.space.axes, context)


def _known(defaults: Defaults | None, metrics: Sequence[str]) -> dict[str, dict[str, Any]]:
    measured = {} if defaults is None else defaults.measured
    return {name: as_data(one, metrics) for name, one in measured.items()}


def _parts(
    rows: Rows, rng: np.random.Generator, share: float, test: Rows | None
) -> tuple[Rows, Rows, Rows]:
    """Return rows to learn from, to calibrate on, and to measure scores on."""
    if test is not None:
        return *rows.split(rng, _calibrating(len(rows), share)), test
    most, unseen = rows.split(rng, share)
    return *most.split(rng, _calibrating(len(rows), share) / (1.0 - share)), unseen


def _calibrating(rows: int, share: float) -> float:
    """Return the share of all rows that calibrates, given that of few; none stays none."""
    if not share or rows < _MANY_ROWS:
        return share
    return max(share, min(_ROWS_THAT_CALIBRATE / rows, _MOST_SHARE))


def _calibrated(model: LearnedModel, rows: Rows) -> LearnedModel:
    """Return the model with standard deviations and intervals as wide as its errors."""
    if not rows.feasible.any():
        return model
    told = model.scales.standardise(of_feasible(rows))
    said = model.beliefs_of(rows)
    errors = np.abs(told - said.mean) / np.maximum(said.sigma, _LEAST_SIGMA)
    sigmas = [column[np.isfinite(column)] for column in errors.T]
    spread = [_spread(column) for column in sigmas]
    intervals = [half_width(s / wide) for s, wide in zip(sigmas, spread, strict=True)]
    return model.with_card(calibration=spread, intervals=intervals)


def _spread(sigmas: Floats) -> float:
    """Return what makes two thirds of errors lie within one sigma; 1 where nothing is known."""
    found = float(np.quantile(sigmas, _WITHIN_ONE_SIGMA)) if len(sigmas) > 1 else 1.0
    return found or 1.0


def _constants(
    metrics: Sequence[Metric], values: Mapping[str, Floats]
) -> tuple[dict[str, float], list[Metric]]:
    """Return the metrics that have one value in all rows, and those that vary."""
    constants, varying = {}, []
    for metric in metrics:
        known = values[metric.name][np.isfinite(values[metric.name])]
        if len(known) and (known == known[0]).all():
            constants[metric.name] = float(known[0])
        elif len(known):
            varying.append(metric)
    return constants, varying
