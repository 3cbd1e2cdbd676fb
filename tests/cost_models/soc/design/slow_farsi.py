"""The rules of soc.design followed literally, with dictionaries and names, one design at a time.

Written apart from the kernel and without any of its code: it reads the workload file itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

Design = Mapping[str, str]
Block = tuple[str, int]  # ("pe", 0), ("bus", 2), ("mem", 1)
Link = tuple[Block, Block]


class SlowFarsi:
    """One design on one workload.

    Args:
        hardware: The ``hardware`` section of the workload file.
        workload: One entry of its ``workloads``.
        memory_table: (kind, size in bytes) -> (read J/byte, write J/byte, area m2).
        design: The seven columns, and ``bus_links`` or nothing.
    """

    def __init__(
        self,
        hardware: Mapping[str, Any],
        workload: Mapping[str, Any],
        memory_table: Mapping[tuple[str, int], tuple[float, float, float]],
        design: Design,
    ):
        self.hardware, self.workload, self.table = hardware, workload, memory_table
        self.tasks = [task["name"] for task in workload["tasks"]]
        self.facts = {task["name"]: task for task in workload["tasks"]}
        self.edges = [tuple(edge) for edge in workload["edges_bytes"]]
        self.work = {name: 2.0 * self.facts[name]["cpu_cycles"] for name in self.tasks}
        self.pes = design["pes"].split(";")
        self.mems = [word.split(":") for word in design["mems"].split(";")]
        self.buses = [word.split(":") for word in design["buses"].split(";")]
        self.pe_bus, self.mem_bus = _numbers(design["pe_bus"]), _numbers(design["mem_bus"])
        self.pe = dict(zip(self.tasks, _numbers(design["task_pe"]), strict=True))
        self.mem = dict(zip(self.tasks, _numbers(design["task_mem"]), strict=True))
        links = design.get("bus_links", "")
        pairs = [tuple(_numbers(pair.replace("-", ";"))) for pair in links.split(";") if pair]
        if not links:
            pairs = [(at, at + 1) for at in range(len(self.buses) - 1)]
        self.next_to: dict[int, set[int]] = {at: set() for at in range(len(self.buses))}
        for one, other in pairs:
            self.next_to[one].add(other)
            self.next_to[other].add(one)

    def children(self, task: str) -> list[str]:
        return [child for parent, child, _ in self.edges if parent == task]

    def parents(self, task: str) -> list[str]:
        return [parent for parent, child, _ in self.edges if child == task]

    # -- topology ----------------------------------------------------------------------------

    def depth_first(self) -> list[int]:
        seen: list[int] = []

        def visit(bus: int) -> None:
            seen.append(bus)
            for other in sorted(self.next_to[bus]):
                if other not in seen:
                    visit(other)

        visit(self.pe_bus[0])
        return seen

    def clean_up(self) -> None:
        for bus in self.depth_first():
            beside = sorted(self.next_to[bus])
            if bus not in self.mem_bus and len(beside) == 1:
                self.pe_bus = [beside[0] if at == bus else at for at in self.pe_bus]
            elif bus not in self.pe_bus and len(beside) == 1:
                self.mem_bus = [beside[0] if at == bus else at for at in self.mem_bus]
            elif bus in self.mem_bus or bus in self.pe_bus or not beside:
                continue
            for other in beside:
                self.next_to[other].remove(bus)
            for one, other in itertools.pairwise(beside):
                self.next_to[one].add(other)
                self.next_to[other].add(one)
            del self.next_to[bus]

    def bus_path(self, start: int, end: int, seen: tuple[int, ...] = ()) -> list[int] | None:
        if start == end:
            return [end]
        for other in self.next_to[start]:
            if other not in seen:
                rest = self.bus_path(other, end, (*seen, start))
                if rest is not None:
                    return [start, *rest]
        return None

    def path(self, pe: int, mem: int) -> list[Block]:
        buses = self.bus_path(self.pe_bus[pe], self.mem_bus[mem])
        assert buses is not None
        return [("pe", pe), *(("bus", bus) for bus in buses), ("mem", mem)]

    def launch_order(self) -> list[str]:
        shown: dict[int, list[str]] = {bus: [] for bus in self.next_to}
        visited: set[str] = set()

        def register(task: str, owner: str) -> None:
            for kind, at in self.path(self.pe[task], self.mem[owner]):
                if kind == "bus" and task not in shown[at]:
                    shown[at].append(task)

        def visit(task: str) -> None:
            visited.add(task)
            for _ in self.children(task):
                register(task, task)
            for child in self.children(task):
                register(child, task)
                if child not in visited:
                    visit(child)

        for task in self.tasks:
            if not self.parents(task):
                visit(task)
        order = [task for task in self.tasks if self.pe[task] == 0]
        for bus in self.depth_first():
            order += [task for task in shown[bus] if task not in order]
        return order

    # -- flows -------------------------------------------------------------------------------

    def burst(self, task: str) -> int:
        reads = [v for _, child, v in self.edges if child == task]
        writes = [v for parent, _, v in self.edges if parent == task]
        if not reads or not writes:
            return 1
        k = max(math.floor(min(reads) / self.hardware["burst_bytes"]), 1)
        if math.floor(min(writes) / k) == 0 or math.floor(self.work[task] / k) == 0:
            return 1
        return k

    def make_flows(self) -> None:
        """Write flows as task -> (direction, peer, links, bytes, units)."""
        self.flows: dict[str, list[tuple[str, str, list[Link], int, int]]] = {}
        for task in self.tasks:
            k = self.burst(task)
            own = []
            for parent, child, volume in self.edges:
                if child == task:
                    blocks = self.path(self.pe[task], self.mem[parent])
                    own.append(("read", parent, _links(blocks), volume, int(volume / k)))
                if parent == task:
                    blocks = self.path(self.pe[task], self.mem[task])
                    own.append(("write", child, _links(blocks), volume, int(volume / k)))
            self.flows[task] = own
        every = [(way, links) for own in self.flows.values() for way, _, links, _, _ in own]
        self.channels: list[tuple[str, Block, Link | None, list[Link]]] = []
        for way in ("read", "write"):
            outgoing = {(a, b) for w, links in every for a, b in links if w == way}
            for out in sorted(outgoing):
                if out[0][0] == "bus":
                    inputs = {
                        a
                        for w, links in every
                        if w == way and out in links
                        for a in links
                        if a[1] == out[0]
                    }
                    self.channels.append((way, out[0], out, sorted(inputs)))
                if out[1][0] == "mem":
                    self.channels.append((way, out[1], None, [out]))

    def units(self, task: str, way: str, link: Link) -> int:
        return sum(u for w, _, links, _, u in self.flows[task] if w == way and link in links)

    def uses(self, task: str, way: str, link: Link) -> bool:
        return any(w == way and link in links for w, _, links, _, _ in self.flows[task])

    def bytes_through(self, task: str, way: str, block: Block) -> int:
        return sum(
            volume
            for w, _, links, volume, _ in self.flows[task]
            if w == way and any(block in link for link in links)
        )

    def peak(self, block: Block) -> float:
        word = {"bus": self.buses, "mem": self.mems}[block[0]][block[1]]
        return float(word[1]) * float(word[2]) * 1e8

    def pe_rate(self, task: str) -> float:
        word = self.pes[self.pe[task]].split(":")
        if word[0] == "A53":
            return 2e9
        cycles = self.facts[task]["acc_cycles"]
        return float(word[3]) * float(word[2]) * 1e8 * self.work[task] / float(cycles)

    def rate(self, task: str, running: Sequence[str]) -> float:
        rates = [self.pe_rate(task)]
        for way, block, out, inputs in self.channels:
            ports = [out] if out is not None else inputs
            if not any(self.uses(task, way, port) for port in ports):
                continue
            active = [
                link
                for link in inputs
                if any(
                    self.uses(r, way, link) and (out is None or self.uses(r, way, out))
                    for r in running
                )
            ]
            share = 0.0
            for link in active:
                total = sum(self.units(r, way, link) for r in running)
                share += 1.0 / len(active) * self.units(task, way, link) / total
            if share > 0:
                rho = self.bytes_through(task, way, block) / self.work[task]
                rates.append(self.peak(block) * share / rho)
        return min(rates)

    # -- simulation --------------------------------------------------------------------------

    def run(self) -> dict[str, float]:
        order = self.launch_order()
        self.clean_up()
        self.make_flows()
        done = dict.fromkeys(self.tasks, 0.0)
        launched: set[str] = set()
        finish: dict[str, float] = {}
        running: list[str] = []
        waiting: list[str] = []
        rates: dict[str, float] = {}
        used, self.most = [0] * len(self.mems), [0] * len(self.mems)
        joined: set[str] = set()
        phases: list[tuple[float, list[tuple[str, float]]]] = []
        clock = before = 0.0
        while True:
            dt = clock - before
            before = clock
            steps = [(task, rates[task] * dt) for task in running if self.work[task]]
            for task, step in steps:
                done[task] += step
            phases.append((dt, steps))
            over = [
                t
                for t in running
                if not self.work[t] or done[t] / self.work[t] >= self.hardware["done_fraction"]
            ]
            for task in over:
                running.remove(task)
                finish[task] = clock
                joined.add(task)
                for parent in self.parents(task):
                    if set(self.children(parent)) <= joined:
                        if parent != "source":
                            used[self.mem[parent]] -= self.outgoing(parent)
                        joined -= set(self.children(parent))
            for task in order:
                if task not in launched and all(p in finish for p in self.parents(task)):
                    launched.add(task)
                    running.append(task)
                    used[self.mem[task]] += self.outgoing(task)
                    self.most = [max(a, b) for a, b in zip(self.most, used, strict=True)]
            candidates, running, waiting, taken = running + waiting, [], [], set()
            for task in candidates:
                (waiting if self.pe[task] in taken else running).append(task)
                taken.add(self.pe[task])
            if not running:
                break
            rates = {t: self.rate(t, running) if self.work[t] else math.inf for t in running}
            clock += min((self.work[t] - done[t]) / rates[t] for t in running)
        self.finish = finish
        return self.metrics(phases, finish[self.workload["last_task"]])

    def outgoing(self, task: str) -> int:
        return sum(v for parent, _, v in self.edges if parent == task)

    # -- metrics -----------------------------------------------------------------------------

    def memory(self, at: int) -> tuple[float, float, float]:
        facts = self.hardware["memory"]
        granule = facts["granule_bytes"]
        size = granule * math.ceil(max(math.ceil(self.most[at]), facts["min_bytes"]) / granule)
        return self.table[self.mems[at][0], size]

    def energy(self, steps: list[tuple[str, float]]) -> float:
        total = 0.0
        for task, instructions in steps:
            word = self.pes[self.pe[task]].split(":")
            joule = 1.0 / self.hardware["cpu"]["inst_per_joule"]
            if word[0] == "ip":
                whole = self.facts[task]["acc_energy_fj"] * 1e-15 * float(word[2])
                joule = whole * self.hardware["accelerator"]["energy_scale"] / self.work[task]
            total += instructions * joule
            for parent, child, volume in self.edges:
                moved = instructions * volume / self.work[task]
                if child == task:
                    total += moved * self.memory(self.mem[parent])[0]
                if parent == task:
                    total += moved * self.memory(self.mem[task])[1]
        return total

    def power(self, phases: list[tuple[float, list[tuple[str, float]]]]) -> float:
        window = self.hardware["power_window_s"]
        left, low, j, bounds = window, 0, 0, []
        for dt, _ in phases:
            if dt == 0:
                continue
            if dt > left:
                bounds.append((low, j + 1))
                left, low = window, j + 1
            else:
                left -= dt
            j += 1
        if not bounds:
            bounds = [(0, len(phases))]
        elif low < len(phases):
            bounds.append((low, len(phases)))
        powers = []
        for first, end in bounds:
            time = sum(dt for dt, _ in phases[first:end])
            joule = sum(self.energy(steps) for _, steps in phases[first:end])
            powers.append(joule / time if time else 0.0)
        return max(powers)

    def pe_area(self, at: int) -> float:
        tasks = [t for t in self.tasks if self.pe[t] == at and t not in ("source", "sink")]
        if not tasks:
            return 0.0
        word = self.pes[at].split(":")
        if word[0] == "A53":
            return float(self.hardware["cpu"]["area_m2"])
        scale = self.hardware["accelerator"]["area_scale"]
        return max(self.facts[t]["acc_area_um2"] * 1e-12 * float(word[2]) * scale for t in tasks)

    def metrics(
        self, phases: list[tuple[float, list[tuple[str, float]]]], latency: float
    ) -> dict[str, float]:
        busy = {self.mem[parent] for parent, _, _ in self.edges}
        dram = sum(self.memory(at)[2] for at in busy if self.mems[at][0] == "dram")
        other = sum(self.memory(at)[2] for at in busy if self.mems[at][0] == "sram")
        other += sum(self.pe_area(at) for at in range(len(self.pes)))
        power, budgets = self.power(phases), self.workload["budgets"]
        pairs = [
            (latency, budgets["latency_s"]),
            (power, budgets["power_w"]),
            (other, budgets["area_m2"]),
            (dram, budgets["area_m2"]),
        ]
        slack, met = self.hardware["budget_slack"], self.hardware["met_distance"]
        distance = sum(met if (v - b) / b < slack else abs(v - b) / b for v, b in pairs)
        return {
            "latency_s": latency,
            "power_w": power,
            "area_m2": other + dram,
            "distance_to_budget": distance,
        }


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(";")]


def _links(blocks: list[Block]) -> list[Link]:
    return list(itertools.pairwise(blocks))
