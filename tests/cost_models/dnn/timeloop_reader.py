"""A reader of Timeloop's files that knows their format and nothing of ours."""

from __future__ import annotations

import re

import yaml

LEVEL = {
    ("DRAM", "temporal"): "dram",
    ("GLB", "temporal"): "glb",
    ("GLB", "spatial"): "sp",
    ("RF", "temporal"): "rf",
}


def load(files):
    assert set(files) == {"arch.yaml", "map.yaml", "prob.yaml"}
    merged = {}
    for text in files.values():
        merged |= yaml.safe_load(text)
    return merged


def storages(tree, count=1):
    """Yield (component, instances) down the tree of an architecture."""
    for node in tree:
        found = re.fullmatch(r"\w+(?:\[0\.\.(\d+)\])?", node["name"])
        here = count * (int(found[1]) + 1 if found[1] else 1)
        for component in node["local"]:
            yield component, here
        yield from storages(node.get("subtree", []), here)


def read_back(files):
    """Return the files as columns of a table."""
    content = load(files)
    parts = {
        c["name"]: (c["attributes"], n) for c, n in storages(content["architecture"]["subtree"])
    }
    assert list(parts) == ["DRAM", "GLB", "RF", "MAC"]
    (dram, _), (glb, _), (rf, pes), (mac, macs) = parts.values()
    assert pes == macs == rf["meshX"]
    for storage in (dram, glb, rf):
        assert storage["width"] == storage["word-bits"] * storage["block-size"]
    row = {
        "num_pes": pes,
        "rf_words": rf["entries"],
        "glb_words": glb["entries"],
        "glb_read_bw": glb["read_bandwidth"],
        "glb_write_bw": glb["write_bandwidth"],
        "dram_bw": dram["shared_bandwidth"],
        "e_mac_pj": mac["energy-per-op"],
        "forwarding": 1,
    }
    for name, storage in (("dram", dram), ("glb", glb), ("rf", rf)):
        row[f"e_{name}_pj"] = storage["vector-access-energy"] / storage["block-size"]
    for directive in content["mapping"]:
        if directive["type"] == "bypass":
            assert directive["keep"] == ["Weights", "Inputs", "Outputs"]
            continue
        level = LEVEL[directive["target"], directive["type"]]
        for factor in directive["factors"].split():
            dimension, bound = factor.split("=")
            row[f"{level}_{dimension}"] = int(bound)
        row[f"{level}_order"] = "".join(reversed(directive["permutation"]))
        if directive.get("no_link_transfer"):
            assert directive["no_link_transfer"] == ["Inputs"]
            row["forwarding"] = 0
        if level == "sp":
            assert directive["split"] == len(directive["permutation"]) == 7
    return row | content["problem"]["instance"]
