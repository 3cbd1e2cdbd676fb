"""Products of sparse matrices: counts on the real index sets, traffic and time of dataflows."""
