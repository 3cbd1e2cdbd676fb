"""A mapping as the level of each prime factor of each dimension, and how searches change it."""

from __future__ import annotations

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapper.kernels import layout as m
from archgym.cost_models.dnn.mapping.kernels import layout as at

helper = m.COMPILER.helper


@helper
def list_factors(sizes: Array, factors: Array) -> int:
    """Write the prime factors of a layer's dimensions, all of DRAM loops; return how many."""
    count = 0
    for d in range(at.N_DIMENSIONS):
        left, prime = sizes[d], 2
        while left > 1:
            if prime * prime > left:
                prime = left
            while left % prime == 0:
                factors[count, m.PRIME], factors[count, m.DIMENSION] = prime, d
                factors[count, m.LEVEL] = at.DRAM
                left //= prime
                count += 1
            prime += 1
    return count


@helper
def move(bounds: Array, factors: Array, factor: int, level: int) -> None:
    """Take a prime factor from its level to another."""
    prime, d = factors[factor, m.PRIME], factors[factor, m.DIMENSION]
    bounds[0, factors[factor, m.LEVEL] * at.N_DIMENSIONS + d] //= prime
    bounds[0, level * at.N_DIMENSIONS + d] *= prime
    factors[factor, m.LEVEL] = level


@helper
def other_level(level: int, draw: float) -> int:
    """Return one of the three other levels."""
    return (level + 1 + int(draw * (at.N_LEVELS - 1))) % at.N_LEVELS


@helper
def change(
    bounds: Array,
    orders: Array,
    factors: Array,
    count: int,
    forwarding: bool,
    shares: Array,
    draws: Array,
) -> None:
    """Take one random step from a mapping of at least one factor.

    Args:
        bounds: Of the mapping.
        orders: Of the mapping.
        factors: Of the mapping.
        count: How many factors there are.
        forwarding: Whether the order of spatial loops is of consequence.
        shares: float64 (4,), of the steps in which one factor moves, two change places, two
            move, a dimension changes its bounds at two levels; the rest swap loops.
        draws: float64 (N_DRAWS,) in [0, 1).
    """
    kind, spot = draws[m.KIND], draws[m.PLACE]
    one, two = int(draws[m.FIRST] * count), int(draws[m.SECOND] * count)
    level, other = factors[one, m.LEVEL], factors[two, m.LEVEL]
    kind -= shares[0]
    two_move = shares[1] + shares[2]
    if kind >= two_move + shares[3]:
        swap_loops(bounds, orders, forwarding, draws)
    elif kind >= two_move:
        exchange_bounds(bounds, factors, count, one, other_level(level, spot))
    elif kind < 0.0 or one == two:
        move(bounds, factors, one, other_level(level, spot))
    elif kind < shares[1] and level != other:
        move(bounds, factors, one, other)
        move(bounds, factors, two, level)
    else:
        move(bounds, factors, one, other_level(level, spot))
        move(bounds, factors, two, other_level(other, spot * at.N_LEVELS % 1.0))


@helper
def exchange_bounds(bounds: Array, factors: Array, count: int, chosen: int, level: int) -> None:
    """Let the bounds that a factor's dimension has at its level and at another change places."""
    d, own = factors[chosen, m.DIMENSION], factors[chosen, m.LEVEL]
    for factor in range(count):
        if factors[factor, m.DIMENSION] != d:
            continue
        if factors[factor, m.LEVEL] == own:
            move(bounds, factors, factor, level)
        elif factors[factor, m.LEVEL] == level:
            move(bounds, factors, factor, own)


@helper
def swap_loops(bounds: Array, orders: Array, forwarding: bool, draws: Array) -> None:
    """Let two loops of one level, with bounds above 1, change places.

    The order of RF loops is never of consequence, that of spatial ones only with forwarding.
    """
    level = int(draws[m.PLACE] * (3 if forwarding else 2))
    start = level * at.N_DIMENSIONS
    count = 0
    for d in range(at.N_DIMENSIONS):
        count += bounds[0, start + d] > 1
    if count < 2:
        return
    one = int(draws[m.FIRST] * count)
    two = (one + 1 + int(draws[m.SECOND] * (count - 1))) % count
    first = nth_loop(bounds, orders, start, one)
    second = nth_loop(bounds, orders, start, two)
    orders[0, first], orders[0, second] = orders[0, second], orders[0, first]


@helper
def nth_loop(bounds: Array, orders: Array, start: int, n: int) -> int:
    """Return the position of the n-th loop of a level among those with bounds above 1."""
    position = start
    while True:
        if bounds[0, start + orders[0, position]] > 1:
            if n == 0:
                return position
            n -= 1
        position += 1
