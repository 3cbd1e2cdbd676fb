"""A workload as a graph, for agents that look at what they design for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class WorkloadGraph:
    """Nodes of a few kinds and edges between them.

    Attributes:
        vocabulary: What kinds and marks mean; graphs of one vocabulary can be compared.
        kinds: Names of the kinds of nodes.
        kind: Kind of each node, shape (nodes,).
        edges: From a node to one that uses it, shape (edges, 2).
        marked: Whether each edge is of the second sort, an inverted one say, shape (edges,).
    """

    vocabulary: str
    kinds: tuple[str, ...]
    kind: Ints
    edges: Ints
    marked: NDArray[np.bool_]
