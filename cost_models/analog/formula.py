"""Small formulas over parameters, as circuits are described in data."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}


def names_in(formula: str) -> set[str]:
    """Return the names in a formula.

    Raises:
        ValueError: It is none.
    """
    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError:
        raise ValueError(f"not a formula: {formula!r}") from None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"min"}
    evaluate(formula, dict.fromkeys(names, np.ones(1)))
    return names


def evaluate(formula: str, names: Mapping[str, Values]) -> Values:
    """Return sums, products, quotients and ``min`` of names and numbers, shape (n,).

    Raises:
        ValueError: The formula has any other form.
        KeyError: A name is not in ``names``.
    """
    return np.asarray(_value(ast.parse(formula, mode="eval").body, names), dtype=np.float64)


def _value(node: ast.expr, names: Mapping[str, Values]) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "min":
        return np.minimum.reduce([_value(argument, names) for argument in node.args])
    raise ValueError(f"not allowed in a formula: {ast.unparse(node)!r}")
