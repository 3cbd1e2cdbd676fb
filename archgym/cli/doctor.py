"""The verb that says what is installed, what is missing, and how to get it."""

from __future__ import annotations

import ctypes.util
import os
import platform
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
import yaml

from archgym.cli.options import FormatOption
from archgym.cli.tables import Format, show

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OK, MISSING, BROKEN = "ok", "missing", "broken"
_CORE_BROKEN = 1
_NOT_FOR_USERS = "dev"

Row = dict[str, Any]


def doctor(form: FormatOption = Format.TABLE) -> None:
    """Show what is installed, which extras and tools are missing, and how to get them.

    Exit code 0 when the core is whole (extras and tools are optional), 1 when it is not.

    Example: archgym doctor
    """
    needed = list(_requirements())
    core = list(_core(needed))
    rows = {
        "core": core,
        "machine": list(_machine()),
        "extras": list(_extras(needed)),
        "tools": list(_tools()),
    }
    if form is Format.TABLE:
        for title, section in rows.items():
            show(section, form, title)
            typer.echo()
    else:
        show(
            [
                {"part": part, **row, "used by": row.get("used by", "")}
                for part, section in rows.items()
                for row in section
            ],
            form,
        )
    if any(row["state"] != OK for row in core):
        raise typer.Exit(_CORE_BROKEN)


def _requirements() -> Iterator[Requirement]:
    from packaging.requirements import Requirement

    for text in requires("archgym") or ():
        yield Requirement(text)


def _core(needed: Iterable[Requirement]) -> Iterator[Row]:
    yield _row("archgym", OK, version("archgym"))
    for requirement in needed:
        if requirement.marker is None:
            found = _found(requirement)
            state = OK if _satisfied(requirement, found) else BROKEN if found else MISSING
            how = "" if state == OK else f"pip install '{requirement.name}{requirement.specifier}'"
            yield _row(requirement.name, state, found, how)


def _machine() -> Iterator[Row]:
    from archgym.cost_models.compiled import cache_folders

    yield _row("Python", OK, f"{platform.python_version()}, {sys.executable}")
    yield _row("cores", OK, str(len(os.sched_getaffinity(0))))
    writable = [str(folder) for folder in cache_folders() if _writable(folder)]
    how = "" if writable else "point XDG_CACHE_HOME at a folder that can be written"
    state, found = (OK, writable[0]) if writable else (MISSING, "none; compiled in every process")
    yield _row("cache of compiled kernels", state, found, how)


def _extras(needed: Iterable[Requirement]) -> Iterator[Row]:
    by_extra: dict[str, list[Requirement]] = defaultdict(list)
    for requirement in needed:
        extra = _extra_of(requirement)
        if extra not in ("", _NOT_FOR_USERS):
            by_extra[extra].append(requirement)
    for extra, members in by_extra.items():
        lacking = [r.name for r in members if not _satisfied(r, _found(r))]
        state, how = (MISSING, f"pip install 'archgym[{extra}]'") if lacking else (OK, "")
        found = ", ".join(f"{r.name} {_found(r)}" for r in members if r.name not in lacking)
        yield _row(extra, state, found, how)


def _extra_of(requirement: Requirement) -> str:
    """Return the extra that a requirement belongs to, empty for one of the core."""
    _, quote, rest = str(requirement.marker or "").partition('extra == "')
    return rest.partition('"')[0] if quote else ""


def known_tools() -> list[dict[str, str]]:
    """Return the programs of others that parts of archgym can use, as ``tools.yaml`` has them."""
    text = files("archgym.cli").joinpath("tools.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text))


def _tools() -> Iterator[Row]:
    for tool in known_tools():
        found = _where(tool)
        state, how = (OK, "") if found else (MISSING, tool["get"])
        yield _row(tool["tool"], state, found, how) | {"used by": tool["used_by"]}


def _where(tool: dict[str, str]) -> str:
    """Return where a tool was found; the variable that names it goes before the usual place."""
    named = os.environ.get(tool.get("variable", ""))
    if named:
        return shutil.which(named) or (named if os.path.exists(named) else "")
    if "program" in tool:
        return shutil.which(tool["program"]) or ""
    if "library" in tool:
        return ctypes.util.find_library(tool["library"]) or ""
    return tool["module"] if "module" in tool and _importable(tool["module"]) else ""


def _importable(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _found(requirement: Requirement) -> str:
    try:
        return version(requirement.name)
    except PackageNotFoundError:
        return ""


def _satisfied(requirement: Requirement, found: str) -> bool:
    return bool(found) and requirement.specifier.contains(found, prereleases=True)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _row(what: str, state: str, found: str, how: str = "") -> Row:
    return {"what": what, "state": state, "found": found, "how to get it": how}
