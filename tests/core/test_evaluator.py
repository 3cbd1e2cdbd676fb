from __future__ import annotations

import numpy as np
import pytest

from archgym import Batch, Evaluator, Status
from archgym.errors import BudgetSpentError, ReplayMismatchError, SettingError
from archgym.evaluator import History, Record
from tests.toys import TOY, TOY_FAILING


class Counting:
    """Wraps a cost model's `evaluate` and counts the designs that reach it."""

    def __init__(self, model):
        self.inner, self.calls = model.evaluate, 0
        model.evaluate = self

    def __call__(self, batch: Batch, workload):
        self.calls += len(batch)
        return self.inner(batch, workload)


def problem():
    return TOY.make_problem(workload="mixed")


def batch_of(space, count, seed=0):
    return space.sample(np.random.default_rng(seed), count)


def test_budget_counts_every_evaluation_and_the_cache_answers_repeats():
    toy = problem()
    _ = toy.reference
    counting, evaluator = Counting(toy.cost_model), Evaluator(toy, 30)
    batch = batch_of(toy.space, 10)
    first = evaluator.evaluate(batch)
    again = evaluator.evaluate(batch)
    assert (first.reward == again.reward).all()
    assert evaluator.spent == 20
    assert evaluator.remaining == 10
    assert counting.calls == evaluator.unique == len(set(batch.keys()))


def test_repeats_within_one_batch_are_evaluated_once():
    toy = problem()
    _ = toy.reference
    counting, records = Counting(toy.cost_model), []
    evaluator = Evaluator(toy, 10, records.append)
    outcomes = evaluator.evaluate(toy.space.encode([{"banks": 3}, {"banks": 4}, {"banks": 3}]))
    assert counting.calls == 2
    assert outcomes.reward[0] == outcomes.reward[2]
    assert records[0].cached.tolist() == [False, False, True]


def test_more_than_the_budget_is_refused_and_nothing_is_spent():
    evaluator = Evaluator(problem(), 5)
    with pytest.raises(BudgetSpentError, match="6 evaluations asked, 5 remain"):
        evaluator.evaluate(batch_of(evaluator.problem.space, 6))
    assert evaluator.spent == 0


def test_batches_and_single_designs_agree():
    toy = problem()
    batch = batch_of(toy.space, 50)
    together = Evaluator(toy, 50).evaluate(batch)
    alone = Evaluator(toy, 50)
    singles = [alone.evaluate(batch.select([row])) for row in range(50)]
    assert together.reward.tolist() == [single.reward[0] for single in singles]
    assert together.labels() == [single.labels()[0] for single in singles]


def history_of(toy, batch) -> History:
    return History(batch, toy.measure(batch))


def test_history_answers_first_without_calling_the_model():
    toy = problem()
    batch = batch_of(toy.space, 20)
    plain = Evaluator(toy, 20).evaluate(batch)
    history = history_of(toy, batch.select(slice(0, 12)))
    counting, records = Counting(toy.cost_model), []
    evaluator = Evaluator(toy, 20, records.append, history)
    resumed = [evaluator.evaluate(batch.select(slice(i, i + 5))) for i in range(0, 20, 5)]
    assert np.concatenate([part.reward for part in resumed]).tolist() == plain.reward.tolist()
    assert counting.calls <= 8
    recorded = [(r.first_step, r.replayed, len(r.batch)) for r in records]
    assert recorded == [(10, 2, 5), (15, 0, 5)]


def test_another_design_than_the_stored_one_stops_the_replay():
    toy = problem()
    batch = batch_of(toy.space, 8)
    evaluator = Evaluator(toy, 8, history=history_of(toy, batch))
    evaluator.evaluate(batch.select(slice(0, 3)))
    with pytest.raises(ReplayMismatchError, match="evaluation 3"):
        evaluator.evaluate(batch_of(toy.space, 3, seed=9))


def test_one_crashing_design_costs_only_its_row():
    toy = TOY_FAILING.make_problem(failures="raises nan infeasible")
    designs = [{"behaviour": "fine", "level": n} for n in range(8)]
    designs[3]["behaviour"], designs[5]["behaviour"] = "raises", "nan"
    designs[6]["behaviour"] = "infeasible"
    outcomes = toy.outcomes(toy.space.encode(designs))
    expected = ["ok", "ok", "ok", "crashed", "ok", "infeasible", "infeasible", "ok"]
    assert outcomes.labels() == expected
    assert "cannot be simulated" in outcomes.error[3]
    assert outcomes.reward[3] == -1
    assert np.isfinite(outcomes.reward).all()
    assert (outcomes.reward > 0).tolist() == [label == "ok" for label in expected]


def test_hanging_and_dying_designs_cost_only_their_row():
    toy = TOY_FAILING.make_problem(failures="hangs dies raises")
    names = ["fine", "hangs", "fine", "dies", "raises", "fine"]
    evaluator = Evaluator(toy, 10, timeout_s=1.0)
    outcomes = evaluator.evaluate(toy.space.encode([{"behaviour": name} for name in names]))
    process = evaluator._isolated._process
    evaluator.close()
    assert outcomes.labels() == ["ok", "timeout", "ok", "crashed", "crashed", "ok"]
    assert outcomes.status[1] == Status.TIMEOUT
    assert outcomes.error[1] == "no result within 1 s"
    assert "-9" in outcomes.error[3]
    assert "cannot be simulated" in outcomes.error[4]
    assert not process.is_alive()


def test_a_default_design_that_hangs_is_a_clear_error_not_a_hang():
    toy = TOY_FAILING.make_problem(failures="hangs")
    hanging = toy.space.encode([{"behaviour": "hangs"}])
    vars(toy.space)["default"] = hanging
    evaluator = Evaluator(toy, 5, timeout_s=0.5)
    with pytest.raises(SettingError, match=r"default design .* no result within"):
        evaluator.evaluate(toy.space.encode([{"behaviour": "fine"}]))
    evaluator.close()


def test_isolation_changes_no_number():
    toy = problem()
    batch = batch_of(toy.space, 12)
    isolated = Evaluator(toy, 12, timeout_s=60)
    outcomes = isolated.evaluate(batch)
    isolated.close()
    assert outcomes.reward.tolist() == toy.outcomes(batch).reward.tolist()


def test_records_hold_what_happened():
    toy, records = problem(), []
    evaluator = Evaluator(toy, 6, records.append)
    evaluator.evaluate(batch_of(toy.space, 4))
    evaluator.evaluate(batch_of(toy.space, 2, seed=1))
    assert all(isinstance(record, Record) for record in records)
    assert [record.first_step for record in records] == [0, 4]
    assert all(record.ask_seconds >= 0 and record.evaluate_seconds > 0 for record in records)
