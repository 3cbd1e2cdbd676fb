"""An and-inverter graph as a workload graph."""

from __future__ import annotations

import numpy as np

from archgym.cost_models.synthesis.aiger import read_aiger
from archgym.workload_graph import WorkloadGraph

VOCABULARY = "aig"
KINDS = ("input", "gate", "output")


def workload_graph(aiger: bytes) -> WorkloadGraph:
    """Return inputs, gates and outputs in this order; inverted edges are marked.

    The constant is the first input, so that nodes keep their numbers.
    """
    aig = read_aiger(aiger)
    first_output = aig.nodes
    gates = np.repeat(np.arange(1 + aig.inputs, first_output), 2)
    ends = np.concatenate([gates, first_output + np.arange(len(aig.outputs))])
    literals = np.concatenate([aig.fanins.ravel(), aig.outputs])
    counts = (1 + aig.inputs, aig.gates, len(aig.outputs))
    return WorkloadGraph(
        vocabulary=VOCABULARY,
        kinds=KINDS,
        kind=np.repeat(np.arange(3), counts),
        edges=np.stack([literals >> 1, ends], axis=1),
        marked=(literals & 1).astype(bool),
    )
