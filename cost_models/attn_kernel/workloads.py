"""Attention layers by name, as text, or out of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from archgym.cost_models.attn_kernel.attention import (
    FORM,
    KIND,
    Attention,
    attention_of,
    parse_attention,
)
from archgym.errors import UnknownNameError, WorkloadError

SUFFIXES = (".yaml", ".yml", ".json")
_LENGTH = re.compile(r"([1-9][0-9]*)([km]?)")
_FACTORS = {"": 1, "k": 2**10, "m": 2**20}


@cache
def list_attention() -> Mapping[str, Attention]:
    """Return the registered layers by name, ``model/length``."""
    tables = _tables()
    return MappingProxyType(
        {
            f"{model}/{length}": Attention(**sizes, seq=seq)
            for model, sizes in tables["models"].items()
            for length, seq in tables["lengths"].items()
        }
    )


def load_attention(name: str) -> Attention:
    """Return the layer of a name such as ``bert/256k``, of a text or of a YAML or JSON file.

    A registered model may have any length: ``bert/3000``, ``t5/128k``. Names go in any case.

    Raises:
        UnknownNameError: None of all that.
        WorkloadError: The text or the file is not well formed.
    """
    if name.lower() in list_attention():
        return list_attention()[name.lower()]
    if name.lstrip().startswith("{"):
        return _from_yaml(name, repr(name))
    if name.startswith(f"{KIND}:"):
        return parse_attention(name)
    model, _, length = name.lower().partition("/")
    match = _LENGTH.fullmatch(length)
    if model in _tables()["models"] and match:
        seq = int(match[1]) * _FACTORS[match[2]]
        return attention_of({**_tables()["models"][model], "seq": seq}, repr(name))
    if name.endswith(SUFFIXES):
        return _from_file(Path(name))
    hint = f"; also a model at any length (bert/128k), {FORM}, or a file {', '.join(SUFFIXES)}"
    raise UnknownNameError("attention", name, list_attention(), hint)


def _from_file(path: Path) -> Attention:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise WorkloadError(f"{path}: {reason}") from None
    return _from_yaml(text, str(path))


def _from_yaml(text: str, where: str) -> Attention:
    """Return the layer of a mapping; ``model`` in it gives what else it leaves out."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError:
        given = None
    if not isinstance(given, dict):
        raise WorkloadError(f"attention {where}: not a mapping in YAML or JSON")
    model = str(given.pop("model", "")).lower()
    models = _tables()["models"]
    if model and model not in models:
        raise UnknownNameError(f"model in attention {where}", model, models)
    return attention_of({**models.get(model, {}), **given}, where)


@cache
def _tables() -> Mapping[str, Any]:
    text = files("archgym.cost_models.attn_kernel").joinpath("models.yaml").read_text("utf-8")
    tables: Mapping[str, Any] = yaml.safe_load(text)
    return tables
