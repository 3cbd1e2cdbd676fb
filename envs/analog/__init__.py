"""Analog circuits as environments."""
