"""Comparing, counting, and an arithmetic unit."""

from __future__ import annotations

from archgym.cost_models.synthesis.generators.builder import FALSE, Bits, Builder
from archgym.cost_models.synthesis.generators.words import (
    add_ripple,
    constant,
    is_at_least,
    subtract,
    sum_columns,
)


def comparator(make: Builder, width: int) -> None:
    """Compare unsigned numbers."""
    a, b = make.input_bus("a", width), make.input_bus("b", width)
    at_least, at_most = is_at_least(make, a, b), is_at_least(make, b, a)
    make.output("lt", at_least ^ 1)
    make.output("eq", make.all_of(at_least, at_most))
    make.output("gt", at_most ^ 1)


def popcount(make: Builder, inputs: int) -> None:
    """Count ones."""
    make.output_bus("c", _count(make, make.input_bus("a", inputs)))


def voter(make: Builder, inputs: int) -> None:
    """Say whether more than half of the inputs are one."""
    count = _count(make, make.input_bus("a", inputs))
    make.output("maj", is_at_least(make, count, constant((inputs + 1) // 2, len(count))))


def _count(make: Builder, bits: Bits) -> Bits:
    return sum_columns(make, [bits], len(bits).bit_length())


def parity(make: Builder, inputs: int) -> None:
    """Say whether the number of ones is odd."""
    make.output("p", make.xor(*make.input_bus("a", inputs)))


def alu(make: Builder, width: int) -> None:
    """Add, subtract, and, or, xor, shift left, signed less than, b: by a code of three bits."""
    a, b, op = make.input_bus("a", width), make.input_bus("b", width), make.input_bus("op", 3)
    total, carry = add_ripple(make, a, b)
    difference, no_borrow = subtract(make, a, b)
    results = [
        total,
        difference,
        [make.all_of(x, y) for x, y in zip(a, b, strict=True)],
        [make.any_of(x, y) for x, y in zip(a, b, strict=True)],
        [make.xor(x, y) for x, y in zip(a, b, strict=True)],
        _shift_left(make, a, b[: width.bit_length() - 1]),
        [make.choose(make.xor(a[-1], b[-1]), a[-1], no_borrow ^ 1)] + [FALSE] * (width - 1),
        b,
    ]
    for bit in op:
        pairs = zip(results[1::2], results[::2], strict=True)
        results = [make.choose_bus(bit, odd, even) for odd, even in pairs]
    make.output_bus("y", results[0])
    make.output("zero", make.any_of(*results[0]) ^ 1)
    flag = make.choose(op[0], no_borrow ^ 1, carry)
    make.output("carry", make.all_of(flag, op[1] ^ 1, op[2] ^ 1))


def _shift_left(make: Builder, a: Bits, by: Bits) -> Bits:
    for place, bit in enumerate(by):
        moved = [FALSE] * 2**place + a[: -(2**place)]
        a = make.choose_bus(bit, moved, a)
    return a
