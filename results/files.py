"""Files of a store: whole or absent, durable. The one place that touches paths.

A place is a local path (temporary file, fsync, rename) or one on another file system, where an
object appears whole by itself.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archgym.errors import StoreError
from archgym.results.remote import RemotePath, explained

if TYPE_CHECKING:
    import pyarrow as pa

Place = Path | RemotePath
Stamp = tuple[int, int]  # time of writing in nanoseconds, size in bytes
TEMPORARY = ".tmp"


def place(text: Path | str) -> Place:
    """Return the place of a path or URL.

    Raises:
        StoreError: The URL is malformed or holds credentials.
    """
    if isinstance(text, str) and "://" in text:
        return RemotePath.parse(text)
    return Path(text).expanduser().absolute()


def make_folder(path: Place) -> None:
    """Create a folder and those above it; elsewhere than on a disk folders need not exist.

    Raises:
        StoreError: It cannot be created.
    """
    if isinstance(path, RemotePath):
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(path, "cannot be created", error) from None


def write_parquet(path: Place, table: pa.Table, packing: Mapping[str, Any]) -> None:
    """Write rows as a file that appears whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    packed = pa.BufferOutputStream()
    pq.write_table(table, packed, **packing)
    put(path, packed.getvalue())


def read_parquet(path: Place) -> pa.Table:
    """Return the rows of a file.

    Raises:
        FileNotFoundError: It does not exist.
        StoreError: It cannot be read or is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = path if isinstance(path, Path) else pa.BufferReader(path.read_bytes())
        return pq.ParquetFile(source).read()
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{path}: is damaged or cannot be read: {reason}") from None


def read_json(path: Place) -> dict[str, Any] | None:
    """Return the content of a JSON file, None where the file does not exist.

    Raises:
        StoreError: The file cannot be read or is not a JSON mapping.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refused(path, "cannot be read", error) from None
    except ValueError as error:
        raise StoreError(f"{path}: is damaged, not JSON: {error}") from None
    if not isinstance(content, dict):
        raise StoreError(f"{path}: is damaged, not a JSON mapping")
    return content


def write_json(path: Place, content: Mapping[str, Any], durable: bool = True) -> None:
    """Write a JSON file whole, replacing an older one.

    Args:
        path: Where; its folder exists.
        content: What; numpy values and tuples are turned into plain ones, NaN into null.
        durable: Whether it must survive a power cut.

    Raises:
        StoreError: It cannot be written.
    """
    put(path, to_json(content), durable)


def put(path: Place, content: Any, durable: bool = True) -> None:
    """Write bytes as a file that appears whole or not at all, replacing an older one.

    Raises:
        StoreError: It cannot be written.
    """
    if isinstance(path, Path):
        publish(write_temporary(path, content, durable), path, durable)
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise refused(path, "cannot be written", error) from None


def create_json(path: Place, content: Mapping[str, Any]) -> bool:
    """Write a JSON file whole unless it exists; return whether it was this call that did.

    It need not survive a power cut: what it guards against is a process that dies. Elsewhere than
    on a disk two calls at the same moment may both succeed.

    Raises:
        StoreError: It cannot be written.
    """
    if isinstance(path, RemotePath):
        new = not exists(path)
        if new:
            write_json(path, content)
        return new
    temporary = write_temporary(path, to_json(content), durable=False)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise refused(path, "cannot be written", error) from None
    finally:
        temporary.unlink()
    return True


def temporary_beside(path: Path) -> Path:
    """Return the name of a new, empty temporary file in the folder of ``path``.

    Raises:
        StoreError: The folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-", suffix=TEMPORARY)
        os.fchmod(handle, 0o644)
        os.close(handle)
    except OSError as error:
        raise refused(path, "cannot be written", error) from None
    return Path(name)


@contextmanager
def new_temporary(path: Path) -> Iterator[Path]:
    """Give the name of a temporary file beside ``path`` to fill; it is removed if that fails.

    Raises:
        StoreError: The system refuses to write it.
    """
    temporary = temporary_beside(path)
    try:
        yield temporary
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise refused(path, "cannot be written", error) from None
        raise


def write_temporary(path: Path, content: Any, durable: bool) -> Path:
    """Write a temporary file beside ``path`` and return its name."""
    with new_temporary(path) as temporary:
        temporary.write_bytes(content)
        if durable:
            sync(temporary)
    return temporary


def publish(temporary: Path, path: Path, durable: bool = True) -> None:
    """Give a finished temporary file its name; readers see the old file or the new one."""
    try:
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise refused(path, "cannot be written", error) from None
    if durable:
        sync_folder(path.parent)


def names(folder: Place) -> list[tuple[str, bool]]:
    """Return the names in a folder, sorted, and whether they are folders; none if it is absent.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        if isinstance(folder, RemotePath):
            return folder.names()
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.is_dir()) for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise refused(folder, "cannot be read", error) from None


def stamped_folders(
    top: Place, prefixes: Sequence[str], name: str
) -> Iterator[tuple[str, Stamp | None]]:
    """Yield the folders ``len(prefixes)`` levels down, sorted, and the stamp of a file in each.

    Args:
        top: Where to begin.
        prefixes: With which the folders' names begin, level by level.
        name: The file; its stamp is None where it is absent.

    Raises:
        StoreError: A folder cannot be read.
    """
    if isinstance(top, RemotePath):
        yield from _stamped_remotely(top, prefixes, name)
        return
    start = len(str(top)) + 1
    for folder in _local_folders(str(top), prefixes):
        try:
            found = os.stat(f"{folder}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            yield folder[start:], None
        else:
            yield folder[start:], (found.st_mtime_ns, found.st_size)


def _local_folders(top: str, prefixes: Sequence[str]) -> Iterator[str]:
    first, *below = prefixes
    for name, is_folder in names(Path(top)):
        if is_folder and name.startswith(first):
            path = f"{top}/{name}"
            yield from _local_folders(path, below) if below else (path,)


def _stamped_remotely(
    top: RemotePath, prefixes: Sequence[str], name: str
) -> Iterator[tuple[str, Stamp | None]]:
    stamps: dict[str, Stamp | None] = {}
    try:
        for path, time_ns, size in top.files_below():
            *folders, last = path.split("/")
            if len(folders) != len(prefixes) or not all(map(str.startswith, folders, prefixes)):
                continue
            folder = "/".join(folders)
            stamps.setdefault(folder, None)
            if last == name:
                stamps[folder] = time_ns, size
    except OSError as error:
        raise refused(top, "cannot be read", error) from None
    yield from stamps.items()


def exists(path: Place) -> bool:
    """Return whether a file is there.

    Raises:
        StoreError: That cannot be told.
    """
    try:
        return path.exists()
    except OSError as error:
        raise refused(path, "cannot be read", error) from None


def modified(path: Place) -> float:
    """Return when a file was written, in seconds since 1970; 0 where it is absent.

    Raises:
        StoreError: That cannot be told.
    """
    try:
        return path.stat().st_mtime if isinstance(path, Path) else path.modified()
    except FileNotFoundError:
        return 0.0
    except OSError as error:
        raise refused(path, "cannot be read", error) from None


def remove(path: Place) -> None:
    """Remove a file; it may be gone already.

    Raises:
        StoreError: It cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise refused(path, "cannot be removed", error) from None


def rename(path: Place, name: str) -> None:
    """Give a file another name in the same folder.

    Raises:
        StoreError: It cannot be renamed.
    """
    try:
        if isinstance(path, RemotePath):
            path.move(name)
        else:
            path.rename(path.with_name(name))
    except OSError as error:
        raise refused(path, "cannot be renamed", error) from None


def remove_temporaries(folder: Place) -> None:
    """Remove what a killed writer left half-written; only for a folder's one writer."""
    if isinstance(folder, RemotePath):
        return
    for left in folder.glob(f"*{TEMPORARY}"):
        left.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file's (or folder's) content is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


sync_folder = sync


def to_json(content: Any) -> bytes:
    """Return readable JSON; floats by ``repr``, so that they are read back exactly."""
    return json.dumps(plain(content), indent=1, allow_nan=False).encode() + b"\n"


def plain(value: Any) -> Any:
    """Return a value made of JSON's types: no numpy, no tuples, null for NaN and infinities."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def refused(path: Place, what: str, error: OSError) -> StoreError:
    """Return the error that names the path and what the system says."""
    return StoreError(f"{path}: {what}: {explained(error)}")
