"""A slow solver, written apart from the compiled one: full matrices with branch currents.

Every voltage source has a row of its own; the benches are wired as SPICE decks wire them, with a
huge inductor and a huge capacitor; derivatives of currents are central differences; noise is the
sum over sources of the gain from each, not an adjoint solution.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import root

from archgym.cost_models.analog.cards import read_cards
from archgym.cost_models.analog.circuit import Circuit

GMIN, SUPPLY, KELVIN, BOLTZMANN = 1e-13, 1.8, 300.15, 1.38064852e-23
HUGE_H, HUGE_F = 1e12, 1e9


def device_current(card, width, length, vd, vg, vs, vb):
    """Drain current of a transistor by SPICE's level 1."""
    t = card.polarity
    vd, vg, vs, vb = (t * x for x in (vd, vg, vs, vb))
    if vd < vs:
        return -device_current(card, width, length, *(t * x for x in (vs, vg, vd, vb)))
    p = card.values
    vbs, root_phi = vb - vs, np.sqrt(p["phi"])
    body = np.sqrt(p["phi"] - vbs) if vbs <= 0 else max(0.0, root_phi - vbs / 2 / root_phi)
    over = vg - vs - t * p["vto"] - p["gamma"] * (body - root_phi)
    if over <= 0:
        return 0.0
    vds = vd - vs
    low = min(vds, over)
    return t * p["kp"] * width / length * (1 + p["lambda"] * vds) * low * (over - low / 2)


class SlowSolver:
    """One design of one circuit.

    Args:
        circuit: The circuit.
        sizes: Parameter -> value.
    """

    def __init__(self, circuit: Circuit, sizes):
        by_hole = {size.hole: size.unit * sizes[size.name] for size in circuit.sizes}
        self.value = lambda v: by_hole[v] if isinstance(v, str) else v
        self.circuit, self.netlist = circuit, circuit.netlist
        self.mos = [self._sized(m) for m in self.netlist.of_kind("m")]
        self.volts = dict.fromkeys(self.netlist.nodes, 0.0)

    def _sized(self, m):
        length = self.value(m.length)
        (card,) = [
            c
            for c in read_cards()
            if c.polarity == m.polarity and np.isclose(c.length_um * 1e-6, length)
        ]
        return m, card, m.width * self.value(m.fingers), length

    # -- the operating point ---------------------------------------------------------------------

    def kirchhoff(self, volts, load=0.0):
        """Current that leaves each node."""
        leaves = dict.fromkeys(volts, 0.0)
        for m, card, width, length in self.mos:
            d, g, s, b = m.nodes
            current = device_current(card, width, length, *(volts[n] for n in (d, g, s, b)))
            leaves[d] += current
            leaves[s] -= current
            for end in (d, s):
                leak = GMIN * (volts[end] - volts[b])
                leaves[end] += leak
                leaves[b] -= leak
        for r in self.netlist.of_kind("r"):
            a, b = r.nodes
            current = (volts[a] - volts[b]) / self.value(r.value)
            leaves[a] += current
            leaves[b] -= current
        for i in self.netlist.of_kind("i"):
            leaves[i.nodes[0]] += self.value(i.value)
            leaves[i.nodes[1]] -= self.value(i.value)
        leaves["out"] += load
        return leaves

    def solve(self, given, joined, start, load=0.0):
        """Find node voltages; ``joined`` maps a node to one that it is shorted to."""
        given = dict(given) | {"0": 0.0, "vdd": SUPPLY}
        for v in self.netlist.of_kind("v"):
            plus, minus = v.nodes
            if minus in given:
                given[plus] = given[minus] + self.value(v.value)
            else:
                given[minus] = given[plus] - self.value(v.value)
        free = [n for n in self.netlist.nodes if n not in given and n not in joined]

        def volts_of(x):
            volts = given | dict(zip(free, x, strict=True))
            return volts | {node: volts[other] for node, other in joined.items()}

        def residual(x):
            leaves = self.kirchhoff(volts_of(x), load)
            for node, other in joined.items():
                leaves[other] += leaves[node]
            return np.array([leaves[n] for n in free]) * 1e6

        found = root(residual, [start[n] for n in free], method="lm", tol=1e-15)
        self.volts, self.residual = volts_of(found.x), np.abs(residual(found.x)).max() * 1e-6
        return self.volts

    # -- small signals ---------------------------------------------------------------------------

    def capacitances(self, m, card, width, length):
        """Meyer's, with overlaps: gate to source, drain, bulk."""
        t, p = card.polarity, card.values
        vd, vg, vs, vb = (t * self.volts[n] for n in m.nodes)
        swapped = vd < vs
        low, high = min(vd, vs), max(vd, vs)
        vbs, root_phi = vb - low, np.sqrt(p["phi"])
        body = np.sqrt(p["phi"] - vbs) if vbs <= 0 else max(0.0, root_phi - vbs / 2 / root_phi)
        over = vg - low - t * p["vto"] - p["gamma"] * (body - root_phi)
        vds, cox = high - low, 3.9 * 8.854214871e-12 / p["tox"] * width * length
        to_source = to_drain = to_bulk = 0.0
        if over <= 0:
            to_bulk = cox * min(1.0, -over / p["phi"])
            to_source = max(0.0, 2 * cox / 3 * (2 * over / p["phi"] + 1))
        elif max(over, 0.025) <= vds:
            to_source = 2 * cox / 3
        else:
            sat = max(over, 0.025)
            to_drain = 2 * cox / 3 * (1 - (sat / (2 * sat - vds)) ** 2)
            to_source = 2 * cox / 3 * (1 - ((sat - vds) / (2 * sat - vds)) ** 2)
        if swapped:
            to_source, to_drain = to_drain, to_source
        return to_source + p["cgso"] * width, to_drain + p["cgdo"] * width, to_bulk

    def conductances(self, m, card, width, length):
        """Derivatives of the drain current by drain, gate, source, bulk voltage."""
        at = [self.volts[n] for n in m.nodes]
        slopes = []
        for k in range(4):
            h = 1e-6
            up, down = list(at), list(at)
            up[k] += h
            down[k] -= h
            rise = device_current(card, width, length, *up)
            slopes.append((rise - device_current(card, width, length, *down)) / (2 * h))
        return slopes

    def matrix(self, hertz, sources=(), inductors=(), capacitors=()):
        """Full matrix of nodes and branches; ``sources`` are further voltage sources."""
        nodes = [n for n in self.netlist.nodes if n != "0"]
        branches = [v.nodes for v in self.netlist.of_kind("v")] + [*sources]
        size = len(nodes) + len(branches)
        at = {n: k for k, n in enumerate(nodes)}
        for pair in (*sources, *inductors, *capacitors):
            for n in pair:
                if n != "0" and n not in at:
                    at[n] = None
        extra = [n for n, k in at.items() if k is None]
        at |= {n: len(nodes) + k for k, n in enumerate(extra)}
        size += len(extra)
        first_branch = len(nodes) + len(extra)
        y = np.zeros((size, size), dtype=complex)
        s = 2j * np.pi * hertz

        def add(r, c, value):
            if r != "0" and c != "0":
                y[at[r], at[c]] += value

        def admittance(a, b, value):
            for r, c, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
                add(r, c, sign * value)

        for sized in self.mos:
            m = sized[0]
            for n, slope in zip(m.nodes, self.conductances(*sized), strict=True):
                add(m.nodes[0], n, slope)
                add(m.nodes[2], n, -slope)
            for end, farads in zip((2, 0, 3), self.capacitances(*sized), strict=True):
                admittance(m.nodes[1], m.nodes[end], s * farads)
            admittance(m.nodes[0], m.nodes[3], GMIN)
            admittance(m.nodes[2], m.nodes[3], GMIN)
        for r in self.netlist.of_kind("r"):
            admittance(*r.nodes, 1 / self.value(r.value))
        for c in self.netlist.of_kind("c"):
            admittance(*c.nodes, s * self.value(c.value))
        for pair in inductors:
            admittance(*pair, 1 / (s * HUGE_H))
        for pair in capacitors:
            admittance(*pair, s * HUGE_F)
        for k, (plus, minus) in enumerate(branches):
            for n, sign in ((plus, 1), (minus, -1)):
                if n != "0":
                    y[at[n], first_branch + k] += sign
                    y[first_branch + k, at[n]] += sign
        return y, at, first_branch + len(self.netlist.of_kind("v"))

    def noise(self, hertz, y, at):
        """Squared noise voltage density at the output, source by source."""
        sources = []
        for sized in self.mos:
            m, card, width, length = sized
            gm = abs(self.conductances(*sized)[1])
            current = device_current(card, width, length, *(self.volts[n] for n in m.nodes))
            cox = 3.9 * 8.854214871e-12 / card.values["tox"]
            flicker = card.values["kf"] * abs(current) / (hertz * width * length * cox**2)
            sources.append((m.nodes[0], m.nodes[2], 8 / 3 * BOLTZMANN * KELVIN * gm + flicker))
        sources += [
            (*r.nodes, 4 * BOLTZMANN * KELVIN / self.value(r.value))
            for r in self.netlist.of_kind("r")
        ]
        total = 0.0
        for a, b, density in sources:
            right = np.zeros(len(y), dtype=complex)
            for n, sign in ((a, 1), (b, -1)):
                if n != "0":
                    right[at[n]] += sign
            total += density * abs(np.linalg.solve(y, right)[at["out"]]) ** 2
        return total
