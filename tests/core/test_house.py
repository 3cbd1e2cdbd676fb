"""The architecture's own rules: links, who imports whom, and what stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("envs", "agents", "cost_models", "experiments", "results")
CORE = "core"

MAY_IMPORT = {
    CORE: {CORE},
    "cost_models": {CORE, "cost_models"},
    "envs": {CORE, "cost_models", "envs"},
    "agents": {CORE, "cost_models", "agents"},
    "results": {CORE, "cost_models", "results"},
    "experiments": {CORE, "cost_models", "envs", "agents", "results", "experiments"},
    "cli": {CORE, "cost_models", "envs", "agents", "results", "experiments", "cli"},
    "testing": {CORE, "cost_models", "envs", "agents", "results", "experiments", "cli", "testing"},
}
HEAVY = ("torch", "ray", "pandas", "sklearn", "scipy", "numba", "optuna", "pymoo", "gymnasium")


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in (*ROOMS, "cli", "testing") else CORE


def source_files() -> list[Path]:
    core = [
        p for p in (ROOT / "archgym").rglob("*.py") if p.relative_to(ROOT).parts[1] not in ROOMS
    ]
    return core + [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]


def module_of(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts if parts[0] == "archgym" else ["archgym", *parts])


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_reached_by_a_relative_link(room: str) -> None:
    link = ROOT / "archgym" / room
    assert link.is_symlink()
    assert str(link.readlink()) == f"../{room}"
    assert link.resolve() == ROOT / room


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_use_only_what_stands_below_them(path: Path) -> None:
    room = room_of(module_of(path))
    for name in imported(path):
        assert name.split(".")[0] not in ROOMS, f"{path}: bare import of {name}"
        if name.split(".")[0] == "archgym":
            assert room_of(name) in MAY_IMPORT[room], f"{path} ({room}) imports {name}"


@pytest.mark.parametrize("statement", ["import archgym", "from archgym.cli import main, app"])
def test_heavy_packages_are_not_imported_at_start(statement: str) -> None:
    script = f"import sys; {statement}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_pytest_is_imported_by_the_conformance_kit_alone() -> None:
    for path in source_files():
        if room_of(module_of(path)) != "testing":
            assert not any(name.split(".")[0] == "pytest" for name in imported(path)), path


def test_agents_and_envs_know_each_other_by_registry_only() -> None:
    for room, other in (("agents", "envs"), ("envs", "agents")):
        for path in (ROOT / room).rglob("*.py"):
            assert not any(name.startswith(f"archgym.{other}") for name in imported(path)), path
