"""Networks on heterogeneous chips against other models, another scheduler, and bounds."""

from __future__ import annotations

import numpy as np
import pytest

from archgym.cost_models.dnn.hetero.model import schedules_of
from archgym.cost_models.dnn.hetero.tasks import list_task_sets
from archgym.cost_models.dnn.layer import Layer
from archgym.envs.dnn.dataflow import ENVIRONMENT as DATAFLOW
from archgym.envs.dnn.hetero import ENVIRONMENT
from archgym.envs.dnn.hetero_space import MOST_BANDWIDTH, MOST_PES

FIELDS = ("N", "K", "C", "P", "Q", "R", "S", "stride", "groups")


def drawn(workload: str, count: int, **settings):
    problem = ENVIRONMENT.make_problem(workload, "accuracy", **settings)
    return problem, problem.space.sample(np.random.default_rng(0), count)


def rows_of(problem, batch) -> list[dict[str, object]]:
    """Return the layers of one design as rows of dnn.dataflow, on each of its chip's parts."""
    design = batch.dicts()[0]
    schedule = problem.cost_model.detail(batch, problem.workload)["schedule"]
    columns = [schedule[field].tolist() for field in FIELDS]
    layers = [dict(zip(FIELDS, v, strict=True)) for v in zip(*columns, strict=True)]
    return [
        {**layer, "dataflow": design[f"sub{s}_dataflow"], "num_pes": design[f"sub{s}_pes"]}
        | {"noc_bw": design[f"sub{s}_bw"], "offchip_bw": design[f"sub{s}_bw"], "sub": s}
        for layer in layers
        for s in range(1, design["subs"] + 1)
    ]


def costs_by_layer(problem, batch) -> list[list[dict[str, float]]]:
    rows = rows_of(problem, batch)
    names = [{k: v for k, v in row.items() if k != "sub"} for row in rows]
    found = DATAFLOW.make_problem("columns").evaluate(names).to_dict("records")
    subs = batch.dicts()[0]["subs"]
    return [found[at : at + subs] for at in range(0, len(found), subs)]


@pytest.mark.parametrize("workload", list_task_sets())
def test_costs_are_those_of_the_layers_where_they_run(workload):
    problem, batch = drawn(workload, 12)
    metrics = problem.outcomes(batch).metrics
    for row in range(len(batch)):
        one = batch.select([row])
        schedule = problem.cost_model.detail(one, problem.workload)["schedule"]
        by_layer = costs_by_layer(problem, one)
        run = [costs[s - 1] for costs, s in zip(by_layer, schedule["sub"], strict=True)]
        assert metrics["macs"][row] == sum(cost["macs"] for cost in run)
        energy = sum(cost["energy_pj"] for cost in run)
        assert metrics["energy_pj"][row] == pytest.approx(energy, rel=1e-12)


def list_schedule(tasks: list[list[list[float]]]) -> tuple[float, list[int]]:
    """An independent list scheduler over events: task -> layer -> cycles per sub-accelerator."""
    free = [0.0] * len(tasks[0][0])
    left, ready = [list(task) for task in tasks], [0.0] * len(tasks)
    runs: list[list[int]] = [[] for _ in tasks]
    while any(left):
        options = [
            (max(ready[t], free[s]) + cycles, t, s)
            for t, task in enumerate(left)
            if task
            for s, cycles in enumerate(task[0])
        ]
        end, t, s = min(options)
        left[t].pop(0)
        ready[t] = free[s] = end
        runs[t].append(s + 1)
    return max(ready), [s for task in runs for s in task]


@pytest.mark.parametrize("workload", list_task_sets())
def test_every_layer_goes_where_the_earliest_end_is(workload):
    problem, batch = drawn(workload, 12)
    latency = problem.outcomes(batch).metrics["latency_cycles"]
    for row in range(len(batch)):
        one = batch.select([row])
        schedule = problem.cost_model.detail(one, problem.workload)["schedule"]
        cycles = [[c["runtime_cycles"] for c in costs] for costs in costs_by_layer(problem, one)]
        tasks = [
            [c for c, of in zip(cycles, schedule["task"], strict=True) if of == task]
            for task in (1, 2)
        ]
        assert (latency[row], schedule["sub"].tolist()) == list_schedule(tasks)
        assert schedule["end_cycle"].max() == latency[row]


def test_no_sub_accelerator_and_no_network_does_two_things_at_once():
    problem, batch = drawn("w2", 30, assignment="searched")
    found = schedules_of(batch, problem.workload)
    for row in range(len(batch)):
        one = batch.select([row])
        schedule = problem.cost_model.detail(one, problem.workload)["schedule"]
        cycles = [
            costs[s - 1]["runtime_cycles"]
            for costs, s in zip(costs_by_layer(problem, one), schedule["sub"], strict=True)
        ]
        starts = schedule["end_cycle"] - cycles
        for key in ("sub", "task"):
            for value in set(schedule[key].tolist()):
                mine = schedule[key] == value
                order = np.argsort(schedule["end_cycle"][mine])
                ends, begins = schedule["end_cycle"][mine][order], starts[mine][order]
                assert (begins[1:] >= ends[:-1]).all()
        assert starts.min() == 0.0
    subs = batch["subs"]
    asked = (batch["net1_place1"] - 1) % subs
    np.testing.assert_array_equal(found.chosen[:, 0], asked)


def test_totals_keep_their_limits():
    problem, batch = drawn("w1", 500)
    metrics = problem.outcomes(batch).metrics
    assert metrics["pes"].max() <= MOST_PES
    assert metrics["bandwidth"].max() <= MOST_BANDWIDTH
    assert (metrics["latency_cycles"] >= metrics["macs"] / metrics["pes"]).all()


def test_a_network_by_hand():
    problem = ENVIRONMENT.make_problem("w3", "accuracy")
    small = {
        f"net{t}_{name}": values[0]
        for t in (1, 2)
        for name, values in problem.workload.tasks[0].choices.items()
    }
    found = problem.evaluate([small | {"net1_block2_skips": 2}]).iloc[0]
    plain = [
        Layer(K=8, C=3, R=3, S=3, P=32, Q=32),
        Layer(K=32, C=8, R=3, S=3, P=32, Q=32),
        Layer(K=32, C=32, R=3, S=3, P=16, Q=16),
        Layer(K=32, C=32, R=3, S=3, P=8, Q=8),
        Layer(K=10, C=32, R=1, S=1, P=1, Q=1),
    ]
    skips = 2 * Layer(K=32, C=32, R=3, S=3, P=8, Q=8).macs
    assert found["macs"] == 2 * sum(layer.macs for layer in plain) + skips
    assert found["accuracy_2"] == pytest.approx(0.7893)
    # One of seven hyper-parameters is at its largest value.
    assert found["accuracy_1"] == pytest.approx(0.7893 + (0.9417 - 0.7893) / 7)


def test_accuracy_rises_with_every_hyperparameter_by_less_and_less():
    for task_set in list_task_sets().values():
        for task in task_set.tasks:
            smallest = {name: values[0] for name, values in task.choices.items()}
            for name, values in task.choices.items():
                column = {n: np.full(len(values), v) for n, v in smallest.items()}
                accuracy = task.accuracy(column | {name: np.array(values)})
                steps = np.diff(accuracy)
                assert (steps > 0).all()
                assert (np.diff(steps) < 0).all()
            largest = {name: np.array(values[-1:]) for name, values in task.choices.items()}
            assert task.accuracy(largest)[0] == task.highest


def test_one_row_is_that_row_of_a_batch():
    problem, batch = drawn("w1", 20)
    whole = problem.outcomes(batch).metrics
    for row in (0, 7, 19):
        one = problem.outcomes(batch.select([row])).metrics
        assert {n: v[0] for n, v in one.items()} == {n: v[row] for n, v in whole.items()}
