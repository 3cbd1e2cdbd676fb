"""One page per environment, from what it declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archgym import registry
from archgym.cli.listing import environment_sections
from docs.pages.tables import code, section, table

FOLDER = "environments"


def pages() -> Iterator[tuple[str, str]]:
    """Yield the path and text of the list of environments and of each one's page."""
    names = registry.environments.names()
    rows = []
    for name in names:
        environment = registry.environments.get(name)
        yield f"{FOLDER}/{name}.md", _page(name)
        rows.append((name, environment.version, environment.description))
    lines = "".join(f"| [{n}]({n}.md) | {version} | {what} |\n" for n, version, what in rows)
    head = "# Environments\n\nEach page is made from what the environment itself declares.\n\n"
    yield (
        f"{FOLDER}/index.md",
        f"{head}| environment | version | what is designed |\n|---|---|---|\n{lines}",
    )


def _page(name: str) -> str:
    environment = registry.environments.get(name)
    first = next(iter(environment.workloads))
    sections = environment_sections(environment, None, {})
    model = sections.pop("cost model")[0]
    parts = [
        f"# {name}\n\n{environment.description}\n",
        code(_usage(name, first), "python"),
        section("Parameters", [_parameter(row) for row in sections.pop("parameters")]),
        *(section(title.capitalize(), rows) for title, rows in sections.items()),
        f"## Cost model\n\n{model['cost model']}\n\n",
        *(_points(title, model[title]) for title in ("sources", "leaves out", "checked against")),
    ]
    if environment.notes:
        parts.append(f"## Notes\n\n{code(environment.notes, 'text')}")
    return "\n".join(parts)


def _parameter(row: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's row, what matters most in front; what is searched if it differs."""
    searched = (
        "" if all(str(value) in row["domain"] for value in row["searched"]) else row["searched"]
    )
    order = ("parameter", "meaning", "domain", "default", "role", "active when")
    return {key: row[key] for key in order} | {"searched": searched}


def _usage(name: str, workload: str) -> str:
    return (
        "import archgym\n\n"
        f"problem = archgym.make_problem({name!r}, workload={workload!r})\n"
        'agent = archgym.make_agent("genetic", problem, seed=0)\n'
        "print(archgym.search(problem, agent, budget=200).best)"
    )


def _points(title: str, points: tuple[str, ...]) -> str:
    return table([{title: point} for point in points])
