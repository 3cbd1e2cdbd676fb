"""A mapping with its machine and layer as Timeloop v3 reads them: architecture, mapping, problem.

``timeloop-model arch.yaml map.yaml prob.yaml`` evaluates what the three files say. The format is
that of Timeloop's documentation for version 3 (timeloop.csail.mit.edu): orders run from the
innermost loop outwards, the spatial loops belong to the level above the processing elements, and
all of them lie along one axis of the array. Words have 16 bits; the global buffer and the memory
move four at a time, so the energy of an access there is that of four words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archgym.cost_models.dnn.layer import DIMENSIONS
from archgym.cost_models.dnn.technology import technology

ARCHITECTURE, MAPPING, PROBLEM = "arch.yaml", "map.yaml", "prob.yaml"
BLOCK_WORDS = 4
_TENSORS = {"Weights": "KCRS", "Inputs": "NC", "Outputs": "NKPQ"}
# Level of our columns -> the storage that its loops belong to.
_TARGETS = {"dram": "DRAM", "glb": "GLB", "sp": "GLB", "rf": "RF"}


def timeloop_files(columns: Mapping[str, Any], layer: Mapping[str, int]) -> dict[str, str]:
    """Return file name -> YAML text.

    Args:
        columns: All columns of one mapping and its machine, bounds exact
            (`archgym.cost_models.dnn.mapping.columns`).
        layer: The seven dimensions and ``stride``.
    """
    import yaml

    contents = {
        ARCHITECTURE: {"architecture": _architecture(columns)},
        MAPPING: {"mapping": _mapping(columns)},
        PROBLEM: {"problem": _problem(layer)},
    }
    return {
        name: yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)
        for name, content in contents.items()
    }


def _architecture(columns: Mapping[str, Any]) -> dict[str, Any]:
    pes = int(columns["num_pes"])
    memory = _storage(columns["e_dram_pj"], BLOCK_WORDS) | {
        "shared_bandwidth": _plain(columns["dram_bw"])
    }
    buffer = _storage(columns["e_glb_pj"], BLOCK_WORDS) | {
        "entries": int(columns["glb_words"]),
        "read_bandwidth": _plain(columns["glb_read_bw"]),
        "write_bandwidth": _plain(columns["glb_write_bw"]),
    }
    registers = _storage(columns["e_rf_pj"], 1) | {
        "entries": int(columns["rf_words"]),
        "meshX": pes,
    }
    mac = {"datawidth": _word_bits(), "energy-per-op": _plain(columns["e_mac_pj"]), "meshX": pes}
    element = {
        "name": f"PE[0..{pes - 1}]",
        "local": [_component("RF", "regfile", registers), _component("MAC", "intmac", mac)],
    }
    chip = {"name": "chip", "local": [_component("GLB", "SRAM", buffer)], "subtree": [element]}
    system = {"name": "system", "local": [_component("DRAM", "DRAM", memory)], "subtree": [chip]}
    return {"version": 0.2, "subtree": [system]}


def _storage(word_pj: float, block: int) -> dict[str, Any]:
    return {
        "word-bits": _word_bits(),
        "block-size": block,
        "width": _word_bits() * block,
        "vector-access-energy": _plain(block * word_pj),
    }


def _component(name: str, kind: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "class": kind, "attributes": attributes}


def _mapping(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    keep = [
        {"target": target, "type": "bypass", "keep": list(_TENSORS)} for target in ("GLB", "RF")
    ]
    levels = [level for level in _TARGETS if level != "sp" or columns["num_pes"] > 1]
    return [*(_loops(columns, level) for level in levels), *keep]


def _loops(columns: Mapping[str, Any], level: str) -> dict[str, Any]:
    loops = {
        "target": _TARGETS[level],
        "type": "spatial" if level == "sp" else "temporal",
        "factors": " ".join(f"{d}={int(columns[f'{level}_{d}'])}" for d in DIMENSIONS),
        "permutation": columns[f"{level}_order"][::-1],
    }
    if level == "sp":
        loops["split"] = len(DIMENSIONS)
        if not columns["forwarding"]:
            loops["no_link_transfer"] = ["Inputs"]
    return loops


def _problem(layer: Mapping[str, int]) -> dict[str, Any]:
    spaces: list[dict[str, Any]] = [
        {"name": name, "projection": [[[d]] for d in dimensions]}
        for name, dimensions in _TENSORS.items()
    ]
    for output, tap in ("PR", "QS"):
        spaces[1]["projection"].append([[output, "stride"], [tap]])
    spaces[2]["read-write"] = True
    return {
        "shape": {
            "name": "convolution",
            "dimensions": list(DIMENSIONS),
            "coefficients": [{"name": "stride", "default": 1}],
            "data-spaces": spaces,
        },
        "instance": {name: int(layer[name]) for name in (*DIMENSIONS, "stride")},
    }


def _word_bits() -> int:
    return int(8 * technology()["word_bytes"])


def _plain(number: float) -> int | float:
    """Return a whole number without its decimal point."""
    return int(number) if float(number).is_integer() else float(number)
