"""Where and with which versions a run was made."""

from __future__ import annotations

import os
import platform
import socket
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

LIBRARIES = (
    "archgym",
    "numpy",
    "scipy",
    "numba",
    "pyarrow",
    "optuna",
    "pymoo",
    "torch",
    "stable-baselines3",
    "ray",
)


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
        "argv0": os.path.basename(sys.argv[0]) if sys.argv else "",
    }


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
