"""Networks and layers by name or as text."""

from archgym.cost_models.dnn.workloads.catalogue import list_layers, list_networks, load_network

__all__ = ["list_layers", "list_networks", "load_network"]
