"""Environments of logic synthesis."""
