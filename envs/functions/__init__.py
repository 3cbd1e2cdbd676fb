"""Test functions of optimisation: the environments ``functions`` and ``functions.fronts``."""

from archgym.envs.functions.fronts import ENVIRONMENT as FRONTS
from archgym.envs.functions.single import ENVIRONMENT

__all__ = ["ENVIRONMENT", "FRONTS"]
