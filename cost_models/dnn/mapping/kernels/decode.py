"""From the codes of designs to bounds and orders."""

from __future__ import annotations

from archgym.cost_models.compiled import Array
from archgym.cost_models.dnn.mapping.kernels import layout as at

kernel = at.COMPILER.kernel


@kernel
def decode_mappings(
    codes: Array,
    bound_columns: Array,
    bound_values: Array,
    bound_sizes: Array,
    order_columns: Array,
    permutations: Array,
    bounds: Array,
    orders: Array,
) -> None:
    """Write the bounds and orders that codes stand for.

    Args:
        codes: int64 (n, width).
        bound_columns: int64 (28,), the column of each bound.
        bound_values: int64 (28, most), the values of each bound's grid.
        bound_sizes: int64 (28,), how many each has; code size + i stands for the number 1 + i.
        order_columns: int64 (4,), the first of seven columns of Lehmer digits per level.
        permutations: int64 (5040, 7), all orders in lexicographic order.
        bounds: Result, int64 (n, 28).
        orders: Result, int64 (n, 28).
    """
    for row in range(len(codes)):
        for place in range(at.N_BOUNDS):
            code = codes[row, bound_columns[place]]
            size = bound_sizes[place]
            bounds[row, place] = bound_values[place, code] if code < size else code - size + 1
        for level in range(at.N_LEVELS):
            rank = 0
            for position in range(at.N_DIMENSIONS):
                digit = codes[row, order_columns[level] + position]
                rank = rank * (at.N_DIMENSIONS - position) + digit
            for position in range(at.N_DIMENSIONS):
                place = level * at.N_DIMENSIONS + position
                orders[row, place] = permutations[rank, position]
