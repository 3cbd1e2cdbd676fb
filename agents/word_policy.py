"""A network that says which symbol may come next in a word, given the workload's graph.

This module imports torch; agents import it when they run.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archgym.errors import SettingError
from archgym.outcome import Floats
from archgym.workload_graph import WorkloadGraph

_GRAPH_UNITS, _WORD_UNITS, _SYMBOL_UNITS = 32, 64, 16
# Symbols that are left to be chosen enter as their share of so many.
_MANY_LEFT = 32.0


@dataclass(frozen=True)
class Vocabulary:
    """What a policy can read and write.

    Attributes:
        graph: Vocabulary of workload graphs.
        kinds: Kinds of their nodes.
        symbols: The alphabet of words, as texts.
    """

    graph: str
    kinds: tuple[str, ...]
    symbols: tuple[str, ...]

    def fits(self, graph: WorkloadGraph, alphabet: Sequence[Any]) -> bool:
        """Return whether graph and alphabet are those of this vocabulary."""
        return (self.graph, self.symbols) == (graph.vocabulary, tuple(map(str, alphabet)))


class WordPolicy(nn.Module):
    """Two graph convolutions, a recurrent reader of the word so far, and a head for both.

    Nodes enter as their kind, one-hot, and their number of marked edges. The graph's embedding is
    the mean and the largest of its nodes' features.

    Source: the policy of Chowdhury et al., Retrieval-guided reinforcement learning for Boolean
    circuit minimization, ICLR 2024; a small recurrent reader stands for its language model.
    """

    def __init__(self, vocabulary: Vocabulary):
        super().__init__()
        self.vocabulary = vocabulary
        symbols = len(vocabulary.symbols)
        self.first = nn.Linear(len(vocabulary.kinds) + 1, _GRAPH_UNITS)
        self.second = nn.Linear(_GRAPH_UNITS, _GRAPH_UNITS)
        # The last row stands for the beginning of a word.
        self.symbols = nn.Embedding(symbols + 1, _SYMBOL_UNITS)
        self.reader = nn.GRU(_SYMBOL_UNITS, _WORD_UNITS, batch_first=True)
        self.head = nn.Sequential(
            nn.Linear(2 * _GRAPH_UNITS + _WORD_UNITS + 1, _WORD_UNITS),
            nn.ReLU(),
            nn.Linear(_WORD_UNITS, symbols),
        )

    def embed(self, graph: WorkloadGraph) -> Tensor:
        """Return the embedding of a graph, shape (2 x units,)."""
        features, neighbours = self._features(graph), _neighbours(graph)
        hidden = torch.relu(self.first(neighbours @ features))
        hidden = torch.relu(self.second(neighbours @ hidden))
        return torch.cat([hidden.mean(dim=0), hidden.amax(dim=0)])

    def _features(self, graph: WorkloadGraph) -> Tensor:
        count = len(graph.kind)
        marked = np.bincount(graph.edges[graph.marked, 1], minlength=count)
        kinds = np.eye(len(self.vocabulary.kinds))[graph.kind]
        return torch.from_numpy(np.column_stack([kinds, marked])).float()

    def forward(self, embeddings: Tensor, words: Tensor, lengths: Tensor) -> Tensor:
        """Return logits of each symbol given those before it.

        Args:
            embeddings: Shape (n, 2 x units).
            words: Shape (n, length); symbols that are not chosen yet may be anything.
            lengths: How long each word is to become, shape (n,).

        Returns:
            Shape (n, length, symbols).
        """
        count, length = words.shape
        begin = torch.full((count, 1), len(self.vocabulary.symbols))
        read, _ = self.reader(self.symbols(torch.cat([begin, words[:, :-1]], dim=1)))
        left = (lengths[:, None] - torch.arange(length)).clamp(min=0)[..., None] / _MANY_LEFT
        graphs = embeddings[:, None].expand(-1, length, -1)
        logits: Tensor = self.head(torch.cat([graphs, read, left], dim=2))
        return logits


def _neighbours(graph: WorkloadGraph) -> Tensor:
    """Return the adjacency with loops, in both directions, normalised by degrees, sparse."""
    count = len(graph.kind)
    loops = np.repeat(np.arange(count)[:, None], 2, axis=1)
    pairs = np.concatenate([graph.edges, graph.edges[:, ::-1], loops])
    degree = np.bincount(pairs[:, 0], minlength=count)
    weights = 1.0 / np.sqrt(degree[pairs[:, 0]] * degree[pairs[:, 1]])
    indices = torch.from_numpy(np.ascontiguousarray(pairs.T))
    values = torch.from_numpy(weights).float()
    shape = (count, count)
    return torch.sparse_coo_tensor(indices, values, shape, check_invariants=False).coalesce()


@dataclass(frozen=True)
class TrainedPolicy:
    """A policy and the embeddings of the workloads that it learnt from.

    Attributes:
        network: The policy.
        known: Shape (workloads, 2 x units).
    """

    network: WordPolicy
    known: Floats

    def save(self, path: Path) -> None:
        """Write an npz file of plain arrays."""
        words = json.dumps(asdict(self.network.vocabulary))
        arrays: dict[str, Any] = {
            name: value.detach().numpy() for name, value in self.network.state_dict().items()
        }
        with path.open("wb") as file:
            np.savez_compressed(file, vocabulary=np.array(words), known=self.known, **arrays)

    @staticmethod
    def load(path: Path) -> TrainedPolicy:
        """Return the policy of a file.

        Raises:
            SettingError: The file cannot be read or holds no policy.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                content = {name: arrays[name] for name in arrays.files}
            words = json.loads(str(content.pop("vocabulary")))
            vocabulary = Vocabulary(words["graph"], tuple(words["kinds"]), tuple(words["symbols"]))
            network, known = WordPolicy(vocabulary), content.pop("known")
            network.load_state_dict({k: torch.from_numpy(v) for k, v in content.items()})
        except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
            raise SettingError(f"{path}: is no policy: {str(error).splitlines()[0]}") from None
        return TrainedPolicy(network.eval(), known)

    def distance(self, embedding: Floats) -> float:
        """Return the smallest cosine distance to a workload that the policy learnt from."""
        lengths = np.linalg.norm(self.known, axis=1) * np.linalg.norm(embedding)
        return float((1.0 - self.known @ embedding / lengths).min())
