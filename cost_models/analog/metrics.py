"""The metrics of all benches; a design has those of its circuit's bench."""

from __future__ import annotations

from archgym.cost_models.analog.circuit import (
    AMPLIFIER,
    COMMON_SOURCE,
    COMPARATOR,
    REGULATOR,
    TRANSIMPEDANCE,
)
from archgym.metric import Metric

GAIN, UGBW, PHASE_MARGIN, POWER = "gain_db", "ugbw_hz", "phase_margin_deg", "power_w"
NOISE_1KHZ, NOISE_1MHZ = "input_noise_1khz_v_rthz", "input_noise_1mhz_v_rthz"
OFFSET, SLEW = "offset_v", "slew_v_per_us"
TRANSIMPEDANCE_DB, BANDWIDTH, PEAKING = "transimpedance_dbohm", "bandwidth_hz", "peaking_db"
OUTPUT_NOISE, NOISE_10MHZ = "output_noise_rms_v", "input_noise_10mhz_a_rthz"
QUIESCENT, LOAD_REGULATION = "quiescent_current_a", "load_regulation_v"
OUTPUT_ERROR, PSR_1KHZ, PSR_1MHZ = "output_error_v", "psr_1khz_db", "psr_1mhz_db"
NOISE_10KHZ = "output_noise_10khz_v_rthz"
VOUT, LEAST_CURRENT, CONVERGED = "vout_dc_v", "min_drain_current_a", "converged"
WELL_POSED, MERIT = "well_posed", "figure_of_merit"
DELAY_RISE, DELAY_FALL = "delay_rise_s", "delay_fall_s"
PSRR_1KHZ, CMRR_1KHZ = "psrr_1khz_db", "cmrr_1khz_db"
OFFSET_SIGMA = "offset_sigma_v"

# Of every circuit; those of its bench have values.
METRICS = (
    Metric(GAIN, "dB", "maximize", "of voltage, or of the loop, at 10 Hz", signed=True),
    Metric(UGBW, "Hz", "maximize", "where the gain first falls through 1"),
    Metric(PHASE_MARGIN, "deg", "maximize", "180 and the phase there", signed=True),
    Metric(POWER, "W", "minimize", "drawn from the supply, bias branch included"),
    Metric(NOISE_1KHZ, "V_rtHz", "minimize", "noise over gain at 1 kHz"),
    Metric(NOISE_1MHZ, "V_rtHz", "minimize", "noise over gain at 1 MHz"),
    Metric(
        OFFSET,
        "V",
        "neutral",
        "output minus input of the buffer; of a comparator the input that brings its output to"
        " half the supply",
        signed=True,
    ),
    Metric(SLEW, "V/us", "maximize", "20 to 80 % of the buffer's answer to a step of 0.4 V"),
    Metric(TRANSIMPEDANCE_DB, "dBohm", "maximize", "at 10 Hz", signed=True),
    Metric(BANDWIDTH, "Hz", "maximize", "where it first falls by 3.0103 dB"),
    Metric(PEAKING, "dB", "minimize", "its maximum over its value at 10 Hz", signed=True),
    Metric(OUTPUT_NOISE, "V", "minimize", "1 kHz to 10 GHz"),
    Metric(NOISE_10MHZ, "A_rtHz", "minimize", "output noise over transimpedance at 10 MHz"),
    Metric(QUIESCENT, "A", "minimize", "drawn from the supply less the load's"),
    Metric(LOAD_REGULATION, "V", "minimize", "output at 0.1 mA less that at 5 mA", signed=True),
    Metric(OUTPUT_ERROR, "V", "neutral", "output less 0.8 of the supply", signed=True),
    Metric(PSR_1KHZ, "dB", "minimize", "from supply to output at 1 kHz", signed=True),
    Metric(PSR_1MHZ, "dB", "minimize", "from supply to output at 1 MHz", signed=True),
    Metric(NOISE_10KHZ, "V_rtHz", "minimize", "at the output at 10 kHz"),
    Metric(VOUT, "V", "neutral", "of the operating point", signed=True),
    Metric(LEAST_CURRENT, "A", "neutral", "least of all transistors' |drain current|"),
    Metric(CONVERGED, "1", "neutral", "1 where an operating point was found", signed=True),
    Metric(
        WELL_POSED,
        "1",
        "neutral",
        "1 where no branch is starved below 1 nA and a regulator regulates",
        signed=True,
    ),
    Metric(
        MERIT,
        "1",
        "maximize",
        "unity-gain frequency over power; transimpedance times bandwidth over power (Hz ohm / W);"
        " of a comparator 1 / (longer delay times power)",
    ),
)
NAMES = tuple(metric.name for metric in METRICS)

# Those of comparators alone.
DELAYS = (
    Metric(DELAY_RISE, "s", "minimize", "to half the supply, 10 mV of overdrive after -100 mV"),
    Metric(DELAY_FALL, "s", "minimize", "to half the supply, -10 mV of overdrive after 100 mV"),
)
# Those that settings ask for.
REJECTION = (
    Metric(PSRR_1KHZ, "dB", "maximize", "gain over that from the supply, at 1 kHz", signed=True),
    Metric(CMRR_1KHZ, "dB", "maximize", "gain over that of both inputs, at 1 kHz", signed=True),
)
MISMATCH = (
    Metric(
        OFFSET_SIGMA,
        "V",
        "minimize",
        "standard deviation over mismatched samples of the offset, or a regulator's output error",
    ),
)
# In the order of the kernels' results (`kernels.layout`).
RESULTS = (
    *NAMES[: NAMES.index(CONVERGED) + 1],
    *(metric.name for metric in (*DELAYS, *REJECTION)),
)

_COMMON = (POWER, VOUT, LEAST_CURRENT)
_GAIN = (GAIN, UGBW, PHASE_MARGIN)
# Bench -> its metrics.
OF_BENCH = {
    AMPLIFIER: (*_GAIN, NOISE_1KHZ, NOISE_1MHZ, OFFSET, SLEW, *_COMMON),
    COMMON_SOURCE: (*_GAIN, NOISE_1KHZ, NOISE_1MHZ, *_COMMON),
    TRANSIMPEDANCE: (
        TRANSIMPEDANCE_DB, BANDWIDTH, PEAKING, OUTPUT_NOISE, NOISE_10MHZ, *_COMMON
    ),
    REGULATOR: (
        *_GAIN, QUIESCENT, LOAD_REGULATION, OUTPUT_ERROR, PSR_1KHZ, PSR_1MHZ, NOISE_10KHZ,
        *_COMMON,
    ),
    COMPARATOR: (
        GAIN, NOISE_1KHZ, NOISE_1MHZ, OFFSET, DELAY_RISE, DELAY_FALL, POWER, LEAST_CURRENT
    ),
}  # fmt: skip
