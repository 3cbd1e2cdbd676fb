"""A regressor as a cost model: ``--cost-model surrogate:NAME``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_model import BETWEEN_REMARKS, CostModel
from archgym.cost_models.learned.card import Card, load, save
from archgym.cost_models.learned.domain import BEYOND, Domain
from archgym.cost_models.learned.encoding import DesignEncoding
from archgym.cost_models.learned.folders import find
from archgym.cost_models.learned.purpose import mismatch
from archgym.cost_models.learned.regressor import Beliefs, Regressor, SeesNumbers, find_kind
from archgym.cost_models.learned.rows import Rows
from archgym.cost_models.learned.scales import MetricScales
from archgym.cost_models.learned.workloads import Asked
from archgym.environment import Environment, Settings
from archgym.errors import SettingError, StoreError
from archgym.metric import Metric
from archgym.outcome import Floats, Measurements, Status
from archgym.parameter import Codes
from archgym.problem import Problem

OUTSIDE = "outside the ranges that the surrogate has learnt"
UNKNOWN = (
    "; it was not told what the default design truly costs on this workload, so rewards need an"
    " objective that compares with nothing, such as one with targets"
)
WARNING = "warning"
DOMAIN = "domain.learnt"
_LIKELY = 0.5


class LearnedModel(CostModel):
    """Predicts the metrics of designs; those it did not learn have no value.

    A design outside the ranges that agents search counts as crashed; one that the regressor
    believes to be infeasible has a violation of 1 and no metrics, as none were learnt of such.

    The default design has what it truly costs, where that is known. One that was learnt from
    several workloads predicts for one of them, see `at`.

    Args:
        card: What it is.
        regressor: What predicts.
        metrics: Those of the model in whose place it stands.
        seal: What tells it from any other.
        domain: Where it has learnt.
        asked: The workload that it predicts for.

    Attributes:
        card: What it is.
        encoding: Of designs and workloads.
        scales: Of the learnt metrics.
    """

    fidelity = "surrogate"
    leaves_out = ("designs outside the searched ranges", "metrics that its data did not have")

    def __init__(
        self,
        card: Card,
        regressor: Regressor,
        metrics: tuple[Metric, ...],
        seal: str = "",
        domain: Domain | None = None,
        asked: Asked | None = None,
    ):
        self.card, self.regressor, self.metrics = card, regressor, metrics
        self.name, self.version = f"surrogate of {card.cost_model}", seal
        self.domain = domain
        alone = None if card.workloads else Asked(card.workload, True, np.zeros(0))
        self.asked = asked or alone
        self.encoding = DesignEncoding.of_data(card.axes, card.context)
        self.scales = MetricScales.of_data(card.scales)
        self.sources = (f"{card.kind}, learnt from {card.rows} evaluations of {card.cost_model}",)
        r2 = {name: score["r2"] for name, score in card.scores.items()}
        kept_out = ", ".join(f"{n} {v:.4f}" for n, v in r2.items() if v is not None)
        self.checked_against = (f"R2 on designs that were kept out: {kept_out}",)
        self._default: Codes | None = None

    def with_card(self, **changes: Any) -> LearnedModel:
        """Return the same with changes to its card."""
        return self._like(replace(self.card, **changes), self.asked)

    def at(self, problem: Problem) -> LearnedModel:
        """Return the same for the workload of a problem.

        Raises:
            SettingError: It is not of this problem, or knows nothing of the workload.
        """
        unfit = mismatch(self.card, problem)
        if unfit:
            raise SettingError(f"the surrogate {unfit}")
        asked = Asked.of(problem, self.card.workloads, self.encoding.context)
        return self._like(self.card, asked)

    def _like(self, card: Card, asked: Asked | None) -> LearnedModel:
        return LearnedModel(card, self.regressor, self.metrics, self.version, self.domain, asked)

    def beliefs(self, batch: Batch) -> Beliefs:
        """Return what the regressor says, standard deviations calibrated, see `scales`.

        Raises:
            SettingError: It is of several workloads, and none was chosen by `at`.
        """
        if self.asked is None:
            raise SettingError(
                "a surrogate of several workloads predicts for one: use at(problem)"
            )
        return self._beliefs(batch, np.tile(self.asked.context, (len(batch), 1)))

    def beliefs_of(self, rows: Rows) -> Beliefs:
        """Return `beliefs` about the designs of rows, each on its own workload."""
        return self._beliefs(rows.batch, rows.context(self.encoding.context))

    def _beliefs(self, batch: Batch, context: Floats) -> Beliefs:
        if isinstance(self.regressor, SeesNumbers):
            said = self.regressor.predict_numbers(self.encoding.numbers(batch, context))
        else:
            said = self.regressor.predict(self.encoding.inputs(batch, context))
        sigma = said.sigma * np.array(self.card.calibration)
        return Beliefs(said.mean, sigma, said.present, said.feasible)

    @property
    def half_widths(self) -> Floats:
        """How many standard deviations the 90 % intervals reach to either side, shape (k,).

        NaN where none was calibrated.
        """
        known = self.card.intervals or [None] * len(self.scales.scales)
        return np.array([math.nan if width is None else width for width in known])

    def intervals(self, batch: Batch) -> dict[str, tuple[Floats, Floats]]:
        """Return the least and the largest value that the 90 % interval of each metric holds.

        Values of infeasible designs, of which none were learnt, are held by none.
        """
        said = self.beliefs(batch)
        half = self.half_widths * said.sigma
        low, high = (self.scales.restore(said.mean + sign * half) for sign in (-1.0, 1.0))
        return {name: (low[name], high[name]) for name in self.scales.names}

    def metric(self, name: str) -> Metric:
        """Return what is declared of a learnt metric."""
        return next(metric for metric in self.metrics if metric.name == name)

    def evaluate(self, batch: Batch, workload: Any) -> Measurements:
        said = self.beliefs(batch)
        measured = self.measured(said.mean, said, ~self.encoding.covers(batch))
        where = {row: ", ".join(self.encoding.left(batch.select([row]))) for row in measured.error}
        named = {row: f"{text} ({where[row]})" for row, text in measured.error.items()}
        measured = replace(measured, error=named)
        rows = self._are_default(batch)
        return self._with_default(measured, rows) if rows.any() else measured

    def remarks(self, batch: Batch) -> dict[str, list[str]]:
        """Return what makes the metrics of designs that are ok a guess, if anything does."""
        assert self.asked is not None, "evaluate says why"
        guessed = self.encoding.covers(batch)
        if self._true_default is not None:
            guessed &= ~self._are_default(batch)
        beyond = np.zeros(len(batch), dtype=bool)
        if self.domain is not None:
            beyond[guessed] = self.domain.beyond(self.encoding, batch.select(guessed))
        both = [
            (self.asked.remark if guess else "", BEYOND if far else "")
            for guess, far in zip(guessed.tolist(), beyond.tolist(), strict=True)
        ]
        return {WARNING: [BETWEEN_REMARKS.join(filter(None, texts)) for texts in both]}

    @property
    def _true_default(self) -> Mapping[str, Any] | None:
        """What the card says of the default design on the workload that is asked for."""
        asked = self.asked
        return self.card.defaults.get(asked.name) if asked and asked.learnt else None

    def _are_default(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which designs are the default one, in effect."""
        space = batch.space
        if self._default is None:
            self._default = space.canonical(space.default.codes)
        return np.asarray((space.canonical(batch.codes) == self._default).all(axis=1))

    def _with_default(self, said: Measurements, rows: NDArray[np.bool_]) -> Measurements:
        """Return measurements in which some rows have what the default design truly costs."""
        true = self._true_default
        if true is None:
            unknown = {row: text + UNKNOWN for row, text in said.error.items() if rows[row]}
            return replace(said, error={**said.error, **unknown})
        values = {n: math.nan if v is None else v for n, v in true["metrics"].items()}
        return Measurements(
            {n: np.where(rows, values.get(n, math.nan), v) for n, v in said.metrics.items()},
            np.where(rows, true["violation"], said.violation),
            np.where(rows, np.uint8(Status.OK), said.status),
            {row: text for row, text in said.error.items() if not rows[row]},
        )

    def measured(self, values: Floats, said: Beliefs, outside: Any = False) -> Measurements:
        """Return standardised values (n, k) as measurements of designs.

        Args:
            values: Means, or draws.
            said: What decides whether there are values, and whether a design is feasible.
            outside: bool (n,), designs that it has not learnt.
        """
        feasible = said.feasible >= _LIKELY
        known = np.where((said.present >= _LIKELY) & feasible[:, None], values, np.nan)
        learnt = self.scales.restore(known)
        learnt |= {n: np.where(feasible, v, np.nan) for n, v in self.card.constants.items()}
        none = np.full(len(values), np.nan)
        outside = np.broadcast_to(outside, feasible.shape)
        metrics = {
            m.name: np.where(outside, np.nan, learnt.get(m.name, none)) for m in self.metrics
        }
        status = np.where(outside, np.uint8(Status.CRASHED), np.uint8(Status.OK))
        error = dict.fromkeys(np.flatnonzero(outside).tolist(), OUTSIDE)
        return Measurements(metrics, np.where(feasible, 0.0, 1.0), status, error)

    def save(self, folder: Path) -> None:
        """Write it to a folder.

        Raises:
            StoreError: It cannot be written.
        """
        learnt = {} if self.domain is None else {DOMAIN: self.domain.learnt}
        save(folder, self.card, {**self.regressor.tensors(), **learnt})


def load_surrogate(
    name: str, environment: Environment, settings: Settings, workload: str
) -> LearnedModel:
    """Return the cost model ``surrogate:<name>`` of an environment.

    Raises:
        StoreError: It cannot be read, or was changed.
        SettingError: It was trained for something else.
        UnknownNameError: There is none of that name.
    """
    return surrogate_of(find(name), environment.make_problem(workload, **settings))


def surrogate_of(folder: Path, problem: Problem) -> LearnedModel:
    """Return a surrogate that was trained for a problem's space, workload and settings.

    Raises:
        StoreError: It cannot be read, or was changed.
        SettingError: It was trained for something else.
    """
    card, tensors, seal = load(folder)
    unfit = mismatch(card, problem)
    if unfit:
        raise SettingError(f"{folder}: {unfit}")
    learnt = {name: array for name, array in tensors.items() if name != DOMAIN}
    try:
        regressor = find_kind(card.kind).restore(card.regressor, learnt)
        domain = None if card.reach is None else Domain(tensors[DOMAIN], card.reach)
    except (KeyError, ValueError, RuntimeError) as error:
        raise StoreError(f"{folder}: weights and card do not fit: {error}") from None
    model = LearnedModel(card, regressor, problem.cost_model.metrics, seal, domain)
    return model.at(problem)
