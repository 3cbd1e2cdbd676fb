"""Power, temperature and governors for `reference`, written from the description of DS3."""

from __future__ import annotations

import math
from typing import Any


class Chip:
    """Clusters of PEs as dictionaries, from the fields of a platform as users write it."""

    def __init__(self, platform: dict[str, Any], constants: dict[str, Any], governor: str):
        self.constants, self.clusters = constants, platform["clusters"]
        self.of_pe = [at for at, c in enumerate(self.clusters) for _ in range(c["count"])]
        self.governed = [c["kind"] in ("LTL", "BIG") for c in self.clusters]
        self.points = [self._first_point(at, governor) for at in range(len(self.clusters))]
        self.ondemand = governor == "ondemand"
        self.running: list[dict[str, Any] | None] = [None] * len(self.of_pe)
        self.done: list[list[tuple[int, int]]] = [[] for _ in self.of_pe]
        self.use = [0.0] * len(self.of_pe)
        self.seen = [-1] * len(self.of_pe)
        self.power = [0.0] * len(self.clusters)
        self.heat = [float(constants["ambient_c"])] * 5
        self.energy = 0.0

    def _first_point(self, at: int, governor: str) -> int:
        points = self.clusters[at]["opp_mhz_mv"]
        if not self.governed[at] or governor in ("performance", "ondemand"):
            return len(points) - 1
        if governor == "powersave":
            return 0
        return [mhz for mhz, _ in points].index(int(governor.split("-")[1]))

    def speed(self, cluster: int) -> tuple[float, float, float]:
        """Return frequency, volts, highest frequency."""
        points = self.clusters[cluster]["opp_mhz_mv"]
        mhz, millivolts = points[self.points[cluster]]
        return mhz, millivolts / 1000, points[-1][0]

    def leakage(self, cluster: int) -> float:
        k = self.constants["leakage"]
        volts, kelvin = self.speed(cluster)[1], 273 + max(self.heat)
        all_cores = volts * k["c1"] * kelvin**2 * math.exp(-k["c2"] / kelvin) + k["igate"] * volts
        return all_cores / 4 / (4 if self.clusters[cluster]["kind"] == "LTL" else 1)

    def busy(self, cluster: int) -> int:
        return sum(
            task is not None and self.of_pe[pe] == cluster for pe, task in enumerate(self.running)
        )

    def spend_step(self, pe: int, step: float) -> None:
        at = self.of_pe[pe]
        cluster, (mhz, volts, _) = self.clusters[at], self.speed(at)
        rows = cluster["power_profile_w"]
        base = min(f for f in rows if f >= mhz)
        volts_base = dict(map(tuple, cluster["opp_mhz_mv"]))[base] / 1000
        n, leak = self.busy(at), self.leakage(at)
        dynamic = (rows[base][min(n, cluster["count"]) - 1] - leak * len(rows[base])) / n
        dynamic *= mhz * volts**2 / (base * volts_base**2)
        self.energy += (dynamic + leak) * step * 1e-6
        self.power[at] = dynamic * n + leak * cluster["count"]

    def sweep(self, tick: int) -> None:
        base = self.constants["memory_power_w"] + self.constants["gpu_power_w"]
        for pe, at in enumerate(self.of_pe):
            if self.running[pe] is None:
                self.evaluate(pe, tick)
                leak = self.leakage(at)
                if self.busy(at) == 0:
                    self.power[at] = leak * self.clusters[at]["count"] + base
                self.energy += leak * 10e-6
            self.energy += base * 10e-6 / len(self.of_pe)

    def evaluate(self, pe: int, tick: float) -> None:
        if tick % 10 or tick == 0 or self.seen[pe] == tick:
            return
        first = not any(
            self.seen[other] == tick and self.of_pe[other] == self.of_pe[pe]
            for other in range(len(self.of_pe))
        )
        self.seen[pe] = int(tick)
        self.use[pe] = self._busy_time(pe, int(tick)) / 10
        if first:
            self._govern(self.of_pe[pe])
            everywhere = {c for c, seen in zip(self.of_pe, self.seen, strict=True) if seen == tick}
            if tick % 20 == 0 and len(everywhere) == len(self.clusters):
                self._warm()

    def _busy_time(self, pe: int, tick: int) -> float:
        begin, total = tick - 10, 0
        for start, finish in self.done[pe]:
            if start >= begin:
                total += finish - start
            elif finish >= begin:
                total += finish - begin
        task = self.running[pe]
        return total + (0 if task is None else tick - max(task["start"], begin))

    def _govern(self, cluster: int) -> None:
        if not self.ondemand or not self.governed[cluster]:
            return
        limits = self.constants["ondemand"]
        use = sum(u for u, at in zip(self.use, self.of_pe, strict=True) if at == cluster)
        if use > limits["high"]:
            self.points[cluster] = len(self.clusters[cluster]["opp_mhz_mv"]) - 1
        elif use < limits["low"]:
            self.points[cluster] = max(self.points[cluster] - 1, 0)

    def _warm(self) -> None:
        k, ambient = self.constants, self.constants["ambient_c"]
        kinds = [c["kind"] if c["kind"] in ("BIG", "LTL") else "other" for c in self.clusters]
        names = ["memory", "gpu", *kinds]
        powers = [k["memory_power_w"], k["gpu_power_w"], *self.power]
        self.heat = [
            sum(a * (x - ambient) for a, x in zip(k["thermal_a"][node], self.heat, strict=True))
            + sum(k["thermal_b"][n][node] * p for n, p in zip(names, powers, strict=True))
            + ambient
            for node in range(5)
        ]
