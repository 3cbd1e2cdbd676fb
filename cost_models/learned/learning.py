"""From rows to a surrogate, with its scores on designs that were kept out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import PurePath
from typing import Any

import numpy as np

from archgym.cost_models.learned.card import Card
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.model import LearnedModel, plain_settings
from archgym.cost_models.learned.regressor import find_kind
from archgym.cost_models.learned.rows import NothingToLearnError, Rows
from archgym.cost_models.learned.scales import MetricScales
from archgym.metric import Metric
from archgym.objective import find_metric
from archgym.outcome import Floats
from archgym.problem import Problem

# Two thirds of normal errors lie within one standard deviation.
_WITHIN_ONE_SIGMA = 0.6827
_PACKAGES = ("archgym", "numpy", "torch")


def learn(
    problem: Problem,
    rows: Rows,
    kind: str = "transformer",
    metrics: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    kept_out: float = 0.1,
) -> LearnedModel:
    """Return a surrogate of a problem's cost model.

    Args:
        problem: What the rows are of.
        rows: What is learnt; scales are fitted on the rows that are not kept out.
        kind: Of the regressor.
        metrics: Which to learn, in the order of prediction, those that are cheap to simulate
            first; all in declared order unless given.
        settings: Of the regressor.
        seed: Of everything random.
        kept_out: Share of the rows on which scores and calibration are measured.

    Raises:
        UnknownNameError: An unknown kind or metric.
        NothingToLearnError: No feasible design has metrics that vary.
    """
    rng = np.random.default_rng(seed)
    taught, others = rows.split(rng, kept_out)
    declared = problem.cost_model.metrics
    wanted = declared if metrics is None else [find_metric(n, declared) for n in metrics]
    constants, varying = _constants(wanted, _of_feasible(taught))
    scales = MetricScales.fitted(varying, _of_feasible(taught))
    if not scales.scales:
        raise NothingToLearnError("nothing to learn: no feasible design has metrics that vary")
    encoding = DesignEncoding(problem.space.axes)
    regressor = find_kind(kind)(settings)
    targets = scales.standardise(_of_feasible(taught))
    regressor.fit(encoding.inputs(taught.batch), targets, taught.feasible, rng)
    card = Card(
        kind=kind,
        regressor=regressor.settings,
        env=problem.env,
        workload=PurePath(problem.workload_name).name,
        settings=plain_settings(problem.settings),
        cost_model=problem.cost_model.name,
        cost_model_version=problem.cost_model.version,
        axes=encoding.as_data(),
        scales=scales.as_data(),
        constants=constants,
        calibration=[1.0] * len(scales.scales),
        rows=len(taught),
        evaluations=len(rows),
        data_sha256=rows.digest,
        seed=seed,
        scores={},
        made_with={name: version(name) for name in _PACKAGES},
    )
    return _scored(LearnedModel(card, regressor, declared), others)


def scores(model: LearnedModel, rows: Rows) -> dict[str, dict[str, float]]:
    """Return, per learnt metric, how well a surrogate predicts rows that it has not seen.

    Returns:
        ``r2`` on the scale on which it is learnt, ``mae`` there in standard deviations,
        ``median_relative_error`` in the metric's own unit, and ``rows``, how many have a value.
    """
    values = _of_feasible(rows)
    told, said = model.scales.standardise(values), model.beliefs(rows.batch)
    guessed = model.scales.restore(said.mean)
    found = {}
    for at, name in enumerate(model.scales.names):
        true, error = told[:, at], said.mean[:, at] - told[:, at]
        known = np.isfinite(true)
        if known.any() and np.ptp(true[known]) > 0.0:
            other = known & (values[name] != 0.0)
            off = np.abs(guessed[name][other] / values[name][other] - 1.0)
            found[name] = {
                "r2": float(1.0 - np.mean(error[known] ** 2) / true[known].var()),
                "mae": float(np.abs(error[known]).mean()),
                "median_relative_error": float(np.median(off)),
                "rows": int(np.count_nonzero(known)),
            }
    return found


def _scored(model: LearnedModel, others: Rows) -> LearnedModel:
    """Return the model with scores, and with standard deviations as wide as its errors."""
    if not others.feasible.any():
        return model
    told = model.scales.standardise(_of_feasible(others))
    said = model.beliefs(others.batch)
    sigmas = np.abs(told - said.mean) / np.maximum(said.sigma, np.finfo(float).tiny)
    spread = [_spread(column[np.isfinite(column)]) for column in sigmas.T]
    card = replace(model.card, scores=scores(model, others), calibration=spread)
    return LearnedModel(card, model.regressor, model.metrics)


def _spread(sigmas: Floats) -> float:
    return float(np.quantile(sigmas, _WITHIN_ONE_SIGMA)) if len(sigmas) > 1 else 1.0


def _of_feasible(rows: Rows) -> dict[str, Floats]:
    """Return the metrics of feasible designs; those of others have no value."""
    return {name: np.where(rows.feasible, v, np.nan) for name, v in rows.metrics.items()}


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
