"""What the arrays of the kernels hold."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from archgym.cost_models.compiled import Array, Compiler

COMPILER = Compiler("analog", Path(__file__).parent)

# Terminals of a transistor.
DRAIN, GATE, SOURCE, BULK = range(4)

# Cards: polarity, length in metres, then SPICE's level-1 parameters.
POLARITY, LENGTH, VTO, KP, GAMMA, PHI, LAMBDA, TOX, CGSO, CGDO, KF = range(11)
N_CARD_FIELDS = 11

# A sized transistor: threshold times polarity, beta, body effect, capacitances in farads, and
# noise power per ampere and hertz times hertz.
SIGN, THRESHOLD, BETA, BODY, SURFACE, SLOPE, OXIDE, OVERLAP_S, OVERLAP_D, FLICKER = range(10)
N_MOS_FIELDS = 10

# Its small signals: conductances from each terminal's voltage to the drain current (that of the
# source is minus their sum), Meyer capacitances, noise densities (white, and at 1 Hz), current.
G_GATE, G_DRAIN, G_BULK, C_GS, C_GD, C_GB, WHITE, PINK, CURRENT = range(9)
N_SMALL_FIELDS = 9

# Constants of a run.
SUPPLY, TEMPERATURE, GMIN = range(3)
N_CONSTANTS = 3


class Net(NamedTuple):
    """A circuit as index arrays; a value is an index into a row of values.

    Attributes:
        mos_nodes: int64 (d, 4), nodes of the terminals.
        mos_sign: float64 (d,), polarity.
        mos_width: float64 (d,), of one finger in metres.
        mos_length: int64 (d,), value.
        mos_fingers: int64 (d,), value.
        r_nodes: int64 (r, 2).
        r_value: int64 (r,).
        c_nodes: int64 (c, 2).
        c_value: int64 (c,).
        i_nodes: int64 (i, 2), current flows from the first to the second through the source.
        i_value: int64 (i,).
        ties: int64 (t, 3), voltage sources: node, the node that it is tied to, value.
        tie_sign: float64 (t,).
    """

    mos_nodes: Array
    mos_sign: Array
    mos_width: Array
    mos_length: Array
    mos_fingers: Array
    r_nodes: Array
    r_value: Array
    c_nodes: Array
    c_value: Array
    i_nodes: Array
    i_value: Array
    ties: Array
    tie_sign: Array


class Wiring(NamedTuple):
    """How a bench holds the nodes of a circuit.

    Attributes:
        row: int64 (nodes,), the unknown of each node, -1 where its voltage is given; nodes that
            are connected share one, that of the output is the last.
        drive: float64 (nodes,), small-signal voltage of the given nodes.
        inject: float64 (unknowns,), small-signal current into each unknown.
    """

    row: Array
    drive: Array
    inject: Array


# Results of one design, in the order of `archgym.cost_models.analog.metrics`.
GAIN_DB, UGBW, PHASE_MARGIN, POWER, NOISE_1KHZ, NOISE_1MHZ, OFFSET, SLEW = range(8)
TRANSIMPEDANCE, BANDWIDTH, PEAKING, OUTPUT_NOISE, NOISE_10MHZ = range(8, 13)
QUIESCENT, LOAD_REGULATION, OUTPUT_ERROR, PSR_1KHZ, PSR_1MHZ, NOISE_10KHZ = range(13, 19)
VOUT, LEAST_CURRENT, CONVERGED = range(19, 22)
N_RESULTS = 22
