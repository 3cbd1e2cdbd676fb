"""The model of a mapping, one concept a module, compiled by Numba.

Everything here follows the behaviour of Timeloop v3.0 (Parashar et al., ISPASS 2019; NVlabs,
BSD-3) for one machine: DRAM, a global buffer (GLB), a row of processing elements with a register
file (RF) each. ``layout`` says what the arrays hold.
"""
