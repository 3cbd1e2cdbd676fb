"""The columns in which a mapping and its machine are given."""

from __future__ import annotations

from archgym.cost_models.dnn.layer import DIMENSIONS

LEVELS = ("dram", "glb", "sp", "rf")
HARDWARE = (
    "num_pes",
    "rf_words",
    "glb_words",
    "glb_read_bw",
    "glb_write_bw",
    "dram_bw",
    "e_mac_pj",
    "e_rf_pj",
    "e_glb_pj",
    "e_dram_pj",
    "forwarding",
)
BOUND_COLUMNS = tuple(f"{level}_{d}" for level in LEVELS for d in DIMENSIONS)
ORDER_COLUMNS = tuple(f"{level}_order" for level in LEVELS)
BOUNDS = "bounds"
FITTED, EXACT = "fitted", "exact"
REASONS = ("", "factor_product", "pe_count", "rf_capacity", "glb_capacity")
