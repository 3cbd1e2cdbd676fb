"""Products by name, as text, or out of the user's Matrix-Market files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml

from archgym.cost_models.dnn.spgemm.generated import FORMS, generate, is_generated
from archgym.cost_models.dnn.spgemm.product import Pattern, Product, pattern_of
from archgym.errors import UnknownNameError, WorkloadError

_PAIR_SUFFIXES = (".json", ".yaml", ".yml")
PAIR = '{"a": MATRIX, "b": MATRIX}'


@cache
def list_products() -> Mapping[str, Mapping[str, str]]:
    """Return the registered products: name -> matrix as text and description."""
    text = files("archgym.cost_models.dnn.spgemm").joinpath("workloads.yaml").read_text("utf-8")
    return MappingProxyType(yaml.safe_load(text))


def load_product(name: str) -> Product:
    """Return the product of a registered name, a matrix as text, a file, or a mapping as text.

    A single matrix is multiplied by itself. A JSON or YAML file, or a mapping as text (it begins
    with a brace), names two under ``a`` and ``b``, each as text or as a Matrix-Market file whose
    path is relative to the file.

    Raises:
        UnknownNameError: Neither a name nor a file.
        WorkloadError: A file or a text does not hold matrices that can be multiplied.
    """
    if name in list_products():
        return _squared(list_products()[name]["matrix"])
    if is_generated(name):
        return _squared(name)
    if name.lstrip().startswith("{"):
        return _pair(_parse(name, name, yaml.safe_load), name, Path())
    path = Path(name)
    if not path.is_file():
        hint = f"; a Matrix-Market file will do, {PAIR} in a JSON file, or a text such as {FORMS}"
        raise UnknownNameError("sparse product or file", name, list_products(), hint)
    if path.suffix in _PAIR_SUFFIXES:
        reader = json.loads if path.suffix == ".json" else yaml.safe_load
        return _pair(_parse(name, _text(path), reader), name, path.parent)
    matrix = read_matrix(path)
    return Product(name, matrix, matrix)


@lru_cache(maxsize=32)
def _squared(text: str) -> Product:
    """Return the square of a generated matrix; its counts are made once a process."""
    matrix = generate(text)
    return Product(text, matrix, matrix)


def read_matrix(path: Path) -> Pattern:
    """Return the index set of a Matrix-Market file; stored zeros count as entries.

    Raises:
        WorkloadError: It cannot be read. Names the file and the reason.
    """
    from scipy.io import mmread
    from scipy.sparse import coo_array

    try:
        matrix = coo_array(mmread(path, spmatrix=False))
    except (OSError, ValueError, TypeError, OverflowError, IndexError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise WorkloadError(f"{path}: not a Matrix-Market file ({reason})") from None
    rows, columns = (np.asarray(index, dtype=np.int64) for index in matrix.coords)
    return pattern_of(rows, columns, matrix.shape)


def _pair(fields: Any, name: str, folder: Path) -> Product:
    keys = {str(key).lower(): value for key, value in fields.items()} if _is_map(fields) else {}
    if set(keys) != {"a", "b"} or not all(isinstance(value, str) for value in keys.values()):
        raise WorkloadError(
            f"{name}: expected {PAIR}, each a Matrix-Market file or a text such as {FORMS}"
        )
    return Product(name, _matrix(keys["a"], folder), _matrix(keys["b"], folder))


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _matrix(text: str, folder: Path) -> Pattern:
    if is_generated(text):
        return generate(text)
    path = folder / Path(text).expanduser()
    if not path.is_file():
        raise WorkloadError(f"{path}: no such file, nor a text such as {FORMS}")
    return read_matrix(path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"{path}: cannot be read ({error})") from None


def _parse(name: str, text: str, reader: Any) -> Any:
    try:
        return reader(text)
    except (ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise WorkloadError(f"{name}: not well formed ({reason}); expected {PAIR}") from None
