"""What every cost model must do."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from archgym.batch import Batch
from archgym.environment import Environment
from archgym.outcome import Measurements, Status
from archgym.problem import Problem

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*(_B)?")


class CostModelConformance:
    """Tests of a cost model in its environment; a subclass names both.

    Attributes:
        environment: The environment that offers the model.
        cost_model: Its name there; None for the default one.
        workload: A name or a file; None for the default one.
        settings: Those of the environment that differ from the defaults.
        designs: How many designs are drawn for each test.
    """

    environment: ClassVar[Environment]
    cost_model: ClassVar[str | None] = None
    workload: ClassVar[str | None] = None
    settings: ClassVar[Mapping[str, Any]] = {}
    designs: ClassVar[int] = 24

    # -- helpers ---------------------------------------------------------------------------------

    def problem(self) -> Problem:
        """Return the problem, freshly made."""
        return self.environment.make_problem(self.workload, None, self.cost_model, **self.settings)

    def drawn(self, problem: Problem, seed: int = 0) -> Batch:
        """Return drawn designs that obey the constraints, the default first."""
        drawn = problem.space.sample(np.random.default_rng(seed), self.designs - 1)
        return Batch(problem.space, np.concatenate([problem.space.default.codes, drawn.codes]))

    # -- declarations ----------------------------------------------------------------------------

    def test_declares_itself(self) -> None:
        """Stores and listings read these."""
        model = self.problem().cost_model
        assert isinstance(model.name, str)
        assert model.name
        assert isinstance(model.version, str)
        assert model.version
        assert model.fidelity
        assert model.metrics

    def test_declares_its_metrics(self) -> None:
        """Lower snake case (bytes end with _B), each once, with unit and direction."""
        metrics = self.problem().cost_model.metrics
        assert len({metric.name for metric in metrics}) == len(metrics)
        for metric in metrics:
            assert _SNAKE.fullmatch(metric.name), metric.name
            assert metric.unit, metric.name
            assert metric.direction in ("minimize", "maximize", "neutral"), metric.name

    # -- what it returns -------------------------------------------------------------------------

    def test_returns_the_declared_metrics_and_only_those(self) -> None:
        """One float64 per design, finite or NaN; violations and statuses are sound."""
        problem = self.problem()
        measured = problem.run(self.drawn(problem))
        assert set(measured.metrics) == set(problem.metric_names)
        for name, values in measured.metrics.items():
            assert values.shape == (self.designs,), name
            assert values.dtype == np.float64, name
            assert not np.isinf(values).any(), name
        assert measured.violation.shape == measured.status.shape == (self.designs,)
        assert (measured.violation >= 0.0).all()
        assert set(measured.status.tolist()) <= {int(status) for status in Status}

    def test_measures_the_default_design(self) -> None:
        """It is what rewards compare with: feasible, with at least one metric."""
        problem = self.problem()
        measured = problem.run(problem.space.default)
        assert measured.status[0] == Status.OK, measured.error
        assert measured.violation[0] == 0.0
        assert any(np.isfinite(values[0]) for values in measured.metrics.values())

    def test_outcomes_never_raise_and_rewards_are_finite(self) -> None:
        """Also for designs that break a constraint."""
        problem = self.problem()
        rng, axes = np.random.default_rng(1), problem.space.axes
        anywhere = np.stack(
            [
                rng.uniform(a.low, a.high, self.designs)
                if a.size is None
                else rng.integers(0, a.size, self.designs)
                for a in axes
            ],
            axis=1,
        )
        outcomes = problem.outcomes(Batch(problem.space, anywhere.astype(problem.space.dtype)))
        assert np.isfinite(outcomes.reward).all()
        for row, label in enumerate(outcomes.labels()):
            assert label == "ok" or outcomes.errors()[row], f"row {row} gives no reason"

    # -- it is a function ------------------------------------------------------------------------

    def test_is_deterministic(self) -> None:
        """The same model twice, and a fresh one."""
        problem = self.problem()
        batch = self.drawn(problem)
        first = problem.run(batch)
        _assert_equal(problem.run(batch), first)
        fresh = self.problem()
        _assert_equal(fresh.run(Batch(fresh.space, batch.codes)), first)

    def test_a_design_alone_is_the_design_in_a_batch(self) -> None:
        """To the last bit, in any order and any company."""
        problem = self.problem()
        batch = self.drawn(problem)
        together = problem.run(batch)
        backwards = list(range(self.designs))[::-1]
        _assert_equal(problem.run(batch.select(backwards)), together.select(backwards))
        for row in range(min(self.designs, 8)):
            _assert_equal(problem.run(batch.select([row])), together.select([row]))

    def test_does_not_change_what_it_is_given(self) -> None:
        """Neither the designs nor the workload, which then measures as a fresh one does."""
        problem = self.problem()
        batch = self.drawn(problem)
        before = batch.codes.copy()
        problem.run(batch)
        assert (batch.codes == before).all()
        others = self.drawn(problem, seed=2)
        fresh = self.problem()
        _assert_equal(problem.run(others), fresh.run(Batch(fresh.space, others.codes)))

    def test_leaves_global_random_states_alone(self) -> None:
        """No hidden randomness."""
        problem = self.problem()
        before: Any = np.random.get_state()  # noqa: NPY002
        problem.run(self.drawn(problem))
        after: Any = np.random.get_state()  # noqa: NPY002
        assert before[1].tolist() == after[1].tolist()

    def test_travels_to_other_processes(self) -> None:
        """With a time limit a model runs in a process of its own."""
        problem = self.problem()
        batch = self.drawn(problem).select(slice(0, 4))
        model, workload = pickle.loads(pickle.dumps((problem.cost_model, problem.workload)))
        _assert_equal(model.evaluate(batch, workload), problem.run(batch))


def _assert_equal(found: Measurements, wanted: Measurements) -> None:
    for name, values in wanted.metrics.items():
        assert np.array_equal(found.metrics[name], values, equal_nan=True), name
    assert np.array_equal(found.violation, wanted.violation)
    assert np.array_equal(found.status, wanted.status)
