"""Attention on a 2-D and a 1-D array that share a buffer: from unfused to FuseMax."""
