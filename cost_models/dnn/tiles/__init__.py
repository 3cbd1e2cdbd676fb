"""Two-level tile mappings as in GAMMA: tiles, orders and one spread dimension a level."""
