"""Decoding with a small transformer: weights are streamed for each token, the KV cache grows."""

from __future__ import annotations

import math
from typing import NamedTuple

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

Float = NDArray[np.float32]

VECTOR = 16  # float32 in a 64-byte register
VECTOR_INSTRUCTIONS = 2  # multiply-add, loop overhead (unrolled)
SOFTMAX_INSTRUCTIONS = 10  # exponential and sum, per position
FEED_FORWARD = 2  # width of the hidden layer over the model's
ARRAYS = ("attention", "up", "down", "keys", "values")


class Model(NamedTuple):
    """Arrays of the model, float32, and where they lie.

    Attributes:
        attention: (layers, 4, width, width), query, key, value and output projections.
        up: (layers, 2 width, width), first feed-forward matrix.
        down: (layers, width, 2 width), second feed-forward matrix.
        keys: (layers, positions, width), the key half of the KV cache.
        values: (layers, positions, width), the value half.
        bases: Byte addresses of the five, in this order.
    """

    attention: Float
    up: Float
    down: Float
    keys: Float
    values: Float
    bases: tuple[int, int, int, int, int]


def run(
    rng: np.random.Generator, *, width: int, heads: int, layers: int, prompt: int, tokens: int
) -> KernelRun:
    """Decode ``tokens`` given inputs after a prompt of random keys and values.

    ``width`` is a multiple of 16 and of ``heads``. The result is the last layer's output, float32
    (tokens, width). The layer: x += O attention(Q x, K x, V x); x += down relu(up x); x /= rms(x).
    """
    model = _random_model(rng, width, layers, prompt + tokens)
    states = _random(rng, (tokens, width), 1.0)
    inputs = {name: getattr(model, name).copy() for name in ARRAYS}
    inputs |= {"states": states.copy(), "heads": np.array(heads), "prompt": np.array(prompt)}
    weights = model.attention.size + model.up.size + model.down.size
    context = 2 * model.keys.size + 2 * layers * width
    log = empty_log(tokens * (weights + context) // VECTOR)
    for token in range(tokens):
        _decode(log, model, states[token], heads, prompt + token)
    return KernelRun(logged(log), inputs, states)


def _random_model(rng: np.random.Generator, width: int, layers: int, positions: int) -> Model:
    scale = 1 / math.sqrt(width)
    arrays = (
        _random(rng, (layers, 4, width, width), scale),
        _random(rng, (layers, FEED_FORWARD * width, width), scale),
        _random(rng, (layers, width, FEED_FORWARD * width), scale),
        _random(rng, (layers, positions, width), 1.0),
        _random(rng, (layers, positions, width), 1.0),
    )
    bases = place_arrays(rng, [array.nbytes for array in arrays])
    return Model(*arrays, bases=(bases[0], bases[1], bases[2], bases[3], bases[4]))


def _random(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> Float:
    return (scale * rng.standard_normal(shape)).astype(np.float32)


@compiled
def _decode(log: AccessLog, model: Model, x: Float, heads: int, position: int) -> None:
    """Run one token, ``x`` (width,), through all layers in place."""
    layers, _, width, _ = model.attention.shape
    matrix_bytes = 4 * width * width
    for layer in range(layers):
        start = model.bases[0] + 4 * layer * matrix_bytes
        row = 4 * width * (layer * model.keys.shape[1] + position)
        query = _multiply(log, start, model.attention[layer, 0], x)
        key = _multiply(log, start + matrix_bytes, model.attention[layer, 1], x)
        _append(log, model.bases[3] + row, model.keys[layer, position], key)
        value = _multiply(log, start + 2 * matrix_bytes, model.attention[layer, 2], x)
        _append(log, model.bases[4] + row, model.values[layer, position], value)
        mixed = _attend(log, model, layer, query, heads, position)
        _add(x, _multiply(log, start + 3 * matrix_bytes, model.attention[layer, 3], mixed))
        _feed_forward(log, model, layer, x)
        _normalise(x)


@compiled
def _feed_forward(log: AccessLog, model: Model, layer: int, x: Float) -> None:
    start = 4 * layer * model.up[layer].size
    hidden = _multiply(log, model.bases[1] + start, model.up[layer], x)
    for unit in range(len(hidden)):
        hidden[unit] = max(hidden[unit], 0.0)
    _add(x, _multiply(log, model.bases[2] + start, model.down[layer], hidden))


@compiled
def _multiply(log: AccessLog, base: int, matrix: Float, x: Float) -> Float:
    """Return matrix @ x; the activations stay in registers, the matrix is streamed."""
    rows, columns = matrix.shape
    result = np.zeros(rows, dtype=np.float32)
    for row in range(rows):
        _log_row(log, base + 4 * row * columns, columns)
        result[row] = _dot(matrix[row], x)
    return result


@compiled
def _append(log: AccessLog, base: int, slot: Float, vector: Float) -> None:
    for column in range(len(vector)):
        if column % VECTOR == 0:
            store(log, base + 4 * column)
        slot[column] = vector[column]


@compiled
def _attend(
    log: AccessLog, model: Model, layer: int, query: Float, heads: int, position: int
) -> Float:
    """Return the softmax-weighted values up to ``position``, head by head, (width,)."""
    width = len(query)
    size = width // heads
    start = 4 * width * layer * model.keys.shape[1]
    weights = np.empty((heads, position + 1), dtype=np.float32)
    for past in range(position + 1):
        _log_row(log, model.bases[3] + start + 4 * width * past, width)
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            weights[head, past] = _dot(query[part], model.keys[layer, past, part])
    for head in range(heads):
        _softmax(weights[head], math.sqrt(size))
        work(log, SOFTMAX_INSTRUCTIONS * (position + 1))
    mixed = np.zeros(width, dtype=np.float32)
    for past in range(position + 1):
        _log_row(log, model.bases[4] + start + 4 * width * past, width)
        for column in range(width):
            mixed[column] += weights[column // size, past] * model.values[layer, past, column]
    return mixed


@compiled
def _log_row(log: AccessLog, base: int, width: int) -> None:
    for column in range(0, width, VECTOR):
        load(log, base + 4 * column)
        work(log, VECTOR_INSTRUCTIONS)


@compiled
def _dot(left: Float, right: Float) -> float:
    total = 0.0
    for i in range(len(left)):
        total += left[i] * right[i]
    return total


@compiled
def _softmax(scores: Float, temperature: float) -> None:
    highest, total = scores.max(), 0.0
    for i in range(len(scores)):
        scores[i] = math.exp((scores[i] - highest) / temperature)
        total += scores[i]
    for i in range(len(scores)):
        scores[i] /= total


@compiled
def _add(x: Float, change: Float) -> None:
    for i in range(len(x)):
        x[i] += change[i]


@compiled
def _normalise(x: Float) -> None:
    """Divide by the root mean square."""
    scale = math.sqrt(_dot(x, x) / len(x))
    for i in range(len(x)):
        x[i] /= scale
