"""What runs on an accelerator: the layers of a network with their counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.cost_models.dnn.layer import Layer

# The columns of layers as arrays.
LAYER_FIELDS = ("N", "K", "C", "P", "Q", "R", "S", "stride", "groups")


@dataclass(frozen=True)
class Network:
    """Layers that run one after another; a single layer is a network of one.

    Attributes:
        name: What ``--workload`` calls it.
        layers: The different layers, in order.
        counts: How often each occurs.
        labels: The layers' names.
    """

    name: str
    layers: tuple[Layer, ...]
    counts: tuple[int, ...]
    labels: tuple[str, ...] = ()

    @property
    def is_per_design(self) -> bool:
        """Whether each design brings its own layer, which is then no part of the network."""
        return not self.layers

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all layers."""
        return sum(c * layer.macs for c, layer in zip(self.counts, self.layers, strict=True))

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The layers as int64 (layers, 9), columns as `LAYER_FIELDS`."""
        rows = [[getattr(layer, field) for field in LAYER_FIELDS] for layer in self.layers]
        return np.array(rows, dtype=np.int64).reshape(-1, len(LAYER_FIELDS))

    def tables(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Return the table ``layers`` that ``--detail`` writes; none where designs bring them."""
        if self.is_per_design:
            return {}
        return {
            "layers": {
                "layer": np.array(self.labels),
                "count": np.array(self.counts),
                **dict(zip(LAYER_FIELDS, self.rows.T, strict=True)),
                "macs": np.array([layer.macs for layer in self.layers]),
            }
        }


def single(name: str, layer: Layer) -> Network:
    """Return the network of one layer."""
    return Network(name, (layer,), (1,), (name,))


PER_DESIGN = Network("columns", (), ())
