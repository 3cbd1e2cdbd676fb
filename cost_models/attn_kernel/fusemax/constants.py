"""Constants with their sources, as declared in ``constants.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_PACKAGE = "archgym.cost_models.attn_kernel.fusemax"

# The configurations, each one step beyond the one before.
CONFIGS = ("unfused", "flat", "cascade", "arch", "binding")


@cache
def constants() -> Mapping[str, Any]:
    """Return the tables by name."""
    text = files(_PACKAGE).joinpath("constants.yaml").read_text("utf-8")
    tables: Mapping[str, Any] = yaml.safe_load(text)
    return tables
