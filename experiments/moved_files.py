"""Files of the user on another machine: a folder that was sent there lies elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from archgym.results.spec import TABLE_MODEL, TrialSpec


def moved(spec: TrialSpec, sent_folder: str) -> TrialSpec:
    """Return a spec whose files in the sent folder are looked for in the current one.

    Args:
        spec: A trial's spec; it keeps its identity, which is by the content of files.
        sent_folder: Where they lie on the driver's machine; empty where nothing was sent.
    """
    if not sent_folder:
        return spec
    here = str(Path.cwd())
    parts = {
        name: _moved(getattr(spec, name), sent_folder, here)
        for name in ("workload", "cost_model", "settings", "hyperparameters", "recheck")
    }
    return replace(spec, **parts)


def _moved(value: Any, there: str, here: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _moved(item, there, here) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_moved(item, there, here) for item in value)
    if not isinstance(value, str):
        return value
    prefix = TABLE_MODEL if value.startswith(TABLE_MODEL) else ""
    path = value.removeprefix(prefix)
    inside = path == there or path.startswith(there + os.sep)
    return prefix + here + path.removeprefix(there) if inside else value
