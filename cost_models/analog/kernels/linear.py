"""Dense linear systems of a few unknowns."""

from __future__ import annotations

from archgym.cost_models.analog.kernels.layout import COMPILER
from archgym.cost_models.compiled import Array


@COMPILER.helper
def solve(a: Array, b: Array) -> bool:
    """Solve a x = b in place by elimination with row pivots; x is left in ``b``.

    Returns:
        False where the matrix is singular.
    """
    n = len(b)
    if not eliminate(a, b):
        return False
    for i in range(n - 1, -1, -1):
        x = b[i]
        for j in range(i + 1, n):
            x -= a[i, j] * b[j]
        b[i] = x * a[i, i]
    return True


@COMPILER.helper
def eliminate(a: Array, b: Array) -> bool:
    """Bring a x = b to an upper triangle with the pivots' inverses on its diagonal."""
    n = len(b)
    for k in range(n):
        pivot, largest = k, size(a[k, k])
        for i in range(k + 1, n):
            if size(a[i, k]) > largest:
                pivot, largest = i, size(a[i, k])
        if not largest > 0.0:
            return False
        if pivot != k:
            for j in range(k, n):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
            b[k], b[pivot] = b[pivot], b[k]
        inverse = reciprocal(a[k, k])
        a[k, k] = inverse
        for i in range(k + 1, n):
            if a[i, k] != 0.0:
                factor = a[i, k] * inverse
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
                b[i] -= factor * b[k]
    return True


@COMPILER.inlined
def size(x: complex) -> float:
    """Return a cheap measure of a number's size, for pivots."""
    return abs(x.real) + abs(x.imag)


@COMPILER.inlined
def reciprocal(x: complex) -> complex:
    """Return 1 / x without the library's guards against overflow."""
    return x.conjugate() / (x.real * x.real + x.imag * x.imag)
