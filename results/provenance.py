"""Where, with which versions and from which state of the code a run was made."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import archgym

LIBRARIES = (
    "archgym",
    "botorch",
    "cmaes",
    "duckdb",
    "gymnasium",
    "numba",
    "numpy",
    "optuna",
    "pandas",
    "pettingzoo",
    "pyarrow",
    "pymoo",
    "ray",
    "sb3-contrib",
    "scikit-learn",
    "scipy",
    "smac",
    "stable-baselines3",
    "torch",
)
# What may change results or times and holds no secret; all others stay unread.
VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
)
_OWN_PREFIX = "ARCHGYM_"
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL")
_GIT_SECONDS = 10.0


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python, archgym and the libraries that results may depend on."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def host() -> dict[str, Any]:
    """Return the machine and process that do the work."""
    return {
        "name": socket.gethostname(),
        "pid": os.getpid(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
        "argv0": os.path.basename(sys.argv[0]) if sys.argv else "",
    }


def environment_variables() -> dict[str, str]:
    """Return the variables that may change a run: of a fixed list, and those of archgym itself."""
    return {name: os.environ[name] for name in sorted(os.environ) if _is_told(name)}


def _is_told(name: str) -> bool:
    own = name.startswith(_OWN_PREFIX) and not any(word in name for word in _SECRET_WORDS)
    return own or name in VARIABLES


def code_state() -> dict[str, Any]:
    """Return commit and dirtiness of archgym's checkout and of the working directory.

    Left out is what lies in no git repository, and all where git is not installed.
    """
    package = Path(archgym.__file__)
    states = {
        "archgym": _git_state(package.parent, package.name),
        "working_directory": _git_state(Path.cwd(), "."),
    }
    return {name: state for name, state in states.items() if state is not None}


@cache
def _git_state(folder: Path, tracked: str) -> dict[str, Any] | None:
    """Return the state of the repository that tracks a file; None where none does."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None or _git(folder, "ls-files", "--error-unmatch", tracked) is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": bool(changed)}


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, None where it refuses or is not there."""
    command = ["git", "-C", str(folder), *words]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() if said.returncode == 0 else None


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def run_provenance() -> dict[str, Any]:
    """Return what a run's file says of where it comes from."""
    return {
        "versions": versions(),
        "code": code_state(),
        "environment": environment_variables(),
        "host": host(),
        "created": now(),
    }
