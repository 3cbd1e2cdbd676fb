"""The metrics of topologies: those of the best sizes found, and what was needed."""

from __future__ import annotations

from archgym.cost_models.analog.metrics import (
    GAIN,
    LEAST_CURRENT,
    MERIT,
    NOISE_1KHZ,
    NOISE_1MHZ,
    OFFSET,
    PHASE_MARGIN,
    POWER,
    UGBW,
    VOUT,
    WELL_POSED,
)
from archgym.cost_models.analog.metrics import METRICS as OF_CIRCUITS
from archgym.metric import Metric

TARGETS_MET, DEVICES, SIMULATIONS, STRUCTURE = "targets_met", "devices", "simulations", "valid"

# Of the sized circuit, on the amplifier bench without its transient.
_SIZED = (
    GAIN, UGBW, PHASE_MARGIN, POWER, NOISE_1KHZ, NOISE_1MHZ, OFFSET, VOUT, LEAST_CURRENT,
    WELL_POSED, MERIT,
)  # fmt: skip
SIZED = tuple(metric for name in _SIZED for metric in OF_CIRCUITS if metric.name == name)
METRICS = (
    *SIZED,
    Metric(TARGETS_MET, "1", "maximize", "1 less the mean miss of the targets", signed=True),
    Metric(DEVICES, "1", "minimize", "transistors, passives and sources"),
    Metric(STRUCTURE, "1", "neutral", "1 where the circuit keeps all rules", signed=True),
    Metric(SIMULATIONS, "1", "neutral", "that were spent on its sizes", signed=True),
)
