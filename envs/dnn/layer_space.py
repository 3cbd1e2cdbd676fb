"""Design spaces under the workload ``columns``: each design carries its own layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.constraint import Constraint
from archgym.cost_models.dnn.layer import Layer
from archgym.cost_models.dnn.layer_columns import LAYER_COLUMNS, layer_problem
from archgym.cost_models.dnn.network import LAYER_FIELDS
from archgym.errors import InvalidDesignError
from archgym.fixed_parameters import FixedNumber
from archgym.parameter import Parameter
from archgym.space import DesignSpace

_MEANINGS = {
    "N": "batch",
    "K": "output channels over all groups",
    "C": "input channels over all groups",
    "P": "output height",
    "Q": "output width",
    "R": "filter height",
    "S": "filter width",
    "stride": "of the convolution; empty = 1",
    "groups": "of the convolution; empty = 1",
    "gemm_m": "rows of a matrix product, instead of a convolution",
    "gemm_n": "columns of its result",
    "gemm_k": "its reduction",
}


class LayerSpace(DesignSpace):
    """A space with the columns of a layer beside the parameters of the hardware.

    Layers are not searched: designs that agents draw carry none and break the constraint.

    Args:
        parameters: The other parameters.
        default: The default design, a layer among it.
        single_group: Whether only layers with one group are legal.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        default: Mapping[str, Any],
        single_group: bool = False,
    ):
        columns = [
            FixedNumber(name, 1, role="layer", description=_MEANINGS[name])
            for name in LAYER_COLUMNS
        ]
        self._single_group = single_group
        super().__init__(
            [*columns, *parameters], [_HAS_LAYER], default=default, blank_is_default=True
        )

    def encode_each(self, designs: Any) -> tuple[Batch, dict[int, InvalidDesignError]]:
        batch, errors = super().encode_each(designs)
        if isinstance(designs, Batch):
            return batch, errors
        columns = [batch[name].tolist() for name in LAYER_COLUMNS]
        for row, values in enumerate(zip(*columns, strict=True)):
            error = self._layer_error(dict(zip(LAYER_COLUMNS, values, strict=True)), row)
            if error is not None and row not in errors:
                errors[row] = error
                batch.codes[row] = self.default.codes[0]
        return batch, errors

    def _layer_error(self, row: dict[str, Any], number: int) -> InvalidDesignError | None:
        column, required = layer_problem(row)
        if not column and self._single_group and (row["groups"] or 1) != 1:
            column, required = "groups", "1: a group convolution is mapped group by group"
        if not column:
            return None
        value = "" if row[column] is None else row[column]
        return InvalidDesignError(column, value, required, number)


def layer_design(layer: Layer) -> dict[str, int]:
    """Return the columns of a layer."""
    return {name: getattr(layer, name) for name in LAYER_FIELDS}


def _has_layer(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    given = [np.array([v is not None for v in columns[name].tolist()]) for name in ("K", "gemm_m")]
    return np.asarray(given[0] | given[1])


_HAS_LAYER = Constraint(
    "layer",
    ("K", "gemm_m"),
    _has_layer,
    "each design carries a layer under workload columns; to search, name a layer or network",
)
