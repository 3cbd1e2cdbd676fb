"""Leakage, power of steps, energy and temperature, as in DS3."""

from __future__ import annotations

import math

from archgym.cost_models.soc.schedule.engine.compiled import helper, inlined
from archgym.cost_models.soc.schedule.engine.state import Case, Run

NODES, LEVELS = 5, 3
KELVIN, PER_US = 273.0, 1e-6


@inlined
def hottest(run: Run) -> float:
    """Return the highest temperature of the nodes."""
    highest = float(run.heat[0])
    for node in range(1, NODES):
        highest = max(highest, run.heat[node])
    return highest


@helper
def update_leak(case: Case, run: Run, cluster: int) -> None:
    """Compute the leakage of a core anew; due when temperature or voltage has changed."""
    constants = case.constants[0]
    volts = case.points[cluster, run.clusters[cluster].point].volts
    kelvin = KELVIN + hottest(run)
    leak = volts * constants.c1 * kelvin**2 * math.exp(-constants.c2 / kelvin)
    leak += constants.igate * volts
    run.clusters[cluster].leak = leak * case.clusters[cluster].leak_share


@inlined
def spend_step(case: Case, run: Run, cluster: int, step: float) -> None:
    """Add the energy of a step that is being planned, and set the cluster's power."""
    state, point = run.clusters[cluster], case.points[cluster, run.clusters[cluster].point]
    count = case.clusters[cluster].count
    profile = case.watts[cluster, state.point, min(state.busy, count)]
    dynamic = (profile - state.leak * point.entries) / state.busy * point.scale
    run.clock[0].energy += (dynamic + state.leak) * step * PER_US
    state.power = dynamic * state.busy + state.leak * count


@inlined
def spend_idle(case: Case, run: Run, pe: int) -> None:
    """Add what a PE takes in the window that begins now beside its steps."""
    constants, count = case.constants[0], len(run.pes)
    rest = constants.memory_w + constants.gpu_w
    if run.pes[pe].task < 0:
        cluster = run.pes[pe].cluster
        state = run.clusters[cluster]
        if state.busy == 0:
            state.power = state.leak * case.clusters[cluster].count + rest
        run.clock[0].energy += state.leak * constants.window * PER_US
    run.clock[0].energy += rest * constants.window * PER_US / count


@helper
def update_heat(case: Case, run: Run) -> None:
    """Move the temperatures by one thermal period under the present powers."""
    constants = case.constants[0]
    ambient = constants.ambient
    a, b, heat = case.heat_decay, case.heat_input, run.heat
    before = (heat[0], heat[1], heat[2], heat[3], heat[4])
    for node in range(NODES):
        kept = 0.0
        for other in range(NODES):
            kept += a[node, other] * (before[other] - ambient)
        gained = b[node, 0] * constants.memory_w + b[node, 1] * constants.gpu_w
        for cluster in range(len(run.clusters)):
            gained += b[node, 2 + cluster] * run.clusters[cluster].power
        heat[node] = kept + gained + ambient
    for cluster in range(len(run.clusters)):
        update_leak(case, run, cluster)
