"""Memory-controller exploration: the environment ``dram``."""

from archgym.envs.dram.environment import ENVIRONMENT

__all__ = ["ENVIRONMENT"]
