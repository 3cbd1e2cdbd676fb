"""The three matrix products that training a layer takes, dense and pruned.

Forward, outputs = inputs x weights; input gradient, output gradients x weights transposed; weight
gradient, inputs transposed x output gradients. All three take as many operations as the layer.
Weights are pruned along channels: input channels for the forward product, output channels for the
input gradient, so both reductions shrink; the weight gradient is dense. Convolutions are products
over unfolded inputs, and the input gradient is folded back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.sparse_train.pruning import kept
from archgym.cost_models.dnn.systolic import Work
from archgym.cost_models.dnn.technology import technology

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_WORD_BITS: int = 8 * technology()["word_bytes"]
PASSES = ("forward", "input_gradient", "weight_gradient")


@dataclass(frozen=True)
class Sparsity:
    """Which weights remain; int64 arrays (n, 1).

    Attributes:
        n, m: N and M; 1 and 1 keep all.
        pregenerated: 1 where both pruned forms are made when weights change and stored, 0 where
            each pass prunes the dense weights that it reads.
    """

    n: Ints
    m: Ints
    pregenerated: Ints


@dataclass(frozen=True)
class Product:
    """One pass over layers; every attribute has shape (n, m) or what broadcasts to it.

    Attributes:
        dense: The product without pruning.
        work: The product that is computed.
        words: From and to memory.
        selected: Dense weights that pass the selection of the largest ones before the product.
    """

    dense: Work
    work: Work
    words: Floats
    selected: Ints


@dataclass(frozen=True)
class Layers:
    """Layers of a batch of training, columns as arrays (n or 1, m).

    Attributes:
        shapes: The nine columns of a network's layers, int64 (n or 1, m, 9).
        batch: Inputs in a batch.
        prunable: Whether the layer's weights may be pruned, bool (n or 1, m).
    """

    shapes: Ints
    batch: int
    prunable: NDArray[np.bool_]

    @cached_property
    def has_weights(self) -> NDArray[np.bool_]:
        """False for products of activations: several matrix products at once, as in attention."""
        _, k, c, _, q, r, s, _, groups = self._columns
        is_depthwise = (groups == c) & (groups == k)
        return np.asarray((groups == 1) | (q > 1) | (r > 1) | (s > 1) | is_depthwise)

    @cached_property
    def weights(self) -> Ints:
        """Words of weights, or of the second factor in products of activations."""
        _, k, c, _, _, r, s, _, groups = self._columns
        return np.asarray(k * (c // groups) * r * s * self._repeats)

    @cached_property
    def inputs(self) -> Ints:
        """Words of the input of a batch."""
        n, _, c, p, q, r, s, stride, _ = self._columns
        return np.asarray(self.batch * n * c * ((p - 1) * stride + r) * ((q - 1) * stride + s))

    @cached_property
    def outputs(self) -> Ints:
        """Words of the output of a batch."""
        n, k, _, p, q, *_ = self._columns
        return np.asarray(self.batch * n * k * p * q)

    @cached_property
    def _columns(self) -> tuple[Ints, ...]:
        return tuple(np.moveaxis(self.shapes, -1, 0))

    @cached_property
    def _repeats(self) -> Ints:
        """How often a product runs: products of activations once for each input of the batch."""
        return np.where(self.has_weights, 1, self.batch)

    def products(self, sparsity: Sparsity) -> tuple[Product, Product, Product]:
        """Return the three products in the order of `PASSES`."""
        n, k, c, p, q, r, s, _, groups = self._columns
        copies, taps = groups * self._repeats, r * s
        pixels, inward, outward = n * p * q * self.batch // self._repeats, c // groups, k // groups
        kept_in, kept_out = self._kept(inward, sparsity), self._kept(outward, sparsity)
        on_the_fly = self.pruned(sparsity) & (sparsity.pregenerated == 0)
        read = [np.where(on_the_fly, self.weights, w) for w in self.pruned_words(sparsity)]
        moved = (self.inputs + self.outputs).astype(np.float64)
        selected = np.where(on_the_fly, self.weights, 0)
        forward = Work(copies, pixels, taps * inward, outward)
        backward = Work(copies, pixels, outward, taps * inward)
        update = Work(copies, taps * inward, pixels, outward)
        return (
            Product(
                forward, replace(forward, reduction=taps * kept_in), moved + read[0], selected
            ),
            Product(backward, replace(backward, reduction=kept_out), moved + read[1], selected),
            Product(update, update, moved + self.weights, 0 * selected),
        )

    def pruned(self, sparsity: Sparsity) -> NDArray[np.bool_]:
        """Return where weights are pruned, bool (n, m)."""
        return np.asarray(self.prunable & self.has_weights & (sparsity.n < sparsity.m))

    def pruned_words(self, sparsity: Sparsity) -> tuple[Floats, Floats]:
        """Return the words of weights, and of their places in a group, in either direction."""
        _, k, c, _, _, r, s, _, groups = self._columns
        inward, outward = c // groups, k // groups
        index_bits = np.where(self.pruned(sparsity), np.log2(sparsity.m), 0.0)
        word = groups * self._repeats * r * s * (1.0 + index_bits / _WORD_BITS)
        forward = word * outward * self._kept(inward, sparsity)
        backward = word * inward * self._kept(outward, sparsity)
        return np.asarray(forward), np.asarray(backward)

    def _kept(self, channels: Ints, sparsity: Sparsity) -> Ints:
        return np.where(self.pruned(sparsity), kept(channels, sparsity.n, sparsity.m), channels)
