"""Analog circuits: a compiled nodal solver, and ngspice beside it."""
