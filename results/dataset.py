"""Datasets: evaluations of one cost model, gathered from runs, as one table with a card.

``STORE/datasets/NAME/version=<n>/`` holds ``data.parquet`` and ``card.json``. A row is a design in
native values, its metrics, ``violation`` and ``status``, as the cost model says and no objective,
its ``workload``, and where it comes from: ``agent``, ``seed``, ``run``, ``step``. A version never
changes; building again what has changed makes the next one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from archgym.errors import StoreError, UnknownNameError
from archgym.results.files import Place, make_folder, names, put, read_json, refused, write_json
from archgym.results.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 1
FOLDER, CARD, DATA = "datasets", "card.json", "data.parquet"
ABOUT = ("violation", "status", "workload", "agent", "seed", "run", "step")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_VERSION = "version="
_PACKING = {"compression": "zstd", "write_statistics": False, "store_schema": False}


@dataclass(frozen=True)
class DatasetCard:
    """What a dataset is.

    Attributes:
        name: Of the dataset.
        version: Counted from 1.
        env: The environment's id in the registry.
        env_version: Its version.
        settings: Of the environment.
        cost_model: Name of the model that measured.
        cost_model_version: Its version.
        parameters: Columns of the design.
        metrics: Columns of what was measured.
        filters: What the runs and rows were chosen by.
        rows: How many there are.
        repeats: Further rows of designs that provably behave as an earlier one, left out.
        workloads: Name -> rows.
        agents: Name -> rows.
        statuses: Word -> rows.
        runs: Ids of the runs that gave rows.
        data_sha256: Hash of the file of rows.
        archgym: Version of the package that built it.
    """

    name: str
    version: int
    env: str
    env_version: int
    settings: Mapping[str, Any]
    cost_model: str
    cost_model_version: str
    parameters: list[str]
    metrics: list[str]
    filters: Mapping[str, Any]
    rows: int
    repeats: int
    workloads: Mapping[str, int]
    agents: Mapping[str, int]
    statuses: Mapping[str, int]
    runs: list[str]
    data_sha256: str
    archgym: str

    @property
    def reference(self) -> str:
        """The name by which this very version is found."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class Dataset:
    """A card and where its rows lie."""

    card: DatasetCard
    folder: Place

    def table(self) -> pa.Table:
        """Return all rows.

        Raises:
            StoreError: The file is absent, damaged, or not what the card says.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / DATA
        try:
            content = path.read_bytes()
        except OSError as error:
            raise refused(path, "cannot be read", error) from None
        if content_hash(content) != self.card.data_sha256:
            raise StoreError(f"{path}: is not what the card says; build the dataset again")
        return pq.ParquetFile(pa.BufferReader(content)).read()


def datasets(store: Store) -> Iterator[Dataset]:
    """Yield all datasets of a store, versions in order."""
    for name, is_folder in names(store.path / FOLDER):
        if is_folder:
            for version in _versions(store.path / FOLDER / name):
                yield _read(store.path / FOLDER / name / f"{_VERSION}{version}")


def find_dataset(store: Store, reference: str) -> Dataset:
    """Return the dataset ``NAME``, its newest version, or ``NAME:VERSION``.

    Raises:
        UnknownNameError: There is none.
        StoreError: Its card is damaged or of another schema.
    """
    name, colon, wanted = reference.partition(":")
    versions = [str(number) for number in _versions(store.path / FOLDER / name)] if name else []
    version = wanted if colon else next(reversed(versions), "")
    if version not in versions:
        known = [dataset.card.reference for dataset in datasets(store)]
        raise UnknownNameError(f"dataset in {store.address}", reference, known)
    return _read(store.path / FOLDER / name / f"{_VERSION}{version}")


def next_version(store: Store, name: str) -> int:
    """Return the number of the version that a dataset of that name would be given.

    Raises:
        StoreError: The name cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise StoreError(
            f"dataset {name!r}: a name is made of small letters, digits, '.', '_' and '-'"
        )
    return max(_versions(store.path / FOLDER / name), default=0) + 1


def write_dataset(store: Store, card: DatasetCard, content: bytes) -> Dataset:
    """Write a dataset; the card, without which it does not count, comes last.

    Raises:
        StoreError: It cannot be written.
    """
    folder = store.path / FOLDER / card.name / f"{_VERSION}{card.version}"
    make_folder(folder)
    put(folder / DATA, content)
    write_json(folder / CARD, {"schema": SCHEMA, **asdict(card)})
    return Dataset(card, folder)


def packed(table: pa.Table) -> bytes:
    """Return rows as the bytes of a Parquet file; equal rows give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **_PACKING)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def content_hash(content: bytes) -> str:
    """Return the hash by which a card knows its rows."""
    return hashlib.sha256(content).hexdigest()


def _versions(folder: Place) -> list[int]:
    numbers = (name.removeprefix(_VERSION) for name, is_folder in names(folder) if is_folder)
    found = [int(number) for number in numbers if number.isdigit()]
    return sorted(n for n in found if read_json(folder / f"{_VERSION}{n}" / CARD) is not None)


def _read(folder: Place) -> Dataset:
    content = read_json(folder / CARD) or {}
    if content.get("schema") != SCHEMA:
        found = content.get("schema")
        raise StoreError(f"{folder / CARD}: has schema {found!r}, this version reads {SCHEMA}")
    try:
        card = DatasetCard(**{field.name: content[field.name] for field in fields(DatasetCard)})
    except KeyError as error:
        raise StoreError(f"{folder / CARD}: is damaged, {error} is missing") from None
    return Dataset(card, folder)
