"""Memory planning: which tensors stay on chip, and in which order operators run."""
