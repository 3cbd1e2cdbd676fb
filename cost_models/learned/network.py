"""A decoder-only transformer over the parameters of a design and then its metrics.

This module imports torch; learned models import it when they run.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Of a standardised metric: what is known better than this is not worth more.
_LEAST_LOG_SIGMA, _MOST_LOG_SIGMA = -7.0, 3.0
_PLACE_DEVIATION = 0.02
_GROWTH = 2  # neurons per width of a token

KeysValues = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Shape:
    """What a network is built for.

    Attributes:
        axes: Tokens of a design.
        features: Numbers that describe each of them.
        metrics: Tokens after them.
        width: Of a token inside.
        layers: Blocks of attention.
        heads: Of each.
        chained: Whether a metric sees those before it.
    """

    axes: int
    features: int
    metrics: int
    width: int
    layers: int
    heads: int
    chained: bool = True


@dataclass(frozen=True)
class Said:
    """What the network says of standardised metrics, each given those before it.

    Attributes:
        mean: (n, k).
        log_sigma: (n, k), logarithm of the standard deviation.
        present: (n, k), logit of the metric having a value at all.
        feasible: (n,), logit of the design being feasible; of no meaning after the first metric.
    """

    mean: Tensor
    log_sigma: Tensor
    present: Tensor
    feasible: Tensor


class _Embedding(nn.Module):
    """Numbers (n, tokens, features) to tokens (n, tokens, width), each with weights of its own."""

    def __init__(self, tokens: int, features: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(tokens, features, width))
        self.bias = nn.Parameter(torch.randn(tokens, width))
        self.mix = nn.Linear(width, width)
        self.place = nn.Parameter(_PLACE_DEVIATION * torch.randn(tokens, width))

    def forward(self, numbers: Tensor, first: int = 0) -> Tensor:
        """Return the tokens of numbers, of which the first belong to token ``first``."""
        some = slice(first, first + numbers.shape[1])
        hidden = torch.einsum("ntf,tfw->ntw", numbers, self.weight[some]) + self.bias[some]
        mixed: Tensor = self.mix(functional.gelu(hidden))
        return mixed + self.place[some]


class _Block(nn.Module):
    """Attention to tokens, earlier ones among them, then a layer of neurons."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self._split = (heads, width // heads)
        self.norm, self.second_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.look, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.neurons = nn.Sequential(
            nn.Linear(width, _GROWTH * width), nn.GELU(), nn.Linear(_GROWTH * width, width)
        )

    def forward(
        self, tokens: Tensor, before: KeysValues | None, mask: Tensor | None
    ) -> tuple[Tensor, KeysValues]:
        """Return the tokens (n, new, width) after the block, and all keys and values.

        Args:
            tokens: (n, new, width).
            before: Keys and values of earlier tokens, which are looked at too.
            mask: (new, new), True where a token may look; None where it may everywhere.
        """
        parts = self.look(self.norm(tokens)).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, self._split).transpose(1, 2) for part in parts)
        if before is not None:
            key, value = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        tokens = tokens + self.mix(mixed.transpose(1, 2).flatten(2))
        return tokens + self.neurons(self.second_norm(tokens)), (key, value)


class MetricTransformer(nn.Module):
    """The density of the metrics of a design, the product of p(yk | x, y1 .. yk-1).

    The tokens of a design see each other; that of a metric sees the design and what is known of
    the metrics before it. Each factor is a normal density.

    Source: the factorisation is INSIGHT's (Poddar et al., arXiv 2407.07346).
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.design = _Embedding(shape.axes, shape.features, shape.width)
        # A metric's token tells the value of the one before it, and whether it has one.
        self.known = _Embedding(shape.metrics, 2, shape.width)
        self.blocks = nn.ModuleList(_Block(shape.width, shape.heads) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Parameter(torch.randn(shape.metrics, shape.width, 3) / shape.width**0.5)
        self.head_bias = nn.Parameter(torch.zeros(shape.metrics, 3))
        self.feasible = nn.Linear(shape.width, 1)
        self.register_buffer("mask", _mask(shape), persistent=False)

    def forward(self, designs: Tensor, metrics: Tensor, exist: Tensor) -> Said:
        """Return what is said of each metric given the true ones before it.

        Args:
            designs: (n, axes, features).
            metrics: (n, k), standardised; 0 where there is no value.
            exist: (n, k), 1.0 where there is a value.
        """
        told = torch.stack([metrics, exist], dim=-1)
        told = functional.pad(told, (0, 0, 1, 0))[:, :-1] * float(self.shape.chained)
        tokens = torch.cat([self.design(designs), self.known(told)], dim=1)
        for block in self.blocks:
            tokens, _ = block(tokens, None, self.mask)
        return self._read(tokens[:, self.shape.axes :], 0)

    def chain(self, designs: Tensor) -> Said:
        """Return what is said of each metric given the means of those before it."""
        tokens, past = self.design(designs), []
        for block in self.blocks:
            tokens, seen = block(tokens, None, None)
            past.append(seen)
        told, parts = torch.zeros(len(designs), 1, 2), []
        for at in range(self.shape.metrics):
            tokens = self.known(told, at)
            for place, block in enumerate(self.blocks):
                tokens, seen = block(tokens, past[place], None)
                past[place] = seen if self.shape.chained else past[place]
            parts.append(self._read(tokens, at))
            exists = (parts[-1].present > 0).float()
            told = torch.stack([parts[-1].mean * exists, exists], -1) * float(self.shape.chained)
        return Said(
            torch.cat([part.mean for part in parts], 1),
            torch.cat([part.log_sigma for part in parts], 1),
            torch.cat([part.present for part in parts], 1),
            parts[0].feasible,
        )

    def _read(self, tokens: Tensor, first: int) -> Said:
        some = slice(first, first + tokens.shape[1])
        tokens = self.norm(tokens)
        said = torch.einsum("nkw,kwo->nko", tokens, self.head[some]) + self.head_bias[some]
        log_sigma = said[..., 1].clamp(_LEAST_LOG_SIGMA, _MOST_LOG_SIGMA)
        return Said(said[..., 0], log_sigma, said[..., 2], self.feasible(tokens[:, 0])[:, 0])


def _mask(shape: Shape) -> Tensor:
    """Return which token may look at which: all at designs, metrics at earlier metrics."""
    count = shape.axes + shape.metrics
    mask = torch.eye(count, dtype=torch.bool)
    mask[:, : shape.axes] = True
    if shape.chained:
        mask[shape.axes :] = torch.ones(count, count, dtype=torch.bool).tril()[shape.axes :]
    return mask
