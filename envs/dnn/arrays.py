"""What the environments on arrays of PEs with an L1 each and a shared L2 have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.dnn.energy import AccessEnergies
from archgym.errors import SettingError
from archgym.objective_spec import Spec
from archgym.parameter import Parameter
from archgym.scalar_parameters import Ordinal
from archgym.setting import Setting

PES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
BANDWIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_USUAL = AccessEnergies()
ENERGY_SETTINGS = {
    "e_mac_pj": Setting(_USUAL.mac, kind=float, description="energy of one MAC"),
    "e_l1_pj": Setting(_USUAL.l1, kind=float, description="energy of one word of a PE's L1"),
    "e_l2_pj": Setting(_USUAL.l2, kind=float, description="energy of one word of the shared L2"),
    "e_dram_pj": Setting(
        _USUAL.dram, kind=float, description="energy of one word of memory; Eyeriss has 200"
    ),
}

OBJECTIVES: dict[str, Spec] = {
    "edp": {"product": ["energy_pj", "runtime_cycles"]},
    "latency": {"minimize": "runtime_cycles"},
    "energy": {"minimize": "energy_pj"},
    "area": {"minimize": "area_um2"},
    "throughput_per_pe": {"maximize": "utilization"},
    "latency_area": {"product": ["runtime_cycles", "area_um2"]},
    "edp_area": {"product": ["energy_pj", "runtime_cycles", "area_um2"]},
    "latency_energy_pareto": {"pareto": ["runtime_cycles", "energy_pj"]},
    "latency_energy_area_pareto": {"pareto": ["runtime_cycles", "energy_pj", "area_um2"]},
    # ArchGym's rewards; 10 = its factor of 1e4 at energies in nJ.
    "archgym_legacy": {"archgym_inverse": {"runtime_cycles": 1}},
    "archgym_legacy_energy": {"archgym_inverse": {"runtime_cycles": 1, "energy_pj": 10}},
    "archgym_legacy_area": {"archgym_inverse": {"area_um2": 1}},
}


def energies(settings: Mapping[str, Any]) -> AccessEnergies:
    """Return the energies that settings name.

    Raises:
        SettingError: One is negative.
    """
    for name in ENERGY_SETTINGS:
        if settings[name] < 0:
            raise SettingError(f"setting {name!r}: {settings[name]!r} is negative")
    return AccessEnergies(*(settings[name] for name in ENERGY_SETTINGS))


def array_parameters() -> list[Parameter]:
    """Return the PEs and both bandwidths."""
    return [
        Ordinal(
            "num_pes",
            PES,
            default=256,
            legal=(1, None),
            role="array",
            description="processing elements",
        ),
        Ordinal(
            "noc_bw",
            BANDWIDTHS,
            default=64,
            legal=(1, None),
            role="bandwidth",
            description="words per cycle between the shared buffer and the PEs",
        ),
        Ordinal(
            "offchip_bw",
            BANDWIDTHS,
            default=16,
            legal=(1, None),
            role="bandwidth",
            description="words per cycle from memory",
        ),
    ]
