"""The compiler of the engine's kernels; what it does says `archgym.cost_models.compiled`."""

from __future__ import annotations

from pathlib import Path

from archgym.cost_models.compiled import Array, Compiler

__all__ = ["COMPILER", "Array", "helper", "inlined", "kernel"]

COMPILER = Compiler("soc-schedule", Path(__file__).parent, counted=False, wrapped=False)
inlined, helper, kernel = COMPILER.inlined, COMPILER.helper, COMPILER.kernel
