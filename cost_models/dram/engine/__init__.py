"""The event-driven controller: kernels compiled by Numba over flat int64 arrays."""
