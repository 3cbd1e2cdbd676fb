"""Processors that were measured once, in tables."""
