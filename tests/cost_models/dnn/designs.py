"""Mappings as designs, for several tests."""

from __future__ import annotations

import csv

from archgym.envs.dnn.mapping import ENVIRONMENT as MAPPING
from tests.cost_models.dnn.walking import DIMENSIONS, Mapping
from tests.shared_data import shared_data

LEVELS = ("dram", "glb", "sp", "rf")
MACHINE = {
    "num_pes": 65536,
    "rf_words": 10**7,
    "glb_words": 10**9,
    "glb_read_bw": 4,
    "glb_write_bw": 3,
    "dram_bw": 2,
    "e_mac_pj": 1.5,
    "e_rf_pj": 0.9,
    "e_glb_pj": 6.25,
    "e_dram_pj": 200,
    "forwarding": 1,
}


def columns_problem(**settings):
    return MAPPING.make_problem("columns", **settings)


def design_of(mapping: Mapping) -> dict[str, object]:
    """Return the row of a table, layer included."""
    row = dict(mapping.machine) | {"stride": mapping.stride}
    for d in DIMENSIONS:
        row[d] = 1
        for level in LEVELS:
            row[f"{level}_{d}"] = getattr(mapping, level)[d]
            row[d] *= getattr(mapping, level)[d]
    return row | {f"{level}_order": mapping.orders[level] for level in LEVELS}


def recorded(name: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the rows of a recorded file, and the design columns alone."""
    with shared_data("dnn", name).open() as file:
        rows = list(csv.DictReader(file))
    labels = ("case_id", "layer_", "class", "exp_", "info_", "best_", "valid_")
    return rows, [{k: v for k, v in row.items() if not k.startswith(labels)} for row in rows]
