"""Looked-up transistors written apart from the compiled ones: SciPy's splines, one bias a call.

Circuits are sums over elements in dictionaries of nodes; derivatives are central differences.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from scipy.interpolate import NdBSpline, make_interp_spline

from archgym.cost_models.analog import lookup
from archgym.cost_models.analog.circuit import Circuit
from archgym.cost_models.analog.lookup.grid import settings
from archgym.cost_models.analog.lookup.tables import SHIPPED_FILE

GMIN, KELVIN, BOLTZMANN = 1e-13, 300.15, 1.38064852e-23


def spline(axes, samples):
    """Return the tensor product of not-a-knot cubic splines."""
    knots = []
    for axis, places in enumerate(axes):
        along = make_interp_spline(places, np.moveaxis(samples, axis, 0), k=3)
        samples = np.moveaxis(along.c, 0, axis)
        knots.append(along.t)
    return NdBSpline(tuple(knots), np.ascontiguousarray(samples), 3)


@cache
def shipped():
    with resources.files(lookup).joinpath(SHIPPED_FILE).open("rb") as file:
        return dict(np.load(file))


class SlowTransistor:
    """One finger of a polarity and length."""

    def __init__(self, polarity, length_um):
        file, given = shipped(), settings()
        (table,) = np.flatnonzero(
            (file["polarities"] == polarity) & (file["lengths_um"] == length_um)
        )
        self.polarity, self.body = polarity, float(file["bodies"][table])
        self.exponent = float(file["exponents"][table])
        self.surface, self.scale = given["surface_v"], given["drain_scale_v"]
        self.logs = self._splines(file["currents"][table])
        self.caps = self._splines(file["charges"][table].astype(float))
        self.noises = self._splines(file["noise"][table])

    def _splines(self, block):
        high, low = settings()["high_v"], settings()["low_gate_v"]
        a, b, c, count = block.shape
        axes = (
            np.linspace(low, high, a),
            np.linspace(0, np.log1p(high / self.scale), b),
            np.linspace(np.sqrt(self.surface), np.sqrt(self.surface + high), c),
        )
        return [spline(axes, block[..., q].astype(float)) for q in range(count)]

    def bias(self, vd, vg, vs, vb):
        """Return the place in the tables, the drain's voltage and whether the ends swap."""
        d, g, s, b = (self.polarity * x for x in (vd, vg, vs, vb))
        low, swapped = min(d, s), d < s
        bulk = np.sqrt(self.surface - (b - low))
        gate = g - low - self.body * (bulk - np.sqrt(self.surface))
        return (gate, np.log1p(abs(d - s) / self.scale), bulk), abs(d - s), swapped

    def currents(self, *volts):
        """Return currents into drain, gate, source and bulk."""
        place, vds, swapped = self.bias(*volts)
        logs = [float(f(place)) for f in self.logs]
        source = vds * np.exp(logs[0])
        drain = source * np.exp(logs[1])
        ends = (-source, 0.0, drain) if swapped else (drain, 0.0, -source)
        return np.array([*ends, source - drain]) * self.polarity

    def farads(self, *volts):
        """Return derivatives of the charges of drain, gate, source and bulk by their voltages."""
        place, _, swapped = self.bias(*volts)
        nine = np.array([float(f(place)) for f in self.caps]).reshape(3, 3) * 1e-15
        full = np.zeros((4, 4))
        order = (1, 2, 0, 3) if swapped else (1, 0, 2, 3)  # gate, high end, low end, bulk
        full[np.ix_(order[:3], (order[0], order[1], order[3]))] = nine
        full[:, order[2]] = -full.sum(axis=1)
        full[order[3]] = -full.sum(axis=0)
        return full

    def noise(self, hertz, *volts):
        """Return the density of the noise of the channel's current (A^2/Hz)."""
        place, vds, _ = self.bias(*volts)
        white, pink = (float(np.exp(2 * f(place))) for f in self.noises)
        drain = vds * np.exp(sum(float(f(place)) for f in self.logs))
        return white + pink * drain**2 / hertz**self.exponent


@cache
def transistor(polarity, length_um):
    return SlowTransistor(polarity, length_um)


class SlowCircuit:
    """One design of a circuit at given node voltages."""

    def __init__(self, circuit: Circuit, sizes):
        by_hole = {size.hole: size.unit * sizes[size.name] for size in circuit.sizes}
        self.value = lambda v: by_hole[v] if isinstance(v, str) else v
        self.netlist = circuit.netlist

    def kinds(self):
        """Yield (nodes, finger, number of fingers)."""
        for m in self.netlist.of_kind("m"):
            length = round(self.value(m.length) * 1e6, 6)
            fingers = m.width / 5e-6 * self.value(m.fingers)
            yield m.nodes, transistor(m.polarity, length), fingers

    def leaving(self, volts):
        """Return the current that leaves each node."""
        leaves = dict.fromkeys(volts, 0.0)
        for nodes, finger, m in self.kinds():
            for node, current in zip(
                nodes, finger.currents(*(volts[n] for n in nodes)), strict=True
            ):
                leaves[node] += m * current
            for end in (nodes[0], nodes[2]):
                leaves[end] += m * GMIN * (volts[end] - volts[nodes[3]])
                leaves[nodes[3]] -= m * GMIN * (volts[end] - volts[nodes[3]])
        for r in self.netlist.of_kind("r"):
            current = (volts[r.nodes[0]] - volts[r.nodes[1]]) / self.value(r.value)
            leaves[r.nodes[0]] += current
            leaves[r.nodes[1]] -= current
        for i in self.netlist.of_kind("i"):
            leaves[i.nodes[0]] += self.value(i.value)
            leaves[i.nodes[1]] -= self.value(i.value)
        return leaves

    def matrices(self, volts, step=1e-5):
        """Return conductances and capacitances between all nodes."""
        names = list(volts)
        siemens, farads = np.zeros((len(names),) * 2), np.zeros((len(names),) * 2)
        for column, name in enumerate(names):
            ends = [self.leaving(volts | {name: volts[name] + h}) for h in (step, -step)]
            for row, other in enumerate(names):
                siemens[row, column] = (ends[0][other] - ends[1][other]) / (2 * step)
        at = {name: k for k, name in enumerate(names)}
        for nodes, finger, m in self.kinds():
            places = [at[n] for n in nodes]
            np.add.at(
                farads, np.ix_(places, places), m * finger.farads(*(volts[n] for n in nodes))
            )
        for c in self.netlist.of_kind("c"):
            a, b = (at[n] for n in c.nodes)
            for r, s, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
                farads[r, s] += sign * self.value(c.value)
        return names, siemens, farads

    def sources(self, volts, hertz):
        """Yield (node, node, density) of each source of noise."""
        for nodes, finger, m in self.kinds():
            density = m * finger.noise(hertz, *(volts[n] for n in nodes))
            yield nodes[0], nodes[2], density
        for r in self.netlist.of_kind("r"):
            yield *r.nodes, 4 * BOLTZMANN * KELVIN / self.value(r.value)
