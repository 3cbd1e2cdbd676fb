"""Integer expressions over named timings, as standards and memories are written in data."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
}
_COMPARE: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def evaluate(expression: str, names: Mapping[str, int]) -> int:
    """Return the value of a sum, difference, product or ``max`` of names and integers.

    Raises:
        KeyError: A name is not in ``names``.
        ValueError: The expression has any other form.
    """
    return _value(ast.parse(expression, mode="eval").body, names)


def holds(relation: str, names: Mapping[str, int]) -> bool:
    """Return whether ``left > right`` or ``left >= right`` holds; errors as in ``evaluate``."""
    left, compare, right = _relation(relation)
    return compare(_value(left, names), _value(right, names))


def sides(relation: str, names: Mapping[str, int]) -> tuple[str, int, int]:
    """Return the left side of a relation as text, and the values of both sides."""
    left, _, right = _relation(relation)
    return ast.unparse(left), _value(left, names), _value(right, names)


def _relation(relation: str) -> tuple[ast.expr, Callable[[int, int], bool], ast.expr]:
    node = ast.parse(relation, mode="eval").body
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise ValueError(f"not a relation: {relation!r}")
    return node.left, _COMPARE[type(node.ops[0])], node.comparators[0]


def _value(node: ast.expr, names: Mapping[str, int]) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "max":
        return max(_value(argument, names) for argument in node.args)
    raise ValueError(f"not allowed in a timing expression: {ast.unparse(node)!r}")
