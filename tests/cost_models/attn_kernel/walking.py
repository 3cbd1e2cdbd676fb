"""An independent slow account of FuseMax's configurations: every tile and operation, one by one.

It follows the table of operations and the stages of the pipelines, not the closed forms.
"""

from __future__ import annotations

from collections import Counter

WORD = 2

# Operation -> its array and what one tile of PE x PE scores costs there, F and E by name.
TILE_OPERATIONS = {
    "QK": ("2d", ["E"]),
    "LM": ("2d", [1]),
    "SLN": ("2d", [6, 1]),
    "SLD": ("2d", [1]),
    "SLNV": ("2d", ["F"]),
    "RM": ("1d", [1]),
    "PRM": ("1d", [6, 1]),
    "SPD": ("1d", [1]),
    "SPNV": ("1d", ["F"]),
    "RD": ("1d", [1]),
    "RNV": ("1d", ["F"]),
}
# Stages of a pipeline: what runs on either array side by side.
STAGES = {
    "binding": [
        (["QK", "LM"], ["RD", "RNV", "AV"]),
        ([], ["RM"]),
        (["SLN", "SLD"], ["PRM", "SPD"]),
        (["SLNV"], ["SPNV"]),
    ],
    "arch": [
        (["QK", "LM"], ["RD", "AV"]),
        ([], ["RM"]),
        (["SLN", "SLD"], ["PRM", "SPD"]),
        (["SLNV"], ["SPNV", "RNV"]),
    ],
}


def ranges(count: int, size: int) -> list[range]:
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def kept_blocks(config: str, shape: dict[str, int], pe: int, l3: int, query_tile: int) -> int:
    """Return the blocks of queries in L3, 0 if they do not fit."""
    blocks = len(ranges(shape["seq"], pe))

    def fits(count: int) -> bool:
        used = 0
        for _ in range(pe):  # a key and a value per lane
            used += WORD * (shape["E"] + shape["F"])
        for _ in range(count * pe):  # a query with its result, maximum and sum
            used += WORD * (shape["E"] + shape["F"] + 1 + 1)
            if config == "cascade":  # and scores and weights of a tile
                used += WORD * 2 * pe
        return used <= l3

    if query_tile:
        asked = min(len(ranges(query_tile, pe)), blocks)
        return asked if fits(asked) else 0
    for count in range(blocks, 0, -1):
        if blocks % count == 0 and fits(count):
            return count
    return 0


def walk_tiled(config: str, shape: dict[str, int], pe: int, l3: int, query_tile: int):
    """Return (cycles by operation, bytes) of cascade, arch or binding; None if it cannot run."""
    kept = kept_blocks(config, shape, pe, l3, query_tile)
    if not kept:
        return None
    cycles: Counter[str] = Counter()
    traffic = 0
    for _ in range(shape["B"] * shape["H"]):
        for tile in ranges(shape["seq"], kept * pe):
            traffic += sum(
                WORD * (shape["E"] + shape["F"]) for _ in tile
            )  # queries in, results out
            for keys in ranges(shape["seq"], pe):
                traffic += sum(WORD * (shape["E"] + shape["F"]) for _ in keys)
                for _ in ranges(len(tile), pe):
                    count_tile(config, shape, len(keys), cycles)
            for _ in ranges(len(tile), pe):
                cycles["AV"] += shape["F"]
    return cycles, traffic


def count_tile(config: str, shape: dict[str, int], keys: int, cycles: Counter[str]) -> None:
    if config == "cascade":
        cycles["QK"] += shape["E"]
        cycles["SLNV"] += shape["F"]
        for _ in range(keys):
            cycles["scores"] += 1 + 2 + 1  # maximum, subtraction and exponential, sum
        cycles["running"] += 1 + 2 + 1 + shape["F"] + 1 + shape["F"]
        return
    for name, (_, steps) in TILE_OPERATIONS.items():
        cycles[name] += sum(shape.get(step, step) for step in steps)


def compute_cycles(config: str, pe: int, cycles: Counter[str]) -> tuple[int, int, int]:
    """Return the cycles until the end, and those in which the 2-D and the 1-D array work."""
    on_2d = {name for name, (array, _) in TILE_OPERATIONS.items() if array == "2d"}
    busy_2d = sum(count for name, count in cycles.items() if name in on_2d)
    busy_1d = sum(cycles.values()) - busy_2d
    if config == "cascade":
        return max(busy_2d, busy_1d), busy_2d, busy_1d
    total = sum(
        max(sum(cycles[n] for n in first), sum(cycles[n] for n in second))
        for first, second in STAGES[config]
    )
    if config == "arch":  # maxima cross the array, PE cycles for every cycle of LM
        total += sum(pe for _ in range(cycles["LM"]))
    return total, busy_2d, busy_1d


def walk_products(shape: dict[str, int], pe: int) -> tuple[int, int, int]:
    """Return cycles of QK, of AV and of softmax of unfused and flat."""
    qk = av = softmax = 0
    for _ in range(shape["B"] * shape["H"]):
        for _ in ranges(shape["seq"], pe):
            for _ in ranges(shape["seq"], pe):
                qk += shape["E"]
                av += shape["F"]
            for _ in range(shape["seq"]):
                softmax += 1 + 1 + 1 + 1  # maximum, exponential, sum, division
    return qk, av, softmax
