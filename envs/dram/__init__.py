"""Memory-controller exploration: the environment ``dram``."""
