"""What the kernels work on: records of a case, which never change, and of a run, which do.

Times are in microseconds, powers in watts, energy in joules, temperatures in degrees Celsius.
Indices of tasks: a *task* is a row of `Case.tasks` (one per task of each application); an
*instance*, a row of `Run.tasks`, is a task of one job.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Records = Any  # arrays of the record types below: attributes in kernels, ["field"] outside
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

NONE = -1
NEVER = 1 << 60  # a tick that does not come

DECIDE, PAUSED, OVER = range(3)  # what `advance` returns
PERFORMANCE, POWERSAVE, ONDEMAND, CONSTANT, EXTERNAL = range(5)  # governors


def _record(*, ints: str, floats: str = "") -> np.dtype[Any]:
    fields: list[tuple[str, type]] = [(name, np.int64) for name in ints.split()]
    return np.dtype([*fields, *((name, np.float64) for name in floats.split())])


CONSTANTS = _record(
    ints="window thermal_period",
    floats="ambient memory_w gpu_w c1 c2 igate high low hysteresis_0 hysteresis_1 hysteresis_2"
    " trip_0 trip_1 trip_2",
)
CLUSTER = _record(ints="first_pe count dvfs points", floats="leak_share")
POINT = _record(ints="entries", floats="mhz volts slowdown scale")
TASK = _record(ints="first_in end_in first_out end_out", floats="rank")
EDGE = _record(ints="source target")  # sorted by target: those of a task's inputs lie together
APPLICATION = _record(ints="first size")


class Case(NamedTuple):
    """Platform and applications.

    Attributes:
        constants: CONSTANTS (1,).
        clusters: CLUSTER (clusters,).
        points: POINT (clusters, points), operating points, ascending frequency; ``slowdown`` is
            the relative excess of the time over that at the highest frequency, ``scale`` that of
            power over the profile's row, ``entries`` how many the row has.
        watts: float64 (clusters, points, cores + 1), the profile's row, at 0 unused.
        caps: int64 (clusters, 4), highest point by throttling level.
        link: int64 (pes, pes), column of ``delays`` for data from one PE to another.
        heat_decay: float64 (5, 5).
        heat_input: float64 (5, 2 + clusters).
        applications: APPLICATION (applications,), their rows in ``tasks``.
        tasks: TASK (tasks,).
        edges: EDGE (edges,), rows of ``tasks``.
        outputs: int64 (edges,), rows of ``edges`` by source, then target.
        delays: int64 (edges, links), time to move the edge's data.
        exec_us: float64 (tasks, pes), inf where unsupported.
        by_speed: int64 (tasks, clusters), clusters that support it, fastest first, then -1.
    """

    constants: Records
    clusters: Records
    points: Records
    watts: Floats
    caps: Ints
    link: Ints
    heat_decay: Floats
    heat_input: Floats
    applications: Records
    tasks: Records
    edges: Records
    outputs: Ints
    delays: Ints
    exec_us: Floats
    by_speed: Ints


CLOCK = _record(
    ints="tick decided acted sequence order ready starting freed wake arrival arrival_sequence"
    " arrival_late next_job in_flight max_in_flight completed power governor throttling sweeping"
    " level next_pe assigned first_live",
    floats="energy makespan arrived completions",
)
PE = _record(
    ints="cluster task sequence late last head used_window evaluated balance picked plan_head",
    floats="event done length free_at used utilization",
)
RUNNING_CLUSTER = _record(ints="point wish busy evaluated", floats="power leak")
INSTANCE = _record(
    ints="task job missing pe start finish_tick stamp next order plan_pe plan_start plan_next",
    floats="finish noise draw",
)
JOB = _record(ints="application first due arrival gap", floats="completed")


class Run(NamedTuple):
    """One simulation.

    Attributes:
        clock: CLOCK (1,). ``acted`` is 1 from the manager's act to the end of the tick;
            ``arrived`` and ``completions`` sum the times of arrivals and completions.
        pes: PE (pes,). ``event`` is when the step of ``task`` ends, inf without one.
        clusters: RUNNING_CLUSTER (clusters,).
        heat: float64 (5,), temperatures of the nodes.
        tasks: INSTANCE (instances,). ``noise`` is added to 1 as a factor of the time.
        jobs: JOB (jobs,). ``arrival`` is -1 until it is known; ``gap`` is what the generator
            waits before this job, -1 in lists.
        ready: int64 (instances,).
        choice: int64 (instances,), PE of each ready task.
        starting: int64 (pes,), instances that begin in this tick.
        wait: float64 (ready, pes), work space of schedulers.
        order, place, held: int64 (instances,), work space of ETF.
    """

    clock: Records
    pes: Records
    clusters: Records
    heat: Floats
    tasks: Records
    jobs: Records
    ready: Ints
    choice: Ints
    starting: Ints
    wait: Floats
    order: Ints
    place: Ints
    held: Ints


class Policy(NamedTuple):
    """A learned policy on one case, and work space; see `schedulers.policy`.

    Attributes:
        scale: Times are divided by it, us.
        prior: Weight of an early finish in the score, beside the network's.
        tasks: float64 (tasks, units), what the first layer gets from the task's embedding.
        pes: float64 (pes, 2), shares of tasks that the PE is the fastest for and can run.
        first, first_bias: float64 (units, features), (units,).
        second, second_bias: float64 (units of the second layer, units), (its units,).
        last: float64 (its units,).
        seen, hidden, least, backlog, rivals: Work space, float64.
        queue: Work space, int64 (pes,).
    """

    scale: float
    prior: float
    tasks: Floats
    pes: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    last: Floats
    seen: Floats
    hidden: Floats
    least: Floats
    backlog: Floats
    rivals: Floats
    queue: Ints


class Trace(NamedTuple):
    """What a policy saw and did, for learning; nothing is put down where ``chosen`` is empty.

    Attributes:
        seen: float32 (pairs, features), of all scored pairs.
        task: int64 (pairs,), their rows of `Case.tasks`.
        noise: float64 (pairs,), added to their scores: exploration.
        pairs, chosen, tick: int64 (decisions,), how many pairs, which of them, when.
        load: float64 (decisions, 4), jobs in flight, all backlogs, the highest,
            the logarithm of ready tasks.
        size: int64 (2,), decisions and pairs so far.
    """

    seen: NDArray[np.float32]
    task: Ints
    noise: Floats
    pairs: Ints
    chosen: Ints
    tick: Ints
    load: Floats
    size: Ints


class Rules(NamedTuple):
    """Who decides.

    Attributes:
        scheduler: One of the numbers below.
        numbers: int64 (tasks,), a rank per task: of priority lists and of tables.
        weights: float64 (any,), of scores.
        policy: For POLICY.
        trace: What the policy puts down.
    """

    scheduler: int
    numbers: Ints
    weights: Floats
    policy: Policy
    trace: Trace


(
    MET,
    EFT,
    STF,
    ETF,
    ETF_LB,
    REPLAY,
    HEFT,
    HEFT_RT,
    RANDOM,
    ROUND_ROBIN,
    TABLE,
    PRIORITY,
    WEIGHTS,
    POLICY,
) = range(14)
