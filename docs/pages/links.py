"""Links of pages to files of the repository, which the site shows as pages too."""

from __future__ import annotations

import re
from pathlib import Path

from docs.pages.tables import code

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "files"
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".csv": "text", ".toml": "toml"}
_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)]*)?\))")
DOCS = "docs/"


def linked_files() -> set[str]:
    """Return the files outside ``docs/`` that README and pages link to, from the root."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    targets = {
        (page.parent / target).resolve().relative_to(ROOT).as_posix()
        for page in pages
        for _, target, _ in _LINK.findall(page.read_text(encoding="utf-8"))
    }
    return {target for target in targets if not target.startswith(DOCS)}


def file_page(path: str) -> str:
    """Return the page that shows a file of the repository, or all files of a folder."""
    if path.endswith(".md"):
        return (ROOT / path).read_text(encoding="utf-8")
    if (ROOT / path).is_file():
        return f"# {path}\n\n{_shown(ROOT / path)}"
    inside = sorted(file for file in (ROOT / path).iterdir() if file.suffix in _LANGUAGES)
    parts = [f"## {file.name}\n\n{_shown(file)}" for file in inside]
    return "\n".join([f"# {path}\n", *parts])


def _shown(file: Path) -> str:
    return code(file.read_text(encoding="utf-8"), _LANGUAGES.get(file.suffix, "text"))


def page_of_file(path: str) -> str:
    """Return where the site shows a file."""
    return f"{FOLDER}/{path if path.endswith('.md') else path + '.md'}"


def for_site(text: str, base: str) -> str:
    """Return a page's text with links that fit the site.

    Args:
        text: The text.
        base: The folder that its links start from, relative to the root: "" or "docs".
    """

    def fit(match: re.Match[str]) -> str:
        opening, target, closing = match.groups()
        path = (ROOT / base / target).resolve().relative_to(ROOT).as_posix()
        new = path.removeprefix(DOCS) if path.startswith(DOCS) else page_of_file(path)
        return f"{opening}{new}{closing}"

    return _LINK.sub(fit, text)
