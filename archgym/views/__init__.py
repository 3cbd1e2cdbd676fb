"""Gymnasium and PettingZoo views of a problem."""
