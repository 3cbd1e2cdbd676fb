"""Random circuits, and whether two are the same by an independent judge."""

from __future__ import annotations

import networkx as nx
import numpy as np

from archgym.cost_models.analog.topology.tokens import RAILS, TERMINALS, is_inner
from archgym.cost_models.analog.topology.topology import Device, Topology, renumbered

PORTS = ("VSS", "VDD", "VIN1", "VIN2", "VOUT1")


def draw_topology(rng: np.random.Generator, count: int) -> Topology:
    """Return a connected circuit of ``count`` devices, valid or not.

    Nets are few, so that devices stand in parallel, nets have many pins and pins of one device
    meet (diodes, shorted devices).
    """
    kinds = list(TERMINALS)
    nets = [*PORTS, *(f":{i}" for i in range(int(rng.integers(1, count + 2))))]
    touched = ["VSS"]
    devices = []
    for _ in range(count):
        kind = kinds[rng.choice(len(kinds), p=[0.3, 0.3, 0.1, 0.1, 0.1, 0.1])]
        chosen = [nets[i] for i in rng.integers(len(nets), size=len(TERMINALS[kind]))]
        if not set(chosen) & set(touched):  # else it would be a circuit of its own
            chosen[int(rng.integers(len(chosen)))] = touched[int(rng.integers(len(touched)))]
        touched += [net for net in chosen if net not in touched]
        devices.append(Device(kind, tuple(chosen)))
    return renumbered(devices, PORTS)


def shuffled(topology: Topology, rng: np.random.Generator) -> Topology:
    """Return the same circuit, its devices in another order and its nets renamed."""
    order = rng.permutation(len(topology.devices)).tolist()
    inner = [net for net in topology.nets if is_inner(net)]
    names = dict(zip(inner, rng.permutation(inner).tolist(), strict=True))
    devices = [topology.devices[place] for place in order]
    return Topology(
        tuple(Device(d.kind, tuple(names.get(net, net) for net in d.nets)) for d in devices)
    )


def graph_of(topology: Topology) -> nx.MultiGraph:
    """Return devices and nets as nodes, pins as edges with the terminal's letter."""
    graph = nx.MultiGraph()
    for net in topology.nets:
        graph.add_node(net, label="net" if is_inner(net) else net)
    for name, device in zip(topology.names, topology.devices, strict=True):
        graph.add_node((name,), label=device.kind)
        for terminal, net in zip(TERMINALS[device.kind], device.nets, strict=True):
            graph.add_edge((name,), net, terminal=terminal)
    return graph


def are_isomorphic(one: Topology, other: Topology) -> bool:
    """Ask networkx, every letter of every terminal counted."""
    return bool(
        nx.is_isomorphic(
            graph_of(one),
            graph_of(other),
            node_match=nx.algorithms.isomorphism.categorical_node_match("label", ""),
            edge_match=nx.algorithms.isomorphism.categorical_multiedge_match("terminal", ""),
        )
    )


def simple_path_nets(edges: list[tuple[str, str]]) -> set[str]:
    """Return the nets on simple paths between the rails, by listing all such paths."""
    graph = nx.Graph([edge for edge in edges if edge[0] != edge[1]])
    graph.add_nodes_from(RAILS)
    found = set(RAILS)
    for path in nx.all_simple_paths(graph, *RAILS):
        found |= set(path)
    return found
