"""Kernels of the mapper, compiled by Numba."""
