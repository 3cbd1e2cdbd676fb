"""SPICE's level-1 transistor: current, Meyer's capacitances, noise."""

from __future__ import annotations

import math

from archgym.cost_models.analog.kernels.layout import (
    BETA,
    BODY,
    BULK,
    CGDO,
    CGSO,
    COMPILER,
    DRAIN,
    EXPONENT,
    FLICKER,
    GAMMA,
    GATE,
    KF,
    KP,
    LAMBDA,
    LENGTH,
    OVERLAP_D,
    OVERLAP_S,
    OXIDE,
    PHI,
    PINK,
    POLARITY,
    SIGN,
    SLOPE,
    SOURCE,
    SURFACE,
    THRESHOLD,
    TOX,
    VTO,
    WHITE,
    Net,
)
from archgym.cost_models.compiled import Array

_OXIDE_PERMITTIVITY = 3.9 * 8.854214871e-12
BOLTZMANN = 1.38064852e-23  # CODATA 2014, as ngspice has it
_SAME_LENGTH = 1e-12
_LEAST_SATURATION_V = 0.025


@COMPILER.helper
def size_transistors(net: Net, values: Array, cards: Array, mos: Array) -> bool:
    """Fill ``mos`` (d, N_MOS_FIELDS) for one row of values; False where a length has no card."""
    for d in range(len(net.mos_sign)):
        length, sign = values[net.mos_length[d]], net.mos_sign[d]
        card = -1
        for k in range(len(cards)):
            if cards[k, POLARITY] == sign and abs(cards[k, LENGTH] - length) < _SAME_LENGTH:
                card = k
        if card < 0:
            return False
        width = net.mos_width[d] * values[net.mos_fingers[d]]
        per_area = _OXIDE_PERMITTIVITY / cards[card, TOX]
        mos[d, SIGN] = sign
        mos[d, THRESHOLD] = sign * cards[card, VTO] + values[net.mos_threshold[d]]
        mos[d, BETA] = cards[card, KP] * width / length * values[net.mos_beta[d]]
        mos[d, BODY] = cards[card, GAMMA]
        mos[d, SURFACE] = cards[card, PHI]
        mos[d, SLOPE] = cards[card, LAMBDA]
        mos[d, OXIDE] = per_area * width * length
        mos[d, OVERLAP_S] = cards[card, CGSO] * width
        mos[d, OVERLAP_D] = cards[card, CGDO] * width
        mos[d, FLICKER] = cards[card, KF] / (width * length * per_area * per_area)
    return True


@COMPILER.inlined
def oriented(mos: Array, nodes: Array, v: Array) -> tuple[float, float, float, bool]:
    """Return vgs, vds, vbs times the polarity, as seen from the lower end, and if ends swap."""
    sign = mos[SIGN]
    vds = sign * (v[nodes[DRAIN]] - v[nodes[SOURCE]])
    swapped = vds < 0.0
    low = v[nodes[DRAIN]] if swapped else v[nodes[SOURCE]]
    vgs = sign * (v[nodes[GATE]] - low)
    vbs = sign * (v[nodes[BULK]] - low)
    return vgs, abs(vds), vbs, swapped


@COMPILER.inlined
def overdrive(mos: Array, vgs: float, vbs: float) -> tuple[float, float]:
    """Return the gate's voltage above threshold, and the bulk's leverage on it."""
    phi, gamma = mos[SURFACE], mos[BODY]
    root = math.sqrt(phi)
    s = math.sqrt(phi - vbs) if vbs <= 0.0 else max(0.0, root - vbs / (2.0 * root))
    leverage = gamma / (2.0 * s) if s > 0.0 else 0.0
    return vgs - mos[THRESHOLD] - gamma * (s - root), leverage


@COMPILER.inlined
def drain_current(mos: Array, nodes: Array, v: Array) -> tuple[float, float, float, float]:
    """Return the current into the drain and its derivatives by gate, drain and bulk voltage."""
    vgs, vds, vbs, swapped = oriented(mos, nodes, v)
    over, leverage = overdrive(mos, vgs, vbs)
    if over <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    slope = mos[SLOPE]
    beta = mos[BETA] * (1.0 + slope * vds)
    if over <= vds:
        current = 0.5 * beta * over * over
        gm = beta * over
        gds = 0.5 * slope * mos[BETA] * over * over
    else:
        current = beta * vds * (over - 0.5 * vds)
        gm = beta * vds
        gds = beta * (over - vds) + slope * mos[BETA] * vds * (over - 0.5 * vds)
    gmb = gm * leverage
    if swapped:
        return -mos[SIGN] * current, -gm, gm + gds + gmb, -gmb
    return mos[SIGN] * current, gm, gds, gmb


@COMPILER.inlined
def meyer(mos: Array, nodes: Array, v: Array) -> tuple[float, float, float]:
    """Return the capacitances of the gate to source, drain and bulk, overlaps excluded."""
    vgs, vds, vbs, swapped = oriented(mos, nodes, v)
    over, _ = overdrive(mos, vgs, vbs)
    cox, phi = mos[OXIDE], mos[SURFACE]
    cgs, cgd, cgb = 0.0, 0.0, 0.0
    if over <= -phi:
        cgb = cox
    elif over <= 0.0:
        cgb = -over * cox / phi
        if over > -0.5 * phi:
            cgs = 2.0 * (over * cox / (1.5 * phi) + cox / 3.0)
    else:
        saturation = max(over, _LEAST_SATURATION_V)
        if saturation <= vds:
            cgs = 2.0 / 3.0 * cox
        else:
            d = 2.0 * saturation - vds
            cgd = 2.0 / 3.0 * cox * (1.0 - saturation * saturation / (d * d))
            cgs = 2.0 / 3.0 * cox * (1.0 - (saturation - vds) ** 2 / (d * d))
    if swapped:
        return cgd, cgs, cgb
    return cgs, cgd, cgb


@COMPILER.inlined
def capacitances(mos: Array, nodes: Array, v: Array) -> tuple[float, float, float]:
    """Return the capacitances of the gate to source, drain and bulk."""
    cgs, cgd, cgb = meyer(mos, nodes, v)
    return cgs + mos[OVERLAP_S], cgd + mos[OVERLAP_D], cgb


@COMPILER.inlined
def fill_noise(mos: Array, current: float, gate: float, kelvin: float, noise: Array) -> None:
    """Fill the noise of a transistor with a current and its derivative by the gate's voltage."""
    noise[WHITE] = 4.0 * BOLTZMANN * kelvin * 2.0 / 3.0 * abs(gate)
    noise[PINK] = mos[FLICKER] * abs(current)
    noise[EXPONENT] = 1.0
