"""A decoder-only transformer over the words of walks.

This module imports torch; import it where it is used. The form is GPT's in small, as in
AnalogGenie (Gao et al., ICLR 2025): learned positions, causal attention, the next word's logits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archgym.cost_models.analog.topology.grammar import END, Limits, PartialWalk, begin

Ints = NDArray[np.int64]
Walk = tuple[str, ...]
_FEEDFORWARD = 4  # times the width
# Walks are padded to few shapes, since torch keeps buffers for every shape that it meets.
_ROWS, _COLUMNS = 32, 32
_IGNORED = -100  # as a target: behind the end of a walk


@dataclass(frozen=True)
class Shape:
    """How large a transformer is."""

    layers: int
    heads: int
    width: int
    dropout: float


class WalkTransformer(nn.Module):
    """Says which word may come next.

    Args:
        words: The alphabet; the first is END.
        longest: Most words that it can read.
        shape: Layers, heads, width, dropout.
    """

    def __init__(self, words: Sequence[str], longest: int, shape: Shape):
        super().__init__()
        self.words, self.longest = tuple(words), longest
        self.places = {word: place for place, word in enumerate(self.words)}
        self.embed = nn.Embedding(len(self.words), shape.width)
        self.position = nn.Embedding(longest, shape.width)
        layer = nn.TransformerEncoderLayer(
            shape.width,
            shape.heads,
            _FEEDFORWARD * shape.width,
            shape.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.body = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(shape.width)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.position.weight, std=0.02)

    def forward(self, places: Tensor) -> Tensor:
        """Return logits (n, words so far, alphabet) of the words behind each place."""
        count = places.shape[1]
        causal = nn.Transformer.generate_square_subsequent_mask(count)
        seen = self.embed(places) + self.position.weight[:count]
        read = self.norm(self.body(seen, mask=causal, is_causal=True))
        return torch.as_tensor(read @ self.embed.weight.T)


def train(
    network: WalkTransformer,
    draw: Callable[[], Sequence[Walk]],
    steps: int,
    learning_rate: float,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> float:
    """Fit the network to walks and return the last loss, in nats a word.

    Args:
        network: What learns.
        draw: Returns the walks of a step.
        steps: How many.
        learning_rate: At most; it rises over the first twentieth and falls as a cosine.
        report: Told the loss after each step.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=0.01)
    pace = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=0.05
    )
    network.train()
    mean = float("nan")
    for step in range(steps):
        given, wanted = _arrays(network, draw())
        logits = network(given)
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), wanted.flatten(), ignore_index=_IGNORED
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        pace.step()
        now = float(loss.detach())
        mean = now if mean != mean else 0.95 * mean + 0.05 * now
        report(step, mean)
    network.eval()
    return mean


def _arrays(network: WalkTransformer, walks: Sequence[Walk]) -> tuple[Tensor, Tensor]:
    """Return what is read and what is to come, both (n, longest of the walks)."""
    longest = max(map(len, walks))
    given = np.zeros((len(walks), longest), dtype=np.int64)
    wanted = np.full((len(walks), longest), _IGNORED, dtype=np.int64)
    for row, walk in enumerate(walks):
        places = [network.places[word] for word in walk]
        given[row, : len(walk)] = places
        wanted[row, : len(walk)] = [*places[1:], network.places[END]]
    return torch.from_numpy(given), torch.from_numpy(wanted)


def sample(
    network: WalkTransformer, count: int, rng: np.random.Generator, limits: Limits | None
) -> list[Walk]:
    """Draw walks word by word, under the grammar's mask where there are limits."""
    start = "VSS"
    walks: list[list[str]] = [[start] for _ in range(count)]
    partial: list[PartialWalk | None] = [begin(limits) if limits else None for _ in range(count)]
    most = network.longest if limits is None else limits.length + 1
    open_rows = list(range(count))
    for _ in range(most - 1):
        logits = _last_logits(network, [walks[row] for row in open_rows])
        still = []
        for row, logit in zip(open_rows, logits, strict=True):
            word = _pick(network, logit, partial[row], rng)
            if word == END:
                continue
            walks[row].append(word)
            now = partial[row]
            partial[row] = now and now.after(word)
            still.append(row)
        open_rows = still
        if not open_rows:
            break
    return [tuple(walk) for walk in walks]


def _last_logits(network: WalkTransformer, walks: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return the logits of the next word; all walks have the same number of words."""
    count, last = len(walks), len(walks[0]) - 1
    rows, columns = (
        -(-count // _ROWS) * _ROWS,
        min(last // _COLUMNS * _COLUMNS + _COLUMNS, network.longest),
    )
    padded = np.zeros((rows, columns), dtype=np.int64)
    padded[:count, : last + 1] = [[network.places[word] for word in walk] for walk in walks]
    with torch.no_grad():
        parts = torch.split(torch.from_numpy(padded), _ROWS)
        found: NDArray[np.float32] = torch.cat([network(part)[:, last] for part in parts]).numpy()
    return found[:count]


def _pick(
    network: WalkTransformer,
    logits: NDArray[np.float32],
    walk: PartialWalk | None,
    rng: np.random.Generator,
) -> str:
    words = network.words if walk is None else walk.allowed
    chosen = logits if walk is None else logits[[network.places[word] for word in words]]
    weights = np.exp(chosen.astype(np.float64) - chosen.max())
    return words[int(rng.choice(len(words), p=weights / weights.sum()))]
