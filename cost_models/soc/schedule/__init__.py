"""Scheduling of task graphs on a heterogeneous system on chip, as DS3 simulates it."""
