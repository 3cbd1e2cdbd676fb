"""Files of the user that a launch names: where they are, and the hash of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from archgym.environment import Environment
from archgym.errors import LaunchError
from archgym.problem import Problem

_TABLE = "table:"


def located(value: Any, known: Collection[Any], folder: Path) -> Any:
    """Return the absolute path where a value is a file, looked up in ``folder`` first.

    A known name is a name even where a file is called so; what is neither is left as it is. A
    part of a file may follow its name, as in ``net.onnx/conv1``.
    """
    if not isinstance(value, str) or value in known:
        return value
    for place in (folder / Path(value).expanduser(), Path(value).expanduser()):
        file = _file_in(place)
        if file is not None:
            return str(file.resolve() / place.relative_to(file))
    return value


def _file_in(place: Path) -> Path | None:
    """Return the part of a path that is a file, None where there is none."""
    return next((path for path in (place, *place.parents) if path.is_file()), None)


def located_workloads(name: str, environment: Environment, folder: Path) -> list[str]:
    """Return the workloads that a name stands for: a folder's files in order, else itself.

    Files are those that the environment can load by their suffix; those further down in the
    folder are not looked at.

    Raises:
        LaunchError: The folder has no such file.
    """
    known, suffixes = environment.workloads, environment.workload_suffixes
    if suffixes and name not in known:
        for place in (folder / Path(name).expanduser(), Path(name).expanduser()):
            if place.is_dir():
                return _files_with(suffixes, place.resolve())
    return [located(name, known, folder)]


def _files_with(suffixes: tuple[str, ...], folder: Path) -> list[str]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    fitting = [str(path) for path in files if path.suffix in suffixes]
    if not fitting:
        raise LaunchError(f"workload: {folder}: has no file that ends in {', '.join(suffixes)}")
    return fitting


def located_model(name: str, folder: Path) -> str:
    """Return a cost model's name; the folder of a table as absolute path, as in `located`."""
    table = table_folder(name)
    for place in (folder / Path(table).expanduser(), Path(table).expanduser()) if table else ():
        if place.is_dir():
            return f"{_TABLE}{place.resolve()}"
    return name


def table_folder(cost_model: str) -> str:
    """Return the folder in ``table:FOLDER``, empty for any other cost model."""
    return cost_model.removeprefix(_TABLE) if cost_model.startswith(_TABLE) else ""


def content_hashes(problem: Problem, environment: Environment, cost_model: str) -> dict[str, str]:
    """Return place in the spec -> hash, for the files of the user.

    Places are ``workload``, ``cost_model`` and ``settings.<name>``. A workload that has a
    ``content_hash()`` of its own is asked for it; a table is known by its key.
    """
    hashes = {}
    name = problem.workload_name
    file = None if name in environment.workloads else _file_in(Path(name))
    if file is not None:
        own = getattr(problem.workload, "content_hash", None)
        hashes["workload"] = str(own()) if own is not None else _file_hash(file)
    if table_folder(cost_model):
        hashes["cost_model"] = problem.cost_model.version
    for key, value in problem.settings.items():
        setting = environment.settings[key]
        if setting.or_file and value not in setting.choices and Path(str(value)).is_file():
            hashes[f"settings.{key}"] = _file_hash(Path(value))
    return hashes


def hyperparameter_hashes(agent: Any, values: Mapping[str, Any]) -> dict[str, str]:
    """Return ``hyperparameters.<name>`` -> hash, for an agent's values that are files."""
    return {
        f"hyperparameters.{name}": _file_hash(Path(value))
        for name, value in values.items()
        if agent.hyperparameters[name].file and value is not None
    }


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
