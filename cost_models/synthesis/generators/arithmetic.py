"""Adders, multipliers, dividers, roots, filters."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from archgym.cost_models.synthesis.generators.builder import FALSE, TRUE, Bits, Builder
from archgym.cost_models.synthesis.generators.words import (
    add_prefix,
    add_ripple,
    subtract,
    sum_columns,
)

_LOOKAHEAD_BITS = 4


def adder(make: Builder, width: int, arch: str) -> None:
    """Add without carry in."""
    a, b = make.input_bus("a", width), make.input_bus("b", width)
    architectures = {
        "ripple": add_ripple,
        "lookahead": _add_lookahead,
        "kogge_stone": add_prefix,
        "carry_select": _add_select,
    }
    total, carry = architectures[arch](make, a, b)
    make.output_bus("f", total)
    make.output("cOut", carry)


def _add_lookahead(make: Builder, a: Bits, b: Bits) -> tuple[Bits, int]:
    """Return sum and carry; the carries of each four bits are flat functions of the block's."""
    total: Bits = []
    carry = FALSE
    for start in range(0, len(a), _LOOKAHEAD_BITS):
        block = slice(start, start + _LOOKAHEAD_BITS)
        half = [make.xor(x, y) for x, y in zip(a[block], b[block], strict=True)]
        both = [make.all_of(x, y) for x, y in zip(a[block], b[block], strict=True)]
        carries = [carry] + [_flat_carry(make, half, both, carry, at) for at in range(len(half))]
        total += [make.xor(h, c) for h, c in zip(half, carries, strict=False)]
        carry = carries[-1]
    return total, carry


def _flat_carry(make: Builder, half: Bits, both: Bits, carry: int, at: int) -> int:
    born = [make.all_of(both[k], *half[k + 1 : at + 1]) for k in range(at + 1)]
    return make.any_of(*born, make.all_of(carry, *half[: at + 1]))


def _add_select(make: Builder, a: Bits, b: Bits) -> tuple[Bits, int]:
    """Return sum and carry; each block is added for both carries, the right one is chosen."""
    total: Bits = []
    carry, size = FALSE, max(isqrt(len(a)), 1)
    for start in range(0, len(a), size):
        block = slice(start, start + size)
        without, carry_without = add_ripple(make, a[block], b[block], FALSE)
        with_one, carry_with = add_ripple(make, a[block], b[block], TRUE)
        total += make.choose_bus(carry, with_one, without)
        carry = make.choose(carry, carry_with, carry_without)
    return total, carry


def multiplier(make: Builder, width: int, arch: str) -> None:
    """Multiply unsigned numbers."""
    a, b = make.input_bus("a", width), make.input_bus("b", width)
    architectures = {
        "array": _multiply_array,
        "wallace": _multiply_wallace,
        "booth": _multiply_booth,
    }
    make.output_bus("f", architectures[arch](make, a, b))


def _multiply_array(make: Builder, a: Bits, b: Bits) -> Bits:
    """Return the product, one row of full adders for each bit of b."""
    row = [make.all_of(x, b[0]) for x in a] + [FALSE]
    product = [row[0]]
    for y in b[1:]:
        added, carry = add_ripple(make, row[1:], [make.all_of(x, y) for x in a])
        row = [*added, carry]
        product.append(row[0])
    return product + row[1:]


def _multiply_wallace(make: Builder, a: Bits, b: Bits) -> Bits:
    columns: list[Bits] = [[] for _ in range(2 * len(a))]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            columns[i + j].append(make.all_of(x, y))
    return sum_columns(make, columns, 2 * len(a))


def _multiply_booth(make: Builder, a: Bits, b: Bits) -> Bits:
    """Return the product by digits -2 .. 2 of b, two bits each (modified Booth recoding).

    Source: MacSorley, Proceedings of the IRE 49, 1961.
    """
    width = 2 * len(a)
    digits = [FALSE, *b, FALSE, FALSE, FALSE]
    columns: list[Bits] = [[] for _ in range(width)]
    for shift in range(0, len(b) + 1, 2):
        low, middle, high = digits[shift : shift + 3]
        one = make.xor(low, middle)
        two = make.any_of(
            make.all_of(high, middle ^ 1, low ^ 1), make.all_of(high ^ 1, middle, low)
        )
        pairs = zip([*a, FALSE], [FALSE, *a], strict=True)
        size = [make.any_of(make.all_of(one, x), make.all_of(two, y)) for x, y in pairs]
        signed = [make.xor(bit, high) for bit in size] + [high] * width
        for at, bit in enumerate(signed[: width - shift]):
            columns[shift + at].append(bit)
        columns[shift].append(high)
    return sum_columns(make, columns, width)


def square(make: Builder, width: int) -> None:
    """Multiply a number with itself; mixed products come twice, so one of double weight stands."""
    a = make.input_bus("a", width)
    columns: list[Bits] = [[] for _ in range(2 * width + 1)]
    for i, x in enumerate(a):
        columns[2 * i].append(x)
        for j in range(i + 1, width):
            columns[i + j + 1].append(make.all_of(x, a[j]))
    make.output_bus("f", sum_columns(make, columns, 2 * width))


def divider(make: Builder, width: int) -> None:
    """Divide unsigned numbers, restoring; by zero: all ones, and the dividend remains."""
    a, b = make.input_bus("a", width), make.input_bus("b", width)
    remainder: Bits = [FALSE] * width
    quotient: Bits = []
    for bit in reversed(a):
        shifted = [bit, *remainder]
        rest, fits = subtract(make, shifted, [*b, FALSE])
        remainder = make.choose_bus(fits, rest[:width], shifted[:width])
        quotient.insert(0, fits)
    make.output_bus("quotient", quotient)
    make.output_bus("remainder", remainder)


def square_root(make: Builder, width: int) -> None:
    """Take the integer square root, digit by digit."""
    a = make.input_bus("a", width)
    size = width // 2 + 2
    remainder: Bits = [FALSE] * size
    root: Bits = []
    for at in range(width - 2, -1, -2):
        shifted = [a[at], a[at + 1], *remainder][:size]
        trial = ([TRUE, FALSE, *root] + [FALSE] * size)[:size]
        rest, fits = subtract(make, shifted, trial)
        remainder = make.choose_bus(fits, rest, shifted)
        root = [fits, *root]
    make.output_bus("r", root)


def fir(make: Builder, taps: int, width: int, coefs: Sequence[int]) -> None:
    """Sum products of signed inputs with constants, in as many bits as always suffice."""
    inputs = [make.input_bus(f"x{tap}", width) for tap in range(taps)]
    size = width + sum(map(abs, coefs)).bit_length()
    columns: list[Bits] = [[] for _ in range(size)]
    for bits, factor in zip(inputs, coefs, strict=True):
        extended = bits + [bits[-1]] * (size - width)
        _add_multiple(columns, extended, factor)
    make.output_bus("y", sum_columns(make, columns, size))


def _add_multiple(columns: list[Bits], bits: Bits, factor: int) -> None:
    """Add factor x bits to the columns; minus a number is its complement plus one."""
    for shift in range(abs(factor).bit_length()):
        if not abs(factor) >> shift & 1:
            continue
        for at, bit in enumerate(bits[: len(columns) - shift]):
            columns[shift + at].append(bit ^ (factor < 0))
        if factor < 0:
            columns[shift].append(TRUE)
