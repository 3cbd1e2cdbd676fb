"""The columns in which designs are given, and their values."""

from __future__ import annotations

DESIGN_ID, RECIPE, MAPPING = "design_id", "recipe", "mapping"
LIBRARY, CHAIN, FINISHER = "library", "chain", "finisher"
ON, OFF = "on", "off"
MAPPINGS = (ON, OFF)
CANONICAL, PLAIN = "canonical", "plain"
CHAINS = (CANONICAL, PLAIN)
