"""The nodal solver, compiled by Numba: operating point, small signals, noise, transient.

``layout`` says what the arrays hold. The model of the transistor is SPICE's level 1 (Shichman and
Hodges, JSSC 1968) with Meyer's capacitances (RCA Review 1971), as ngspice evaluates it.
"""
