"""What the arrays of the kernels hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

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

# One that is looked up: polarity as above, number of its table, fingers, by how much its threshold
# times polarity is off, what its current is multiplied by.
TABLE, FINGERS, OFFSET_V, FACTOR = range(1, 5)

# What tables hold of charges: derivatives by gate, drain and bulk of those of gate, drain and
# source, in femtofarads, then logarithms of noise (A/sqrt(Hz)): white, at 1 Hz over the current.
OF_WHITE, OF_PINK = 9, 10
N_CHARGE_FIELDS = 11

# Its noise: density of its current (A^2/Hz), white and at 1 Hz; which power of the frequency the
# latter falls with.
WHITE, PINK, EXPONENT = range(3)
N_NOISE_FIELDS = 3


# A current of a transistor, its derivatives by the voltages of gate, drain and bulk.
Flow = tuple[float, float, float, float]


class Net(NamedTuple):
    """A circuit as index arrays; a value is an index into a row of values.

    Attributes:
        mos_nodes: int64 (d, 4), nodes of the terminals.
        mos_sign: float64 (d,), polarity.
        mos_width: float64 (d,), of one finger in metres.
        mos_length: int64 (d,), value.
        mos_fingers: int64 (d,), value.
        mos_threshold: int64 (d,), value that is added to the threshold times polarity.
        mos_beta: int64 (d,), value that beta is multiplied by.
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
    mos_threshold: Array
    mos_beta: Array
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


class Cards(NamedTuple):
    """Transistors of SPICE's level 1.

    Attributes:
        values: float64 (k, N_CARD_FIELDS).
    """

    values: Array


class Tables(NamedTuple):
    """Transistors that are looked up, for a finger.

    Attributes:
        polarities: float64 (t,).
        lengths: float64 (t,), metres.
        bodies: float64 (t,), how the threshold moves with the bulk's place on its axis.
        exponents: float64 (t,), see `EXPONENT`.
        width: Of a finger in metres.
        surface: Of the bulk's axis in volts, see `archgym.cost_models.analog.lookup.grid`.
        drain_scale: Of the drain's axis in volts.
        high: Largest voltage.
        current_axes: float64 (3, 2), first place and inverse step of gate, drain and bulk.
        currents: float64 (t, a, b, c, 2), coefficients of log(source current / drain voltage)
            and of log(drain current / source current).
        charge_axes: As ``current_axes``.
        charges: float64 (t, a, b, c, N_CHARGE_FIELDS), coefficients.
    """

    polarities: Array
    lengths: Array
    bodies: Array
    exponents: Array
    width: float
    surface: float
    drain_scale: float
    high: float
    current_axes: Array
    currents: Array
    charge_axes: Array
    charges: Array


class Bench(NamedTuple):
    """A circuit on its bench, whatever its sizes.

    Attributes:
        net: The circuit.
        models: Of the transistors; kernels are compiled for either kind.
        supply: Voltage.
        temperature: In kelvin.
        gmin: Conductance across each junction.
        row: The unknown of each node at the operating point and of the buffer that slews.
        base: float64 (nodes,), voltages of given nodes, those behind voltage sources excepted.
        starts: float64 (s, nodes), voltages where the search for the operating point begins, the
            most promising first.
        fed: float64 (nodes,), 1 for nodes that draw from the supply.
        grid: Frequencies in Hz, ascending.
        output: The node that is measured.
    """

    net: Net
    models: Any  # Cards or Tables
    supply: float
    temperature: float
    gmin: float
    row: Array
    base: Array
    starts: Array
    fed: Array
    grid: Array
    output: int


class Sized(NamedTuple):
    """One design of a circuit, biased.

    Attributes:
        net: The circuit.
        models: See `Bench`.
        mos: float64 (d, N_MOS_FIELDS), its transistors.
        values: float64 (values,), of its elements.
        row: The unknown of each node.
        gmin: Conductance across each junction.
        load: A current that is drawn from the unknown ``load_row``.
        load_row: See ``load``, -1 for none.
    """

    net: Net
    models: Any  # Cards or Tables
    mos: Array
    values: Array
    row: Array
    gmin: float
    load: float
    load_row: int


class Balance(NamedTuple):
    """Kirchhoff's current law.

    Attributes:
        f: float64 (unknowns,), the current that leaves each.
        jacobian: float64 (unknowns, unknowns), its derivatives.
    """

    f: Array
    jacobian: Array


class Linear(NamedTuple):
    """A circuit about its operating point, whatever it is driven by.

    Attributes:
        leaves: float64 (nodes,), the current that leaves each node.
        siemens: float64 (nodes, nodes), its derivatives.
        farads: float64 (nodes, nodes), those of the charges.
        noise: float64 (d, N_NOISE_FIELDS), of the transistors.
    """

    leaves: Array
    siemens: Array
    farads: Array
    noise: Array


class State(NamedTuple):
    """What a step of a transient begins with, and room for it.

    Attributes:
        volts: float64 (nodes,).
        amperes: float64 (nodes,), that charge each node.
        before: float64 (nodes, nodes), capacitances at the beginning.
        after: float64 (nodes, nodes), at the end.
        balance: Room.
    """

    volts: Array
    amperes: Array
    before: Array
    after: Array
    balance: Balance


class Pulse(NamedTuple):
    """A pulse at a buffer.

    Attributes:
        input: Node.
        output: Node.
        period: In seconds.
        steps: Over the time that is simulated.
    """

    input: int
    output: int
    period: float
    steps: int


class Decision(NamedTuple):
    """What a comparator has to decide.

    Attributes:
        input: Node that is moved.
        threshold: Of the output in volts.
        step_v: How far on one side of the trip point the input begins.
        overdrive_v: How far on the other side it ends.
        edge_s: How long it takes from here to there.
        longest_s: After which there is no decision.
    """

    input: int
    threshold: float
    step_v: float
    overdrive_v: float
    edge_s: float
    longest_s: float


class System(NamedTuple):
    """Small signals of the unknown nodes: (g + s c) x = g_right + s c_right.

    Attributes:
        g: float64 (n, n).
        c: float64 (n, n).
        g_right: float64 (n,).
        c_right: float64 (n,).
        a: complex128 (n, n), room for a solution.
        z: complex128 (n,), room for a solution.
    """

    g: Array
    c: Array
    g_right: Array
    c_right: Array
    a: Array
    z: Array


# Results of one design, in the order of `archgym.cost_models.analog.metrics`.
GAIN_DB, UGBW, PHASE_MARGIN, POWER, NOISE_1KHZ, NOISE_1MHZ, OFFSET, SLEW = range(8)
TRANSIMPEDANCE, BANDWIDTH, PEAKING, OUTPUT_NOISE, NOISE_10MHZ = range(8, 13)
QUIESCENT, LOAD_REGULATION, OUTPUT_ERROR, PSR_1KHZ, PSR_1MHZ, NOISE_10KHZ = range(13, 19)
VOUT, LEAST_CURRENT, CONVERGED = range(19, 22)
DELAY_RISE, DELAY_FALL, PSRR_1KHZ, CMRR_1KHZ = range(22, 26)
N_RESULTS = 26
