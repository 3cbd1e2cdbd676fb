"""The layer that a design brings with it, in columns of its own (workload ``columns``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.batch import Batch
from archgym.cost_models.dnn.layer import Layer, gemm
from archgym.cost_models.dnn.network import LAYER_FIELDS, Network
from archgym.errors import WorkloadError
from archgym.fixed_parameters import FixedNumber
from archgym.scalar_parameters import Categorical

CONV_REQUIRED = ("K", "C", "R", "S", "P", "Q")
CONV_OPTIONAL = ("N", "stride", "groups")
GEMM_COLUMNS = ("gemm_m", "gemm_n", "gemm_k")
LAYER_COLUMNS = (*LAYER_FIELDS, *GEMM_COLUMNS)


def layers_of(batch: Batch, network: Network) -> NDArray[np.int64]:
    """Return the layers of a network, int64 (1, m, 9), or those of the designs, (n, 1, 9).

    Columns as `LAYER_FIELDS`.
    """
    if not network.is_per_design:
        return network.rows[None]
    given = {name: given_numbers(batch, name) for name in LAYER_COLUMNS}
    is_gemm = ~np.isnan(given["gemm_m"])
    as_conv = {"P": "gemm_m", "K": "gemm_n", "C": "gemm_k"}
    columns = [
        np.where(is_gemm, given[as_conv[name]] if name in as_conv else 1.0, given[name])
        for name in LAYER_FIELDS
    ]
    rows = np.nan_to_num(np.stack(columns, axis=1), nan=1.0)
    return np.asarray(rows[:, None], dtype=np.int64)


def given_numbers(batch: Batch, name: str) -> NDArray[np.float64]:
    """Return a column of fixed numbers, float64 (n,); NaN where nothing is given."""
    parameter = batch.space[name]
    if not isinstance(parameter, FixedNumber):
        raise TypeError(f"{name!r} is not a fixed number")
    return parameter.numbers(batch.codes[:, batch.space.columns[name]])


def indices(batch: Batch, name: str, words: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the place in ``words`` of each value of a categorical column, int64 (n,)."""
    parameter = batch.space[name]
    if not isinstance(parameter, Categorical):
        raise TypeError(f"{name!r} is not categorical")
    return np.array([words.index(word) for word in parameter.values])[batch.code(name)]


def layer_problem(row: dict[str, float | None]) -> tuple[str, str]:
    """Return (column, what is required) of the first fault in a design's layer, or empty texts.

    Args:
        row: Column of `LAYER_COLUMNS` -> number, None where it is not given.
    """
    gemm_given = [name for name in GEMM_COLUMNS if row[name] is not None]
    wanted = GEMM_COLUMNS if gemm_given else CONV_REQUIRED
    for name in wanted:
        if row[name] is None:
            return name, f"an integer >= 1; a layer needs {', '.join(wanted)}"
    if gemm_given:
        extra = [name for name in LAYER_FIELDS if (row[name] or 1) != 1]
        if extra:
            return extra[0], "1 or empty beside gemm_m, gemm_n, gemm_k"
    return _too_odd({name: int(value) for name, value in row.items() if value is not None})


def _too_odd(row: dict[str, int]) -> tuple[str, str]:
    try:
        if "gemm_m" in row:
            gemm(row["gemm_m"], row["gemm_n"], row["gemm_k"])
        else:
            Layer(**{name: row[name] for name in LAYER_FIELDS if name in row})
    except WorkloadError as error:
        return ("groups" if "groups=" in str(error) else "K"), str(error)
    return "", ""
