"""A learned policy: a small network scores every pair of a ready task and a PE.

As in ETF, again and again the pair with the highest score is assigned; unlike there, a PE's
backlog is what it really has before it, by expected times. Of PEs of one cluster in the same
state only the first is scored. What the network sees of a pair is `FEATURES` and the embedding of
the task in its graph; see `archgym.cost_models.soc.schedule.policies` for where the numbers come
from.
"""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.schedulers.times import note_waits, swap_ready
from archgym.cost_models.soc.schedule.engine.state import NONE, Case, Policy, Run, Trace

FEATURES = {
    "execution": "its time on the PE",
    "data": "until its data are on the PE",
    "backlog": "until the PE has done what it was given",
    "finish": "until it would be done",
    "excess_finish": "that, beyond the least of the task's PEs",
    "excess_execution": "its time, beyond the least of the task's PEs",
    "rank": "upward rank: what is left of its job behind it",
    "age": "since its job arrived",
    "mean_backlog": "mean of all PEs",
    "jobs": "jobs in flight",
    "ready": "ready tasks without a PE",
    "queue": "tasks that wait for the PE",
    "rivals": "ready tasks that the PE is the fastest for",
    "idle": "1 if the PE has nothing to do",
    "fastest": "share of all tasks that the PE is the fastest for",
    "able": "share of all tasks that the PE can run",
    "plain_excess_finish": "excess_finish, not as a logarithm",
    "plain_finish": "finish, not as a logarithm; what the prior weighs",
}
"""What is seen of a pair: times in units of the policy's scale and counts, as log(1 + x) unless
said otherwise."""

PLAIN_FINISH = len(FEATURES) - 1
LOADS = 4


@helper
def choose_by_policy(case: Case, run: Run, policy: Policy, trace: Trace) -> None:
    """Assign the pair with the highest score until every ready task has a PE."""
    count = run.clock[0].ready
    for pe in range(len(run.pes)):
        _note_backlog(case, run, policy, pe)
    for at in range(count):
        note_waits(case, run, at)
    for done in range(count):
        _note_rivals(case, run, policy, done)
        at, pe = _best_pair(case, run, policy, trace, done)
        swap_ready(run, done, at)
        run.choice[done] = pe
        policy.backlog[pe] += case.exec_us[run.tasks[run.ready[done]].task, pe]
        policy.queue[pe] += 1


@inlined
def _note_backlog(case: Case, run: Run, policy: Policy, pe: int) -> None:
    state, backlog, queue = run.pes[pe], 0.0, 0
    if state.task != NONE:
        # Of the expected time: how long a noisy task really takes is known only at its end.
        running, point = run.tasks[state.task], run.clusters[state.cluster].point
        expected = case.exec_us[running.task, pe] * (
            1 + case.points[state.cluster, point].slowdown
        )
        backlog = max(running.start + expected - run.clock[0].tick, 0.0)
    at = state.head
    while at != NONE:
        backlog += case.exec_us[run.tasks[at].task, pe]
        queue += 1
        at = run.tasks[at].next
    policy.backlog[pe], policy.queue[pe] = backlog, queue


@inlined
def _note_rivals(case: Case, run: Run, policy: Policy, done: int) -> None:
    """Count, per PE, the ready tasks that it is the fastest for; equals share a task."""
    for pe in range(len(run.pes)):
        policy.rivals[pe] = 0.0
    for at in range(done, run.clock[0].ready):
        task = run.tasks[run.ready[at]].task
        least, equals = math.inf, 0
        for pe in range(len(run.pes)):
            if case.exec_us[task, pe] < least:
                least, equals = case.exec_us[task, pe], 0
            equals += case.exec_us[task, pe] == least
        for pe in range(len(run.pes)):
            if case.exec_us[task, pe] == least:
                policy.rivals[pe] += 1.0 / equals


@inlined
def _best_pair(case: Case, run: Run, policy: Policy, trace: Trace, done: int) -> tuple[int, int]:
    """Return position and PE of the pair with the highest score, and put down what was seen."""
    best_at, best_pe, highest, best, scored = NONE, NONE, -math.inf, 0, 0
    _fill_common(case, run, policy, done)
    for at in range(done, run.clock[0].ready):
        task = run.tasks[run.ready[at]].task
        _fill_task(case, run, policy, at)
        for pe in range(len(run.pes)):
            if case.exec_us[task, pe] < math.inf and not _is_repeated(case, run, policy, at, pe):
                _fill_pair(case, run, policy, at, pe)
                score = _score(policy, task) + _put_down(policy, trace, task, scored)
                if score > highest:
                    best_at, best_pe, highest, best = at, pe, score, scored
                scored += 1
    _conclude(run, policy, trace, scored, best)
    return best_at, best_pe


@inlined
def _is_repeated(case: Case, run: Run, policy: Policy, at: int, pe: int) -> bool:
    """Return whether an earlier PE of the cluster stands exactly as this one."""
    cluster = run.pes[pe].cluster
    for other in range(case.clusters[cluster].first_pe, pe):
        if (
            policy.backlog[other] == policy.backlog[pe]
            and policy.queue[other] == policy.queue[pe]
            and run.wait[at, other] == run.wait[at, pe]
        ):
            return True
    return False


@inlined
def _finish(case: Case, run: Run, policy: Policy, at: int, pe: int) -> float:
    task = run.tasks[run.ready[at]].task
    return case.exec_us[task, pe] + max(run.wait[at, pe], policy.backlog[pe])  # type: ignore[no-any-return]


@inlined
def _fill_common(case: Case, run: Run, policy: Policy, done: int) -> None:
    seen, total = policy.seen, 0.0
    for pe in range(len(run.pes)):
        total += policy.backlog[pe]
    seen[8] = math.log1p(total / len(run.pes) / policy.scale)
    seen[9] = math.log1p(run.clock[0].in_flight)
    seen[10] = math.log1p(run.clock[0].ready - done)


@inlined
def _fill_task(case: Case, run: Run, policy: Policy, at: int) -> None:
    instance = run.tasks[run.ready[at]]
    age = run.clock[0].tick - run.jobs[instance.job].arrival
    policy.seen[6] = math.log1p(case.tasks[instance.task].rank / policy.scale)
    policy.seen[7] = math.log1p(age / policy.scale)
    policy.least[0], policy.least[1] = math.inf, math.inf
    for pe in range(len(run.pes)):
        policy.least[0] = min(policy.least[0], case.exec_us[instance.task, pe])
        policy.least[1] = min(policy.least[1], _finish(case, run, policy, at, pe))


@inlined
def _fill_pair(case: Case, run: Run, policy: Policy, at: int, pe: int) -> None:
    seen, scale = policy.seen, policy.scale
    time = case.exec_us[run.tasks[run.ready[at]].task, pe]
    finish = _finish(case, run, policy, at, pe)
    seen[0] = math.log1p(time / scale)
    seen[1] = math.log1p(run.wait[at, pe] / scale)
    seen[2] = math.log1p(policy.backlog[pe] / scale)
    seen[3] = math.log1p(finish / scale)
    seen[4] = math.log1p((finish - policy.least[1]) / scale)
    seen[5] = math.log1p((time - policy.least[0]) / scale)
    seen[11] = math.log1p(policy.queue[pe])
    seen[12] = math.log1p(policy.rivals[pe])
    seen[13] = 1.0 if policy.backlog[pe] == 0.0 else 0.0
    seen[14] = policy.pes[pe, 0]
    seen[15] = policy.pes[pe, 1]
    seen[16] = (finish - policy.least[1]) / scale
    seen[17] = finish / scale


@inlined
def _score(policy: Policy, task: int) -> float:
    """Return the network's score of the pair in ``policy.seen``."""
    width = len(policy.seen)
    for unit in range(len(policy.first_bias)):
        total = policy.first_bias[unit] + policy.tasks[task, unit]
        for at in range(width):
            total += policy.first[unit, at] * policy.seen[at]
        policy.hidden[unit] = math.tanh(total)
    score = -policy.prior * policy.seen[PLAIN_FINISH]
    for unit in range(len(policy.second_bias)):
        total = policy.second_bias[unit]
        for at in range(len(policy.hidden)):
            total += policy.second[unit, at] * policy.hidden[at]
        score += policy.last[unit] * math.tanh(total)
    return score  # type: ignore[no-any-return]


@inlined
def _put_down(policy: Policy, trace: Trace, task: int, scored: int) -> float:
    """Put down the scored pair, and return what exploration adds to its score."""
    if not len(trace.chosen):
        return 0.0
    row = trace.size[1] + scored
    if row >= len(trace.task):
        return 0.0
    for at in range(len(policy.seen)):
        trace.seen[row, at] = policy.seen[at]
    trace.task[row] = task
    return trace.noise[row]  # type: ignore[no-any-return]


@inlined
def _conclude(run: Run, policy: Policy, trace: Trace, scored: int, best: int) -> None:
    """Put down the decision: how many pairs it had, which was taken, when, under which load."""
    if not len(trace.chosen):
        return
    at = trace.size[0]
    highest, total = 0.0, 0.0
    for pe in range(len(run.pes)):
        highest = max(highest, policy.backlog[pe])
        total += policy.backlog[pe]
    trace.pairs[at], trace.chosen[at], trace.tick[at] = scored, best, run.clock[0].tick
    trace.load[at, 0] = run.clock[0].in_flight
    trace.load[at, 1] = total / policy.scale
    trace.load[at, 2] = highest / policy.scale
    trace.load[at, 3] = policy.seen[10]
    trace.size[0] += 1
    trace.size[1] += scored
