"""The documentation site: it is built from the code, and every link in it leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from archgym import registry
from docs.pages import agents, commands, environments, links
from docs.pages.tables import table

ROOT = Path(__file__).resolve().parents[1]


def test_every_environment_and_agent_has_a_page_of_what_it_declares():
    pages = {**dict(environments.pages()), **dict(agents.pages())}
    for name in registry.environments.names():
        for objective in registry.environments.get(name).objectives:
            assert objective.replace("_", r"\_") in pages[f"environments/{name}.md"]
    for name in registry.agents.names():
        for key in registry.agents.get(name).hyperparameters:
            assert key.replace("_", r"\_") in pages[f"agents_by_name/{name}.md"]


def test_every_verb_is_shown_with_its_options():
    page = commands.page()
    assert "## archgym leaderboard" in page
    assert "--retry-failed" in page


def test_a_cell_cannot_break_its_table():
    shown = table([{"what": "a|b\nc", "empty": ""}])
    assert shown == "| what |\n| --- |\n| a\\|b c |\n"


def test_links_to_files_of_the_repository_lead_to_pages_that_show_them():
    assert links.for_site("[a](../examples/own_agent.py)", "docs") == (
        "[a](files/examples/own_agent.py.md)"
    )
    assert links.for_site("[a](docs/dram.md#agreement)", "") == "[a](dram.md#agreement)"
    assert links.for_site("[a](https://example.org/x)", "") == "[a](https://example.org/x)"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_asks_no_other_host(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=environ)
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "index.html").read_text()
    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', home)
    assert not loaded
    assert (tmp_path / "environments" / "dram.html").is_file()
