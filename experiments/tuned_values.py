"""Tuned hyper-parameters as files: one per family, with the launch that made it.

Those that ship lie in ``agents/tuned/<family>.yaml``; ``archgym tuning LAUNCH --save FILE``
writes one. A launch that says ``hyperparameters: tuned`` (or names such a file) is planned with
the values themselves, so that runs are known by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from archgym.errors import ArchgymError, LaunchError, UnknownNameError
from archgym.experiments.user_files import located
from archgym.results.files import plain
from archgym.whole_file import write_whole

TUNED = "tuned"
_HEAD = """\
# Hyper-parameters tuned by `archgym run` of the launch below, written by `archgym tuning --save`.
# Scores are geometric means of the best rewards over problems and seeds; gain_95 bounds, on the
# held-out problems, how many times better than the default the tuned values are.
"""


def read_tuned(name: str, agent: Any, family: str, folder: Path) -> dict[str, Any]:
    """Return an agent's tuned hyper-parameters.

    Args:
        name: ``tuned`` for those that ship, or a file, looked up in ``folder`` first.
        agent: The agent's class.
        family: The family of environments that they must be tuned for.
        folder: The launch's folder.

    Raises:
        LaunchError: There are none of this family or agent, the file cannot be read, or a value
            is not allowed. Begins with the place.
    """
    path = str(files("archgym.agents") / "tuned" / f"{family}.yaml")
    path = path if name == TUNED else located(name, (), folder)
    try:
        content = _read(Path(path), name, family)
        agents = content["agents"]
        if agent.name not in agents:
            raise UnknownNameError(f"agent in {path}", agent.name, agents)
        checked: dict[str, Any] = agent.check(agents[agent.name]["hyperparameters"])
    except ArchgymError as error:
        raise LaunchError(f"hyperparameters: {error}") from None
    except (KeyError, TypeError) as error:
        reason = f"is not a file of tuned values ({type(error).__name__}: {error})"
        raise LaunchError(f"hyperparameters: {path}: {reason}") from None
    return checked


def _read(path: Path, name: str, family: str) -> dict[str, Any]:
    if not path.is_file():
        known = f"no tuned values ship for family {family!r}"
        raise LaunchError(known if name == TUNED else f"{name!r} is neither {TUNED} nor a file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise LaunchError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or content.get("family") != family:
        raise LaunchError(f"{path}: holds no values for family {family!r}")
    return content


def write_tuned(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file of tuned values, whole or not at all."""
    text = yaml.safe_dump(plain(content), sort_keys=False, allow_unicode=True, width=100)
    write_whole(path, (_HEAD + text).encode())
