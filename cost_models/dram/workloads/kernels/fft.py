"""Radix-2 fast Fourier transforms, in place: bit reversal, then one pass per stage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dram.workloads.access_log import (
    AccessLog,
    empty_log,
    load,
    logged,
    store,
    work,
)
from archgym.cost_models.dram.workloads.address_space import place_arrays
from archgym.cost_models.dram.workloads.compiled import compiled
from archgym.cost_models.dram.workloads.kernel_run import KernelRun

Complex = NDArray[np.complex128]

POINT_BYTES = 16
REVERSE_INSTRUCTIONS = 6  # reversal of one index by table and shifts
BUTTERFLY_INSTRUCTIONS = 8  # complex multiply-add in vector form, indices, branch


def run(rng: np.random.Generator, *, bits: int, signals: int) -> KernelRun:
    """Transform ``signals`` times 2**bits random complex points, one signal after the other."""
    points = 1 << bits
    signal = rng.random((signals, points)) + 1j * rng.random((signals, points))
    data = signal.copy()
    twiddles = np.exp(-2j * np.pi * np.arange(points // 2) / points)
    base, twiddle_base = place_arrays(rng, [data.nbytes, twiddles.nbytes])
    log = empty_log(signals * (4 * points + 5 * points // 2 * bits))
    for number in range(signals):
        start = base + POINT_BYTES * points * number
        _reverse(log, start, data[number], bits)
        _transform(log, (start, twiddle_base), data[number], twiddles)
    return KernelRun(logged(log), {"signal": signal}, data)


@compiled
def _reverse(log: AccessLog, base: int, data: Complex, bits: int) -> None:
    for i in range(len(data)):
        j = 0
        for bit in range(bits):
            j |= ((i >> bit) & 1) << (bits - 1 - bit)
        work(log, REVERSE_INSTRUCTIONS)
        if i < j:
            load(log, base + POINT_BYTES * i)
            load(log, base + POINT_BYTES * j)
            data[i], data[j] = data[j], data[i]
            store(log, base + POINT_BYTES * i)
            store(log, base + POINT_BYTES * j)


@compiled
def _transform(log: AccessLog, bases: tuple[int, int], data: Complex, twiddles: Complex) -> None:
    half = 1
    while half < len(data):
        for block in range(0, len(data), 2 * half):
            for i in range(block, block + half):
                turn = (i - block) * (len(twiddles) // half)
                _butterfly(log, bases, data, twiddles, i, i + half, turn)
        half *= 2


@compiled
def _butterfly(
    log: AccessLog,
    bases: tuple[int, int],
    data: Complex,
    twiddles: Complex,
    i: int,
    j: int,
    turn: int,
) -> None:
    base, twiddle_base = bases
    load(log, twiddle_base + POINT_BYTES * turn)
    load(log, base + POINT_BYTES * i)
    load(log, base + POINT_BYTES * j)
    work(log, BUTTERFLY_INSTRUCTIONS)
    turned = twiddles[turn] * data[j]
    data[i], data[j] = data[i] + turned, data[i] - turned
    store(log, base + POINT_BYTES * i)
    store(log, base + POINT_BYTES * j)
