"""Speed of the scheduler simulator: tasks and decisions per second of one core.

    python -m benchmarks.soc_schedule

The naive way beside it is the plain-Python simulator of the tests, which visits every tick.
"""

from __future__ import annotations

import time

import gymnasium
import numpy as np

from archgym.cost_models.soc.schedule.application import _shipped
from archgym.cost_models.soc.schedule.columns import SCHEDULERS
from archgym.cost_models.soc.schedule.engine import state
from archgym.cost_models.soc.schedule.engine.decide import advance_under
from archgym.cost_models.soc.schedule.platform import _package_data
from archgym.cost_models.soc.schedule.running import Options, highest_points, new_run, rules
from archgym.cost_models.soc.schedule.workload import ScheduleWorkload, load_workload
from benchmarks.timing import median_seconds
from tests.cost_models.soc.schedule.reference import Simulation

LOADS = ("mix6_500us:jobs=100", "mix6_100us:jobs=100", "mix6_50us:jobs=1000", "top_50us:jobs=1000")
NAIVE_JOBS, STEPS, ENVS = 10, 2000, 64


def rate(workload: ScheduleWorkload, scheduler: str, power: bool) -> float:
    """Return tasks per second of the engine alone."""
    options = Options(state.PERFORMANCE, highest_points(workload), power=power)
    seconds = []
    for _ in range(9):
        run = new_run(workload, options)
        started = time.process_time()
        advance_under(workload.case, run, rules(SCHEDULERS[scheduler]), state.NEVER)
        seconds.append(time.process_time() - started)
    return len(workload.instances[0]) / float(np.median(seconds))


def naive_rate() -> float:
    """Return tasks per second of the plain-Python simulator, with energy."""
    workload = load_workload(f"mix6_500us:jobs={NAIVE_JOBS}")
    names = [application.name for application in workload.applications]
    arrivals = workload.arrivals
    jobs = [
        (names[kind], arrival, arrival)
        for kind, arrival in zip(arrivals.application, arrivals.arrival.tolist(), strict=True)
    ]
    data, graphs = _package_data(), {name: _shipped()[name] for name in names}
    platform = data["platforms"]["multiple_bal"]
    started = time.process_time()
    Simulation(platform, data["constants"], graphs, jobs, "ETF")
    return len(workload.instances[0]) / (time.process_time() - started)


def step_microseconds() -> float:
    """Return the time of one step of the Gymnasium environment."""
    env = gymnasium.make("archgym/soc.schedule-v0", workload="mix6_500us:jobs=1000").unwrapped
    env.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, env.action_space.n, STEPS).tolist()

    def steps() -> None:
        for action in actions:
            env.step(action)

    return median_seconds(steps, time.process_time, 3) / STEPS * 1e6


def decisions_per_second(threads: int) -> tuple[float, float]:
    """Return the decisions of the vector environment per second, by the wall and of CPU."""
    options = {"workload": "mix6_500us:jobs=1000", "threads": threads, "energy": False}
    env = gymnasium.make_vec("archgym/soc.schedule-v0", num_envs=ENVS, **options)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    actions = rng.integers(0, env.single_action_space.n, (100, ENVS))

    def steps() -> None:
        for row in actions:
            env.step(row)

    clocks = (time.perf_counter, time.process_time)
    wall, cpu = (100 * ENVS / median_seconds(steps, clock, 5) for clock in clocks)
    env.close()
    return wall, cpu


def main() -> None:
    """Print the tables."""
    print("tasks per second, one core          without energy   with energy")
    for text in LOADS:
        workload = load_workload(text)
        for scheduler in ("MET", "EFT", "ETF", "HEFT_RT", "HEFT"):
            bare, full = (rate(workload, scheduler, power) for power in (False, True))
            print(f"{text:22} {scheduler:8} {bare:16,.0f} {full:13,.0f}")
    print(f"{'plain Python':22} {'ETF':8} {'':16} {naive_rate():13,.0f}")
    print(f"one step of the environment: {step_microseconds():.1f} us")
    for threads in (1, 2):
        wall, cpu = decisions_per_second(threads)
        print(f"{ENVS} environments, {threads} threads: {wall:,.0f}/s, {cpu:,.0f} per CPU-second")


if __name__ == "__main__":
    main()
