"""The columns in which a two-level tile mapping is given."""

from __future__ import annotations

DIMENSIONS = "KCPQRS"
LEVELS = ("l2", "l1")
SPREAD = ("K", "C", "P", "Q")  # what may be spread over clusters, or over the PEs of one
TILE_COLUMNS = tuple(f"{level}_{d}" for level in LEVELS for d in DIMENSIONS)
REASONS = ("", "tile_size", "pe_count")
EXPLAINED = (
    "",
    "tiles must keep 1 <= l1 <= l2 <= layer in each dimension",
    "cluster_size exceeds num_pes",
)
