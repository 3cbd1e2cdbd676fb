"""Named objectives of the memory controller, as data (`archgym.objective_spec`)."""

from __future__ import annotations

from archgym.objective_spec import Spec

# ArchGym's targets: 1 W and 0.1 ms; the scales turn mW and ns into these units.
_LEGACY_POWER = {"average_power_mw": {"target": 1.0, "scale": 1e-3}}
_LEGACY_LATENCY = {"total_time_ns": {"target": 0.1, "scale": 1e-6}}

# Average power alone would reward the slowest design, so it comes only with a cap on time: at most
# 5 % longer than the default design takes.
OBJECTIVES: dict[str, Spec] = {
    "latency": {"minimize": "total_time_ns"},
    "read_latency": {"minimize": "mean_read_latency_ns"},
    "tail_latency": {"minimize": "p99_read_latency_ns"},
    "bandwidth": {"maximize": "bandwidth_gb_per_s"},
    "energy": {"minimize": "energy_pj"},
    "energy_delay": {"product": ["energy_pj", "total_time_ns"]},
    "energy_read_latency": {"product": ["energy_pj", "mean_read_latency_ns"]},
    "power_under_latency_cap": {
        "minimize": "average_power_mw",
        "subject_to": {"total_time_ns": {"max_ratio": 1.05}},
    },
    "time_energy_pareto": {"pareto": ["total_time_ns", "energy_pj"]},
    "archgym_legacy_power": {"archgym_legacy": _LEGACY_POWER},
    "archgym_legacy_latency": {"archgym_legacy": _LEGACY_LATENCY},
    "archgym_legacy_both": {"archgym_legacy": _LEGACY_POWER | _LEGACY_LATENCY},
}
