"""Schedulers: each gives every ready task a PE in ``run.choice``."""
