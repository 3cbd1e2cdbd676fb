"""Graphs by name, as text, or out of a user's file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from archgym.cost_models.mem_plan.generated import FORMS, generate, is_generated
from archgym.cost_models.mem_plan.graph import FORMAT, Graph, graph_of
from archgym.errors import UnknownNameError, WorkloadError


@cache
def list_graphs() -> Mapping[str, Mapping[str, str]]:
    """Return the registered graphs: name -> text and description."""
    text = files("archgym.cost_models.mem_plan").joinpath("workloads.yaml").read_text("utf-8")
    return MappingProxyType(yaml.safe_load(text))


def load_graph(name: str, chosen: str = "") -> Graph:
    """Return the graph of a registered name, a text, a JSON or YAML file, or a mapping as text.

    Args:
        name: One of these; a mapping as text begins with a brace.
        chosen: The ``id`` of one graph in a file that has several under ``dags``.

    Raises:
        UnknownNameError: Neither a name nor a file, or no graph of that id.
        WorkloadError: The file or text does not hold a graph. Says where and what is expected.
    """
    if name in list_graphs():
        return generate(list_graphs()[name]["text"])
    if is_generated(name):
        return generate(name)
    if name.lstrip().startswith("{"):
        return graph_of(_parse("workload", name, yaml.safe_load), "workload")
    if not Path(name).is_file():
        hint = f"; a file of the form {FORMAT} will do, or a text such as {FORMS}"
        raise UnknownNameError("graph or file", name, list_graphs(), hint)
    return _of_file(name, chosen)


def _of_file(name: str, chosen: str) -> Graph:
    path = Path(name)
    reader = yaml.safe_load if path.suffix in (".yaml", ".yml") else json.loads
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"{name}: cannot be read ({error})") from None
    fields = _parse(name, text, reader)
    if not isinstance(fields, Mapping) or "dags" not in fields:
        return graph_of(fields, name)
    graphs = _by_id(name, fields["dags"])
    if not chosen and len(graphs) == 1:
        chosen = next(iter(graphs))
    if chosen not in graphs:
        hint = "; choose one with the setting graph=ID"
        raise UnknownNameError(f"graph in {name}", chosen, graphs, hint)
    return graph_of(graphs[chosen], f"{name}, {chosen}")


def _by_id(name: str, entries: Any) -> dict[str, Any]:
    if not isinstance(entries, list) or not all(isinstance(e, Mapping) for e in entries):
        raise WorkloadError(f"{name}: 'dags' must be a list of graphs, each {FORMAT}")
    return {str(entry.get("id", at)): entry for at, entry in enumerate(entries)}


def _parse(name: str, text: str, reader: Any) -> Any:
    try:
        return reader(text)
    except (ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise WorkloadError(f"{name}: not well formed ({reason}); expected {FORMAT}") from None
