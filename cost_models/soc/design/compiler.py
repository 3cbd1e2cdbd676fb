"""How the kernels of this package are compiled."""

from __future__ import annotations

from pathlib import Path

from archgym.cost_models.compiled import Array, Compiler

COMPILER = Compiler("soc-design", Path(__file__).parent)
kernel, helper = COMPILER.kernel, COMPILER.helper

__all__ = ["Array", "helper", "kernel"]
