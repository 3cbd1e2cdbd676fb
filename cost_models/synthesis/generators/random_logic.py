"""Random control logic, the same for the same seed on every machine."""

from __future__ import annotations

import numpy as np

from archgym.cost_models.synthesis.generators.builder import Builder

_NEAR = 48  # new gates mostly take what was made lately, so that paths meet again
_FAR_ONE_IN = 8


class _Draws:
    """Whole numbers from the raw stream of PCG64, which NumPy promises never to change."""

    def __init__(self, seed: int):
        self._stream = np.random.PCG64(seed)

    def below(self, count: int) -> int:
        return int(self._stream.random_raw()) % count


def random_logic(make: Builder, inputs: int, outputs: int, ands: int, seed: int) -> None:
    """Draw gates until there are ``ands`` of them, each used by another or by an output."""
    draws = _Draws(seed)
    nets = make.input_bus("x", inputs)
    unused = dict.fromkeys(nets)
    while make.gates + max(len(unused) - outputs, 0) < ands:
        _draw_gate(make, draws, nets, unused)
    while len(unused) > outputs:
        a, b = (_take_unused(draws, unused) for _ in range(2))
        gate = make.all_of(a ^ draws.below(2), b ^ draws.below(2))
        unused[gate & ~1] = None
    ends = list(unused) + [nets[-1 - draws.below(min(len(nets), _NEAR))] for _ in range(outputs)]
    make.output_bus("y", [net ^ draws.below(2) for net in ends[:outputs]])


def _draw_gate(make: Builder, draws: _Draws, nets: list[int], unused: dict[int, None]) -> None:
    """Add a gate of two different nets, one of them unused where there are many of these."""
    first = (
        _some(draws, list(unused)) if len(unused) > 1 and draws.below(2) else _near(draws, nets)
    )
    second = _near(draws, nets)
    if first == second:
        return
    before = make.gates
    gate = make.all_of(first ^ draws.below(2), second ^ draws.below(2))
    if make.gates == before:
        return
    for net in (first, second):
        unused.pop(net, None)
    nets.append(gate)
    unused[gate] = None


def _near(draws: _Draws, nets: list[int]) -> int:
    far = draws.below(_FAR_ONE_IN) == 0
    return nets[-1 - draws.below(len(nets) if far else min(len(nets), _NEAR))]


def _some(draws: _Draws, nets: list[int]) -> int:
    return nets[draws.below(len(nets))]


def _take_unused(draws: _Draws, unused: dict[int, None]) -> int:
    net = _some(draws, list(unused))
    del unused[net]
    return net
