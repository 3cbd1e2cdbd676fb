"""Arithmetic on buses that several generators use."""

from __future__ import annotations

from collections.abc import Sequence

from archgym.cost_models.synthesis.generators.builder import FALSE, TRUE, Bits, Builder


def full_add(make: Builder, a: int, b: int, c: int) -> tuple[int, int]:
    """Return sum and carry of three bits."""
    half = make.xor(a, b)
    return make.xor(half, c), make.any_of(make.all_of(a, b), make.all_of(half, c))


def add_ripple(
    make: Builder, a: Sequence[int], b: Sequence[int], carry: int = FALSE
) -> tuple[Bits, int]:
    """Return sum and carry out of buses of equal width."""
    total = []
    for x, y in zip(a, b, strict=True):
        bit, carry = full_add(make, x, y, carry)
        total.append(bit)
    return total, carry


def subtract(make: Builder, a: Sequence[int], b: Sequence[int]) -> tuple[Bits, int]:
    """Return a - b and whether a >= b, unsigned."""
    return add_ripple(make, a, [net ^ 1 for net in b], TRUE)


def is_at_least(make: Builder, a: Sequence[int], b: Sequence[int]) -> int:
    """Return whether a >= b, unsigned."""
    carry = TRUE
    for x, y in zip(a, b, strict=True):
        differs = make.xor(x, y)
        carry = make.choose(differs, x, carry)
    return carry


def constant(value: int, width: int) -> Bits:
    """Return the bits of a whole number, two's complement where it is negative."""
    return [(value >> bit) & 1 for bit in range(width)]


def sum_columns(make: Builder, columns: list[Bits], width: int) -> Bits:
    """Return the sum modulo 2^width of bits by weight, as Wallace trees add them.

    Source: Wallace, IEEE Transactions on Electronic Computers EC-13, 1964.
    """
    columns = [list(column) for column in columns[:width]] + [[]] * (width - len(columns))
    while any(len(column) > 2 for column in columns):
        columns = _compress(make, columns, width)
    rows = [[column[at] if at < len(column) else FALSE for column in columns] for at in (0, 1)]
    return add_prefix(make, rows[0], rows[1])[0]


def _compress(make: Builder, columns: list[Bits], width: int) -> list[Bits]:
    """Return columns after each three bits became a sum and a carry."""
    after: list[Bits] = [[] for _ in range(width + 1)]
    for weight, column in enumerate(columns):
        triples = len(column) // 3 * 3
        for at in range(0, triples, 3):
            bit, carry = full_add(make, *column[at : at + 3])
            after[weight].append(bit)
            after[weight + 1].append(carry)
        after[weight] += column[triples:]
    return after[:width]


def add_prefix(make: Builder, a: Sequence[int], b: Sequence[int]) -> tuple[Bits, int]:
    """Return sum and carry out; carries in a tree of logarithmic depth.

    Source: Kogge and Stone, IEEE Transactions on Computers C-22, 1973.
    """
    half = [make.xor(x, y) for x, y in zip(a, b, strict=True)]
    generate = [make.all_of(x, y) for x, y in zip(a, b, strict=True)]
    propagate, reach = list(half), 1
    while reach < len(half):
        far = range(reach, len(half))
        carried = [make.all_of(propagate[at], generate[at - reach]) for at in far]
        together = [make.all_of(propagate[at], propagate[at - reach]) for at in far]
        generate[reach:] = [
            make.any_of(g, c) for g, c in zip(generate[reach:], carried, strict=True)
        ]
        propagate[reach:] = together
        reach *= 2
    carries = [FALSE, *generate]
    return [make.xor(h, c) for h, c in zip(half, carries, strict=False)], carries[-1]
