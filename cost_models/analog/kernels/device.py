"""Where the model of the transistor enters: all that the solver asks of it.

SPICE's level 1 or a foundry's transistors in tables: which one, the type of ``models`` says while
the kernels compile, so that each is compiled without the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from archgym.cost_models.analog.kernels import level1, lookup
from archgym.cost_models.analog.kernels.layout import (
    BULK,
    COMPILER,
    DRAIN,
    FINGERS,
    GATE,
    N_CHARGE_FIELDS,
    SOURCE,
    Bench,
    Flow,
    Sized,
    Tables,
)
from archgym.cost_models.compiled import Array


def size_transistors(bench: Bench, values: Array, mos: Array) -> bool:
    """Fill ``mos`` for one row of values; False where a length has no model."""
    raise NotImplementedError


def terminal_currents(sized: Sized, d: int, v: Array) -> tuple[Flow, Flow]:
    """Return the current into the drain and that out of the source; the bulk has the rest."""
    raise NotImplementedError


def junctions(sized: Sized, d: int) -> float:
    """Return how many junctions lie between bulk and drain or source.

    SPICE takes level 1 for one transistor however wide, BSIM4 for as many as it has fingers.
    """
    raise NotImplementedError


def add_charges(sized: Sized, v: Array, farads: Array) -> None:
    """Add the derivatives of the transistors' charges, (nodes, nodes)."""
    raise NotImplementedError


def fill_device_noise(
    sized: Sized, d: int, v: Array, flow: Flow, temperature: float, noise: Array
) -> None:
    """Fill the noise of a transistor whose drain takes ``flow``."""
    raise NotImplementedError


def is_known(sized: Sized, v: Array) -> bool:
    """Return whether the model holds for all biases."""
    raise NotImplementedError


@COMPILER.helper
def fill_capacitances(sized: Sized, v: Array, farads: Array) -> None:
    """Fill the derivatives of the charge of each node, (nodes, nodes)."""
    net = sized.net
    farads[:] = 0.0
    add_charges(sized, v, farads)
    for k in range(len(net.c_value)):
        bridge(farads, net.c_nodes[k, 0], net.c_nodes[k, 1], sized.values[net.c_value[k]])


@COMPILER.inlined
def bridge(matrix: Array, a: int, b: int, value: float) -> None:
    """Add an admittance between two nodes."""
    matrix[a, a] += value
    matrix[b, b] += value
    matrix[a, b] -= value
    matrix[b, a] -= value


@COMPILER.helper
def fill_noise(sized: Sized, v: Array, temperature: float, noise: Array) -> float:
    """Fill the noise of the transistors; return the least of their currents."""
    least = math.inf
    for d in range(len(sized.mos)):
        flow, _ = terminal_currents(sized, d, v)
        least = min(least, abs(flow[0]))
        fill_device_noise(sized, d, v, flow, temperature, noise[d])
    return least


# -- SPICE's level 1 -----------------------------------------------------------------------------


def _size_by_cards(bench: Bench, values: Array, mos: Array) -> bool:
    return level1.size_transistors(bench.net, values, bench.models.values, mos)


def _level1_currents(sized: Sized, d: int, v: Array) -> tuple[Flow, Flow]:
    flow = level1.drain_current(sized.mos[d], sized.net.mos_nodes[d], v)
    return flow, flow


def _one_junction(sized: Sized, d: int) -> float:
    return 1.0


def _add_level1_charges(sized: Sized, v: Array, farads: Array) -> None:
    for d in range(len(sized.mos)):
        nodes = sized.net.mos_nodes[d]
        to_source, to_drain, to_bulk = level1.capacitances(sized.mos[d], nodes, v)
        bridge(farads, nodes[GATE], nodes[SOURCE], to_source)
        bridge(farads, nodes[GATE], nodes[DRAIN], to_drain)
        bridge(farads, nodes[GATE], nodes[BULK], to_bulk)


def _fill_level1_noise(
    sized: Sized, d: int, v: Array, flow: Flow, temperature: float, noise: Array
) -> None:
    level1.fill_noise(sized.mos[d], flow[0], flow[1], temperature, noise)


def _always_known(sized: Sized, v: Array) -> bool:
    return True


# -- tables --------------------------------------------------------------------------------------


def _size_by_tables(bench: Bench, values: Array, mos: Array) -> bool:
    return lookup.size_transistors(bench.net, values, bench.models, mos)


def _looked_up_currents(sized: Sized, d: int, v: Array) -> tuple[Flow, Flow]:
    return lookup.terminal_currents(sized.models, sized.mos[d], sized.net.mos_nodes[d], v)


def _junction_of_each_finger(sized: Sized, d: int) -> float:
    return sized.mos[d, FINGERS]  # type: ignore[no-any-return]


def _add_looked_up_charges(sized: Sized, v: Array, farads: Array) -> None:
    room = np.empty(N_CHARGE_FIELDS)
    for d in range(len(sized.mos)):
        lookup.add_capacitances(sized, d, v, room, farads)


def _fill_looked_up_noise(
    sized: Sized, d: int, v: Array, flow: Flow, temperature: float, noise: Array
) -> None:
    lookup.fill_noise(sized, d, v, flow[0], noise)


def _known_to_tables(sized: Sized, v: Array) -> bool:
    return lookup.is_known(sized, v)


# -- which of them -------------------------------------------------------------------------------


def _decide(asked: Any, by_cards: Any, by_tables: Any) -> None:
    def chosen(holder: Any, *others: Any) -> Callable[..., Any]:
        models = holder.types[holder.fields.index("models")]
        return by_tables if models.instance_class is Tables else by_cards  # type: ignore[no-any-return]

    COMPILER.chosen_for(asked)(chosen)


_decide(size_transistors, _size_by_cards, _size_by_tables)
_decide(terminal_currents, _level1_currents, _looked_up_currents)
_decide(junctions, _one_junction, _junction_of_each_finger)
_decide(add_charges, _add_level1_charges, _add_looked_up_charges)
_decide(fill_device_noise, _fill_level1_noise, _fill_looked_up_noise)
_decide(is_known, _always_known, _known_to_tables)
