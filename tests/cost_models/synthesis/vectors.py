"""Circuits on whole numbers: many input vectors at once, buses as ints."""

from __future__ import annotations

import re

import numpy as np

from archgym.cost_models.synthesis.aiger import Aig

BIT = re.compile(r"(.*)\[(\d+)\]")


def buses(names: tuple[str, ...]) -> dict[str, list[int]]:
    """Return bus -> the places of its bits, the least significant first."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        match = BIT.fullmatch(name)
        bus, bit = (match.group(1), int(match.group(2))) if match else (name, 0)
        assert len(found.setdefault(bus, [])) == bit, "bits come in order"
        found[bus].append(at)
    return found


def run(aig: Aig, inputs: dict[str, list[int]]) -> dict[str, list[int]]:
    """Return bus -> one number per vector."""
    count = len(next(iter(inputs.values())))
    bits = np.zeros((aig.inputs, -(-count // 64) * 64), dtype=np.uint8)
    places = buses(aig.input_names)
    assert places.keys() == inputs.keys()
    for bus, at in places.items():
        for bit, place in enumerate(at):
            bits[place, :count] = [value >> bit & 1 for value in inputs[bus]]
    words = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    out = np.unpackbits(aig.simulate(words).view(np.uint8), axis=1, bitorder="little")
    result = {}
    for bus, at in buses(aig.output_names).items():
        columns = out[at, :count].tolist()
        result[bus] = [
            sum(bit << k for k, bit in enumerate(row)) for row in zip(*columns, strict=True)
        ]
    return result


def drawn(aig: Aig, count: int, seed: int = 0) -> dict[str, list[int]]:
    """Return random vectors, with all zeros and all ones; all vectors where these are few."""
    widths = {bus: len(at) for bus, at in buses(aig.input_names).items()}
    total = sum(widths.values())
    rng = np.random.default_rng(seed)
    if 2**total <= 4096:
        whole = list(range(2**total))
    else:
        raw = rng.integers(0, 256, (count, -(-total // 8)), dtype=np.uint8)
        whole = [int.from_bytes(row.tobytes(), "little") % 2**total for row in raw]
        whole += [0, 2**total - 1, 1, 2 ** (total - 1)]
    result, shift = {}, 0
    for bus, width in widths.items():
        result[bus] = [value >> shift & (2**width - 1) for value in whole]
        shift += width
    return result
