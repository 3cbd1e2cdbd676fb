"""One page per agent, from what it declares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from archgym import registry
from archgym.agents.description import describe
from docs.pages.tables import code, section, table

FOLDER = "agents_by_name"
_FACTS = ("version", "library", "extra", "handles", "constraint_handling", "multi_objective")


def pages() -> Iterator[tuple[str, str]]:
    """Yield the path and text of the list of agents and of each one's page."""
    names = registry.agents.names()
    for name in names:
        yield f"{FOLDER}/{name}.md", _page(name)
    lines = "".join(f"| [{n}]({n}.md) | {registry.agents.get(n).summary} |\n" for n in names)
    yield (
        f"{FOLDER}/index.md",
        f"# Agents by name\n\n| agent | how it searches |\n|---|---|\n{lines}",
    )


def _page(name: str) -> str:
    agent = registry.agents.get(name)
    facts = describe(agent)
    hyperparameters = [
        {
            "hyper-parameter": key,
            "default": h["default"],
            "allowed": h["allowed"],
            "meaning": h["meaning"],
        }
        for key, h in facts["hyperparameters"].items()
    ]
    return "\n".join(
        [
            f"# {name}\n\n{facts['summary']}\n",
            table(
                [{"": key.replace("_", " "), "value": facts[key]} for key in _FACTS if facts[key]]
            ),
            section("Hyper-parameters", hyperparameters),
            f"## How it works\n\n{code(_how(agent), 'text')}",
        ]
    )


def _how(agent: type[Any]) -> str:
    """Return what the agent's module and class say of themselves."""
    texts = (inspect.getdoc(thing) or "" for thing in (inspect.getmodule(agent), agent))
    return "\n\n".join(texts)
