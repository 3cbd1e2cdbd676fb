"""What MkDocs calls while it builds the site: adds the pages that are made from the code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # MkDocs loads hooks by file

from mkdocs.structure.files import File, Files

from docs.pages import agents, commands, environments, links


def on_config(config: Any) -> Any:
    """Put the pages of environments and agents in their places of the navigation."""
    made = {
        environments.FOLDER: [path for path, _ in environments.pages()],
        agents.FOLDER: [path for path, _ in agents.pages()],
    }
    config.nav = _filled(config.nav, made)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add README as the first page, and the pages of environments, agents, verbs and files."""
    for path, text in _made():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links to files of the repository at the pages that show them."""
    written_by_hand = page.file.generated_by is None
    return links.for_site(markdown, links.DOCS) if written_by_hand else markdown


def _made() -> Iterator[tuple[str, str]]:
    readme = (links.ROOT / "README.md").read_text(encoding="utf-8")
    yield "index.md", links.for_site(readme, "")
    yield from environments.pages()
    yield from agents.pages()
    yield "commands.md", commands.page()
    for path in sorted(links.linked_files()):
        yield links.page_of_file(path), links.file_page(path)


def _filled(entry: Any, made: dict[str, list[str]]) -> Any:
    """Return a piece of the navigation, names of folders replaced by lists of their pages."""
    if isinstance(entry, list):
        return [_filled(item, made) for item in entry]
    if isinstance(entry, dict):
        return {title: _filled(item, made) for title, item in entry.items()}
    return made.get(entry, entry)
