"""Finds mappings of layers by a deterministic search with the exact loop-nest model."""
