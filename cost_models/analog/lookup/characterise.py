"""Measures a foundry's transistors with ngspice, for one finger at each bias of a grid.

All nodes are held by voltage sources. Currents are swept; charges are the imaginary parts of
small-signal currents, of many copies of the transistor at once, as is noise. Values are those of
an NMOS whose source is the lower end; a PMOS is measured with all signs turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.analog import foundry
from archgym.cost_models.analog.corners import ZERO_CELSIUS_K
from archgym.cost_models.analog.lookup.grid import Grid, bulk_place, settings
from archgym.cost_models.analog.ngspice.batch import WRITE, Plot, run_batch

Floats = NDArray[np.float64]

# No conductance across junctions: the solver adds its own.
OPTIONS = ".options gmin=1e-20 reltol=1e-6 vntol=1e-9 abstol=1e-22"
ENDS = "gds"  # those whose currents are measured
HELD = "gdb"  # those whose voltages matter
_HERTZ, _DECADE = 1e6, 10.0
_COPIES = 250  # more take longer each


@dataclass(frozen=True)
class Transistor:
    """What is measured.

    Attributes:
        polarity: 1 NMOS, -1 PMOS.
        length_um: Gate length.
        process: Corner of the process.
        kelvin: Temperature.
    """

    polarity: int
    length_um: float
    process: str
    kelvin: float

    def lines(self) -> list[str]:
        """Return the beginning of a deck."""
        cards = foundry.foundry_cards(self.process).splitlines()
        return ["* a transistor", *cards, OPTIONS, f".temp {self.kelvin - ZERO_CELSIUS_K:.9g}"]

    def element(self, name: str, nodes: str) -> str:
        """Return one finger between the nodes of drain, gate, source and bulk."""
        size = f"w={foundry.FINGER_M:g} l={self.length_um:g}u m=1 {foundry.GEOMETRY}"
        return f"{name} {nodes} {foundry.NAMES[self.polarity]} {size}"

    def volts(self, value: float) -> str:
        """Return a voltage as it is applied."""
        return f"{self.polarity * value:.12g}"


def measure_body(transistor: Transistor, grid: Grid) -> float:
    """Return how far the threshold moves per step of the bulk's place on its axis (V^0.5)."""
    given = settings()["threshold"]
    gates = np.linspace(grid.gate[0], grid.gate[-1], 4 * len(grid.gate))
    flat = Grid(gates, np.array([given["drain_v"]]), grid.bulk)
    out_of_source = measure_currents(transistor, flat, 0.0)[:, 0, :, 0]
    level = given["current_a"] * foundry.FINGER_M * 1e6 / transistor.length_um
    thresholds = [np.interp(level, current, gates) for current in out_of_source.T]
    return float(np.polyfit(bulk_place(grid.bulk), thresholds, 1)[0])


def measure_currents(transistor: Transistor, grid: Grid, body: float) -> Floats:
    """Return the currents out of the source and into the drain, (a, b, c, 2)."""
    sources = [f"v{end} {end} 0 0" for end in "gdsb"]
    lines = [*transistor.lines(), *sources, transistor.element("m1", "d g s b")]
    commands = ["save i(vd) i(vs)"]
    for bulk in grid.bulk:
        gates = grid.gates(body, bulk)
        step = gates[1] - gates[0]
        ends = (gates[0], gates[-1] + step / 4, step)
        commands.append(f"alter vb = {transistor.volts(bulk)}")
        for drain in np.maximum(grid.drain, settings()["least_drain_v"]):
            sweep = f"dc vg {' '.join(map(transistor.volts, ends))}"
            commands += [f"alter vd = {transistor.volts(drain)}", sweep, WRITE, "destroy all"]
    plots = run_batch(lines, commands)
    rows = np.array([[plot["i(vs)"], -plot["i(vd)"]] for plot in plots]) * transistor.polarity
    blocks = rows.reshape(len(grid.bulk), len(grid.drain), 2, len(grid.gate))
    return np.ascontiguousarray(blocks.transpose(3, 1, 0, 2))


def measure_charges(transistor: Transistor, biases: Floats) -> Floats:
    """Return what is measured at biases (n, 3) of gate, drain and bulk.

    Returns:
        float64 (n, 12): derivatives of the charges of `ENDS` by the voltages of `HELD` in farads,
        noise (A/sqrt(Hz)): white, 1/f-like at 1 Hz and at 10 Hz.
    """
    parts = [biases[k : k + _COPIES] for k in range(0, len(biases), _COPIES)]
    return np.concatenate([_measure_copies(transistor, part) for part in parts])


def _measure_copies(transistor: Transistor, biases: Floats) -> Floats:
    lines, count = _copies(transistor, biases), len(biases)
    commands = ["save " + " ".join(f"i(v{end}{k})" for end in ENDS for k in range(count))]
    for held in HELD:
        commands += [f"alter vx{held} ac = 1", f"ac lin 1 {_HERTZ:g} {_HERTZ:g}", WRITE]
        commands += [f"alter vx{held} ac = 0"]
    plots = run_batch(lines, commands)
    columns = [_farads(plots[HELD.index(held)], end, count) for end in ENDS for held in HELD]
    return np.stack([*columns, *_noise(lines, count)], axis=1)


def _copies(transistor: Transistor, biases: Floats) -> list[str]:
    lines = [*transistor.lines(), *(f"vx{held} x{held} 0 dc 0 ac 0" for held in HELD)]
    for k, bias in enumerate(biases):
        lines += [
            f"v{held}{k} {held}{k} x{held} dc {transistor.volts(volts)}"
            for held, volts in zip(HELD, bias, strict=True)
        ]
        lines += [f"vs{k} s{k} 0 dc 0", transistor.element(f"m{k}", f"d{k} g{k} s{k} b{k}")]
    return lines


def _farads(plot: Plot, end: str, count: int) -> Floats:
    currents = [plot[f"i(v{end}{k})"][0] for k in range(count)]
    return -np.imag(currents) / (2.0 * np.pi * _HERTZ)


def _noise(lines: list[str], count: int) -> list[Floats]:
    """Return the noise of each copy's drain current, seen as the voltage of one ohm."""
    mirrors = [f"f{k} 0 o vd{k} 1" for k in range(count)]
    decade = f"noise v(o) vxg dec 1 1 {_DECADE:g} 1"
    (plot,) = run_batch(
        [*lines, *mirrors, "ro o 0 1"], ["alter vxg ac = 1", decade, "setplot noise1", WRITE]
    )
    densities = [plot[f"onoise.m{k}.id"][0] for k in range(count)]
    near, far = ([plot[f"onoise.m{k}.1overf"][at] for k in range(count)] for at in (0, 1))
    return [np.real(densities), np.real(near), np.real(far)]
