from __future__ import annotations

import time

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


def rough():
    """The same designs under the toy's other cost model."""
    return TOY.make_problem(workload="mixed", cost_model="rough")


def distinct_of(space, count):
    """Different designs, so that each is paid."""
    drawn = batch_of(space, 20 * count)
    first = {key: row for row, key in reversed(list(enumerate(drawn.keys())))}
    return drawn.select(sorted(first.values())[:count])


def test_cheap_designs_are_charged_at_their_price_and_once():
    evaluator = Evaluator(problem(), 20)
    cheap = evaluator.admit("rough", rough(), 0.1)
    batch = distinct_of(cheap.problem.space, 30)
    counting = Counting(cheap.problem.cost_model)
    first = evaluator.measure_cheaply(cheap, batch)
    again = evaluator.measure_cheaply(cheap, batch)
    expected = rough().measure(batch)
    for name, values in expected.metrics.items():
        assert first.metrics[name].tolist() == again.metrics[name].tolist() == values.tolist()
    assert counting.calls == cheap.evaluations == 30
    assert evaluator.charged == 3  # ten times 0.1 is 1, not nearly
    assert evaluator.remaining == 17
    assert evaluator.spent == 0


@pytest.mark.parametrize("price", [1.0, 0.3, 0.1, 0.07, 1e-3])
def test_whatever_the_order_evaluations_and_charge_stay_within_the_budget(price):
    evaluator = Evaluator(problem(), 9)
    cheap = evaluator.admit("rough", rough(), price)
    space, rng = evaluator.problem.space, np.random.default_rng(7)
    while evaluator.remaining:
        if rng.random() < 0.5:
            evaluator.evaluate(space.sample(rng, 1))
        else:
            evaluator.measure_cheaply(
                cheap, space.sample(rng, min(5, evaluator.affordable(cheap)))
            )
        own = round(price * cheap.evaluations, 9)
        assert float(evaluator.charged) == pytest.approx(own)
        assert evaluator.spent + own <= 9
        assert evaluator.remaining == int(9 - evaluator.spent - own + 1e-9)


def test_cheap_designs_beyond_the_budget_are_refused_and_nothing_is_measured():
    evaluator = Evaluator(problem(), 2)
    cheap = evaluator.admit("rough", rough(), 0.25)
    batch = distinct_of(cheap.problem.space, 9)
    assert evaluator.affordable(cheap) == 8
    with pytest.raises(BudgetSpentError, match=r"'rough' would cost 2.25 evaluations, 2 remain"):
        evaluator.measure_cheaply(cheap, batch)
    assert cheap.evaluations == 0
    evaluator.measure_cheaply(cheap, batch.select(slice(8)))
    assert evaluator.remaining == evaluator.affordable(cheap) == 0
    evaluator.measure_cheaply(cheap, batch.select(slice(3)))  # known ones are free
    with pytest.raises(BudgetSpentError, match="1 evaluations asked, 0 remain"):
        evaluator.evaluate(batch.select([0]))


@pytest.mark.parametrize("price", [0.0, -0.1, 1.5, float("nan")])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(SettingError, match="price"):
        Evaluator(problem(), 5).admit("rough", rough(), price)


def test_cheap_evaluations_are_not_recorded_and_are_no_thinking():
    toy, records = problem(), []
    evaluator = Evaluator(toy, 6, records.append)
    slow = rough()
    inner = slow.cost_model.evaluate
    slow.cost_model.evaluate = lambda batch, workload: (time.sleep(0.2), inner(batch, workload))[1]
    cheap = evaluator.admit("rough", slow, 0.5)
    evaluator.measure_cheaply(cheap, distinct_of(toy.space, 2))
    evaluator.evaluate(batch_of(toy.space, 2))
    assert [record.first_step for record in records] == [0]
    assert cheap.seconds >= 0.2
    assert records[0].ask_seconds < 0.1


def test_a_cheap_model_that_hangs_costs_only_its_row():
    toy = TOY_FAILING.make_problem(failures="hangs")
    evaluator = Evaluator(toy, 10, timeout_s=1.0)
    cheap = evaluator.admit("other", TOY_FAILING.make_problem(failures="hangs"), 0.5)
    designs = toy.space.encode([{"behaviour": "hangs"}, {"behaviour": "fine"}])
    measured = evaluator.measure_cheaply(cheap, designs)
    process = cheap.isolated._process
    evaluator.close()
    assert measured.status.tolist() == [Status.TIMEOUT, Status.OK]
    assert not process.is_alive()
