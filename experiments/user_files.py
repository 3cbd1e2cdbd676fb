"""Files of the user that a launch names: where they are, and the hash of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from archgym.environment import Environment
from archgym.problem import Problem


def located(value: Any, known: Collection[Any], folder: Path) -> Any:
    """Return the absolute path where a value is a file, looked up in ``folder`` first.

    A known name is a name even where a file is called so; what is neither is left as it is.
    """
    if not isinstance(value, str) or value in known:
        return value
    for place in (folder / Path(value).expanduser(), Path(value).expanduser()):
        if place.is_file():
            return str(place.resolve())
    return value


def content_hashes(problem: Problem, environment: Environment) -> dict[str, str]:
    """Return place in the spec (``workload``, ``settings.<name>``) -> hash, for files of the user.

    A workload that has a ``content_hash()`` of its own is asked for it.
    """
    hashes = {}
    name = problem.workload_name
    if name not in environment.workloads and Path(name).is_file():
        own = getattr(problem.workload, "content_hash", None)
        hashes["workload"] = str(own()) if own is not None else _file_hash(Path(name))
    for key, value in problem.settings.items():
        setting = environment.settings[key]
        if setting.or_file and value not in setting.choices and Path(str(value)).is_file():
            hashes[f"settings.{key}"] = _file_hash(Path(value))
    return hashes


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
