"""A saved surrogate: a folder with ``card.json`` and ``weights.safetensors``.

The card says what was learnt, from what, and how well, and holds hashes of the weights and of
itself, so that a file that was changed or exchanged is refused. Nothing in it is executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archgym.cost_models.learned.regressor import Tensors
from archgym.errors import MissingExtraError, StoreError
from archgym.whole_file import write_whole

SCHEMA = 1
CARD, WEIGHTS = "card.json", "weights.safetensors"
_SEAL, _WEIGHTS_HASH = "seal", "weights_sha256"
# What older cards do not have.
_LATER = ("intervals", "tuning", "workloads", "context", "defaults", "reach")


@dataclass(frozen=True)
class Card:
    """What a surrogate is.

    Attributes:
        kind: Of the regressor, see `regressor.KINDS`.
        regressor: The regressor's settings.
        env: Versioned id of the environment.
        workload: Name, or base name of a file; empty where there are several.
        settings: Of the environment.
        cost_model: Name of the model that was learnt.
        cost_model_version: Its version.
        axes: Of the design space, see `DesignEncoding.as_data`.
        scales: Of the learnt metrics, in the order of prediction.
        constants: Metrics that had one value in all rows, and that value.
        calibration: Per learnt metric, what standard deviations are multiplied with.
        rows: Designs that were learnt from.
        evaluations: Designs that the cost model was asked for, those kept out included.
        data_sha256: Hash of all rows.
        seed: Of everything random.
        scores: Per metric, on designs that were kept out.
        made_with: Versions of the packages behind it.
        intervals: Per learnt metric, how many standard deviations the 90 % interval reaches to
            either side; None where too few rows calibrate.
        tuning: How settings of the regressor were chosen; None where all were given.
        workloads: Of a surrogate of several: names, and the features of each, or their places
            where none are declared.
        context: What tells them apart, as axes behind those of the design space.
        defaults: Workload -> the learnt metrics and the violation of the default design, true.
        reach: See `Domain`; None where it is not known.
    """

    kind: str
    regressor: Mapping[str, Any]
    env: str
    workload: str
    settings: Mapping[str, Any]
    cost_model: str
    cost_model_version: str
    axes: list[dict[str, Any]]
    scales: list[dict[str, Any]]
    constants: Mapping[str, float]
    calibration: list[float]
    rows: int
    evaluations: int
    data_sha256: str
    seed: int
    scores: Mapping[str, Mapping[str, float | None]]
    made_with: Mapping[str, str]
    intervals: list[float | None] = field(default_factory=list)
    tuning: Mapping[str, Any] | None = None
    workloads: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    context: list[dict[str, Any]] = field(default_factory=list)
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reach: float | None = None


def save(folder: Path, card: Card, tensors: Tensors) -> None:
    """Write a surrogate, whole or not at all: both files beside it, then the folder is renamed.

    Raises:
        StoreError: The folder cannot be made or written, or holds something else.
        MissingExtraError: safetensors is not installed.
    """
    check_place(folder)
    weights = _safetensors().save({name: array.copy() for name, array in tensors.items()})
    content = {"schema": SCHEMA, **asdict(card), _WEIGHTS_HASH: _hash(weights)}
    content[_SEAL] = _seal(content)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            made, before = Path(beside) / "made", Path(beside) / "before"
            made.mkdir()
            write_whole(made / WEIGHTS, weights)
            write_whole(made / CARD, (json.dumps(content, indent=1) + "\n").encode())
            if folder.exists():
                folder.rename(before)
            made.rename(folder)
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}") from None


def check_place(folder: Path) -> None:
    """Refuse a place where no surrogate can be written.

    Raises:
        StoreError: It holds something else.
        MissingExtraError: safetensors is not installed.
    """
    _safetensors()
    if folder.exists() and not (folder / CARD).is_file():
        raise StoreError(f"{folder}: exists and is no surrogate; nothing is written")


def load(folder: Path) -> tuple[Card, Tensors, str]:
    """Return the card, the tensors, and the seal of a surrogate.

    Raises:
        StoreError: There is none, it is of another schema, or it was changed.
        MissingExtraError: safetensors is not installed.
    """
    content = read_content(folder)
    try:
        weights = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise StoreError(f"{folder / WEIGHTS}: cannot be read: {error.strerror}") from None
    if _hash(weights) != content[_WEIGHTS_HASH]:
        raise StoreError(f"{folder / WEIGHTS}: is not what the card says; train it again")
    return card_of(content), _safetensors().load(weights), content[_SEAL]


def read_content(folder: Path) -> dict[str, Any]:
    """Return what ``card.json`` says, after checking that it was not changed.

    Raises:
        StoreError: There is none, it is of another schema, or it was changed.
    """
    path = folder / CARD
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise StoreError(f"{path}: is no JSON; the surrogate is damaged") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else None
        raise StoreError(f"{path}: has schema {found!r}, this version reads {SCHEMA}")
    if content.get(_SEAL) != _seal(content):
        raise StoreError(f"{path}: was changed after training; train it again")
    return content


def card_of(content: Mapping[str, Any]) -> Card:
    """Return the card of what ``card.json`` says."""
    names = [one.name for one in fields(Card) if one.name in content or one.name not in _LATER]
    return Card(**{name: content[name] for name in names})


def _seal(content: Mapping[str, Any]) -> str:
    own = {name: value for name, value in content.items() if name != _SEAL}
    return _hash(json.dumps(own, sort_keys=True).encode())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _safetensors() -> Any:
    try:
        from safetensors import numpy
    except ImportError:
        raise MissingExtraError("a saved surrogate", "rl") from None
    return numpy
