"""Structural generators of circuits whose function is known."""

from archgym.cost_models.synthesis.generators.catalogue import describe_generators, generate

__all__ = ["describe_generators", "generate"]
