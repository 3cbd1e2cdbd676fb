"""Training with N:M sparse weights on a systolic array."""
