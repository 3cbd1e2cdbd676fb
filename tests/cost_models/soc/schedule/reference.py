"""The scheduler simulation tick by tick, written plainly from the description of DS3.

It shares no code with the engine: every tick is visited, events lie in one list, tasks are
dictionaries, waiting tasks one sorted list.
"""

from __future__ import annotations

import math
from typing import Any

from tests.cost_models.soc.schedule.reference_chip import Chip

Task = dict[str, Any]
INFINITE = math.inf


class Simulation:
    """One run.

    Args:
        platform: Fields of a platform as users write them.
        constants: Those of all platforms.
        applications: Name -> fields.
        jobs: (application, arrival, due) in order.
        scheduler: MET, STF, EFT, ETF, ETF_LB or replay.
        governor: performance, powersave, ondemand, constant-MHZ.
        plan: For replay, (job, task) -> (PE, start).
    """

    def __init__(
        self,
        platform: dict[str, Any],
        constants: dict[str, Any],
        applications: dict[str, Any],
        jobs: list[tuple[str, int, int]],
        scheduler: str,
        governor: str = "performance",
        plan: dict[tuple[int, int], tuple[int, int]] | None = None,
    ):
        self.platform, self.applications, self.arriving = platform, applications, jobs
        self.scheduler, self.plan = scheduler, plan or {}
        self.chip = Chip(platform, constants, governor)
        self.pes = range(len(self.chip.of_pe))
        self.free_at = [0.0] * len(self.pes)
        self.led = [0] * len(self.pes)
        self.events: list[dict[str, Any]] = []
        self.made, self.acted, self.over_at = 0, False, None
        self.ready: list[Task] = []
        self.waiting: list[Task] = []
        self.jobs: list[dict[int, Task]] = []
        self.latency: dict[int, float] = {}
        self._event("arrival", -1, jobs[0][2], 0)
        self.run()

    # -- platform and applications ---------------------------------------------------------------

    def time(self, task: Task, pe: int) -> float:
        cluster = self.platform["clusters"][self.chip.of_pe[pe]]
        return cluster["exec_us"].get(task["name"], INFINITE)

    def delay(self, volume: float, source: int, target: int) -> int:
        bandwidth = self.platform["bandwidth"]
        if source == target:
            return math.floor(volume / bandwidth["same_pe"])
        a, b = (self.platform["clusters"][self.chip.of_pe[p]]["name"] for p in (source, target))
        pairs = bandwidth["pairs"]
        rate = pairs.get(f"{a}-{b}", pairs.get(f"{b}-{a}", bandwidth["default"]))
        return math.floor(volume / rate)

    def inputs(self, task: Task) -> list[tuple[Task, float]]:
        job = self.jobs[task["job"]]
        edges = self.applications[task["app"]]["edges"]
        return [(job[a], volume) for a, b, volume in edges if b == task["index"]]

    def data_there(self, task: Task, pe: int) -> int:
        return max(
            math.trunc(source["finish"]) + self.delay(volume, source["pe"], pe)
            for source, volume in self.inputs(task)
        )

    # -- the clock -------------------------------------------------------------------------------

    def run(self) -> None:
        tick = 0
        while self.over_at is None:
            self._tick(tick)
            tick += 1

    def _tick(self, t: int) -> None:
        self.acted = False
        while due := [
            e for e in self.events if e["time"] < t or (e["time"] == t and not e["late"])
        ]:
            self._handle(min(due, key=lambda e: (e["time"], e["late"], e["made"])))
            if self.over_at is not None:
                break
        if self.over_at is not None and self.over_at < t:
            return
        self.acted = True
        if t % 10 == 0:
            self.chip.sweep(t)
        if self.over_at is not None:
            return
        self._schedule(t)
        starting = self._reserve(t)
        self._handle_late(t)
        for task in starting:
            self._begin(task, t)
        self._handle_late(t)

    def _handle_late(self, t: int) -> None:
        while due := [e for e in self.events if e["late"] and e["time"] == t]:
            self._handle(min(due, key=lambda e: e["made"]))

    def _event(self, kind: str, created: float, time: float, what: Any) -> None:
        late = time == created or (time == created + 1 and self.acted)
        self.events.append(
            {"kind": kind, "time": time, "late": late, "made": self.made, "what": what}
        )
        self.made += 1

    def _handle(self, event: dict[str, Any]) -> None:
        self.events.remove(event)
        if event["kind"] == "arrival":
            self._arrive(event["what"], event["time"])
        else:
            self._end_step(event["what"], event["time"])

    def _arrive(self, number: int, now: int) -> None:
        name, arrival, _ = self.arriving[number]
        if now < arrival:
            self._event("arrival", now, now + 1, number)
            return
        names = self.applications[name]["tasks"]
        self.jobs.append(
            {
                i: {"job": number, "app": name, "index": i, "name": task, "finish": None}
                for i, task in enumerate(names)
            }
        )
        self.ready.append(self.jobs[number][0])
        if number + 1 < len(self.arriving):
            self._event("arrival", now, self.arriving[number + 1][2], number + 1)

    # -- tasks -----------------------------------------------------------------------------------

    def _reserve(self, t: int) -> list[Task]:
        taken: list[Task] = []
        for task in list(self.waiting):
            pe = task["pe"]
            free = self.chip.running[pe] is None and all(other["pe"] != pe for other in taken)
            if task["stamp"] <= t and free:
                self.waiting.remove(task)
                taken.append(task)
        return taken

    def _begin(self, task: Task, t: int) -> None:
        self.chip.running[task["pe"]] = task
        task["start"], task["worked"] = t, 0.0
        self._plan_step(task, t)

    def _plan_step(self, task: Task, t: int) -> None:
        mhz, _, top = self.chip.speed(self.chip.of_pe[task["pe"]])
        rem = self.time(task, task["pe"]) - task["worked"]
        s = top / mhz - 1
        p, w = rem + rem * s, 10 - t % 10
        task["last"] = p <= w
        if not task["last"]:
            task["worked"] += w / (s + 1)
        step = p if task["last"] else w
        self.chip.spend_step(task["pe"], step)
        self._event("step", t, t + step, task)

    def _end_step(self, task: Task, time: float) -> None:
        if not task["last"]:
            self.chip.evaluate(task["pe"], time)
            self._plan_step(task, int(time))
            return
        task["finish"] = time
        self.chip.running[task["pe"]] = None
        self.chip.done[task["pe"]].append((task["start"], math.trunc(time)))
        job = self.jobs[task["job"]]
        if task["index"] == len(job) - 1:
            self.latency[task["job"]] = time - self.arriving[task["job"]][1]
            if len(self.latency) == len(self.arriving):
                self.over_at = time
        edges = self.applications[task["app"]]["edges"]
        for target in sorted(b for a, b, _ in edges if a == task["index"]):
            if all(source["finish"] is not None for source, _ in self.inputs(job[target])):
                self.ready.append(job[target])
        self.chip.evaluate(task["pe"], time)

    # -- schedulers ------------------------------------------------------------------------------

    def _schedule(self, t: int) -> None:
        if not self.ready:
            return
        chosen = {
            "MET": self._met,
            "STF": self._stf,
            "EFT": self._eft,
            "ETF": self._etf,
            "ETF_LB": self._etf,
            "replay": self._replay,
        }[self.scheduler](self.ready, t)
        for task, pe in chosen:
            task["pe"] = pe
            task["stamp"] = t if task["index"] == 0 else self.data_there(task, pe)
            if self.scheduler == "replay":
                start = self.plan[task["job"], task["index"]][1]
                task["stamp"] = max(task["stamp"], start)
        self.waiting = sorted(self.waiting + [task for task, _ in chosen], key=lambda k: k["job"])
        self.ready = []

    def _replay(self, ready: list[Task], t: int) -> list[tuple[Task, int]]:
        return [(task, self.plan[task["job"], task["index"]][0]) for task in ready]

    def _met(self, ready: list[Task], t: int) -> list[tuple[Task, int]]:
        picked, chosen = [0] * len(self.pes), []
        for task in ready:
            least = min(self.time(task, pe) for pe in self.pes)
            candidates = [pe for pe in self.pes if self.time(task, pe) == least]
            busy = [pe for pe in candidates if self.chip.running[pe] is not None]
            if len(candidates) > 1 and 0 < len(busy) < len(candidates):
                position = candidates.index(busy[0])
                for _ in busy:
                    candidates.pop(position)
            pe = min(candidates, key=lambda pe: (picked[pe], pe))
            picked[pe] += 1
            chosen.append((task, pe))
        return chosen

    def _stf(self, ready: list[Task], t: int) -> list[tuple[Task, int]]:
        return [(task, min(self.pes, key=lambda pe: (self.time(task, pe), pe))) for task in ready]

    def _finish(self, task: Task, pe: int, t: int) -> float:
        time = self.time(task, pe)
        if time == INFINITE:
            return INFINITE
        if self.scheduler == "ETF_LB":
            mhz, _, top = self.chip.speed(self.chip.of_pe[pe])
            time *= 1 + (top / mhz - 1)
        data = self.data_there(task, pe) - t if task["index"] else 0
        return time + max(data, self.free_at[pe] - t, 0)

    def _eft(self, ready: list[Task], t: int) -> list[tuple[Task, int]]:
        chosen = []
        for task in ready:
            finish, pe = min((self._finish(task, pe, t), pe) for pe in self.pes)
            self.free_at[pe] = t + finish
            chosen.append((task, pe))
        return chosen

    def _etf(self, ready: list[Task], t: int) -> list[tuple[Task, int]]:
        original, order, chosen = list(ready), list(ready), {}
        for k in range(len(ready)):
            best: tuple[float, Any, int] = (INFINITE, None, -1)
            for task in original:
                if id(task) in chosen:
                    continue
                led = self.led if self.scheduler == "ETF_LB" else [0] * len(self.pes)
                finish, _, pe = min((self._finish(task, pe, t), led[pe], pe) for pe in self.pes)
                if finish < best[0]:
                    best = (finish, task, pe)
                    self.led[pe] += 1
            finish, task, pe = best
            chosen[id(task)] = pe
            self.free_at[pe] = t + finish
            i = next(at for at, other in enumerate(order) if other is task)
            order[i], order[k] = order[k], order[i]
        return [(task, chosen[id(task)]) for task in order]

    # -- results ---------------------------------------------------------------------------------

    def table(self) -> list[tuple[int, int, int, int, float]]:
        """Return (job, task, pe, start, finish) in order."""
        tasks = [task for job in self.jobs for task in job.values()]
        return [(k["job"], k["index"], k["pe"], k["start"], k["finish"]) for k in tasks]
