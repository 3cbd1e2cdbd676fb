"""Places of a store that is no local folder: the part of `pathlib.Path` that stores use.

Any URL that pyarrow knows will do: ``s3://bucket/path?endpoint_override=HOST:PORT&scheme=http``,
``gs://...``, ``fsspec+memory://...``. An object appears whole or not at all, so none is renamed.
Credentials come from the environment or the machine's role; URLs that hold them are refused.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from archgym.errors import StoreError

_S3_OPTIONS: dict[str, type] = {
    "endpoint_override": str,
    "region": str,
    "scheme": str,
    "force_virtual_addressing": bool,
}
_SECRETS = {"access_key", "secret_key", "session_token", "password", "token", "key", "secret"}
_CONNECT_SECONDS, _REQUEST_SECONDS, _TRIES = 5.0, 60.0, 3
_HINTS = {
    "NO_SUCH_BUCKET": "there is no such bucket; create it first",
    "NETWORK_CONNECTION": "the endpoint cannot be reached; is endpoint_override right?",
    "ACCESS_DENIED": "access is denied; see AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "INVALID_ACCESS_KEY_ID": "the access key is unknown; see AWS_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong; see AWS_SECRET_ACCESS_KEY",
    "HTTP status 403": "access is denied; see AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}


@dataclass(frozen=True)
class RemotePath:
    """A file or folder on another file system; like `pathlib.Path` where it has the same names.

    Attributes:
        key: Its path there, for S3 with the bucket in front.
        scheme: What stands before ``://``.
        query: Options of the URL.
        system: The pyarrow file system.
    """

    key: str
    scheme: str
    query: str = ""
    system: Any = field(default=None, compare=False, repr=False)

    @staticmethod
    def parse(url: str) -> RemotePath:
        """Return the place of a URL.

        Raises:
            StoreError: It is malformed, holds credentials, or its file system is unknown.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        if parts.username or parts.password or _SECRETS & {name.lower() for name in options}:
            raise StoreError(f"{shown}: leave credentials out of the URL; use the environment")
        if parts.scheme == "s3":
            key = posixpath.normpath(f"{parts.netloc}{parts.path}").strip("/")
            if not parts.netloc:
                raise StoreError(f"{url}: names no bucket, write s3://BUCKET/PATH")
            return RemotePath(key, "s3", parts.query, _s3(shown, options))
        system, key = _other(url)
        return RemotePath(key.rstrip("/"), parts.scheme, parts.query, system)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.key}"

    @property
    def address(self) -> str:
        """The URL with its options: `parse` returns this place from it."""
        return f"{self}?{self.query}" if self.query else str(self)

    def __truediv__(self, name: str) -> RemotePath:
        return replace(self, key=f"{self.key}/{name}")

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> RemotePath:
        """The folder above."""
        return replace(self, key=self.key.rpartition("/")[0])

    def exists(self) -> bool:
        """Return whether there is such a file, or anything below such a folder."""
        return bool(self._info().type != _file_types().NotFound)

    def is_dir(self) -> bool:
        """Return whether anything lies below this folder."""
        return bool(self._info().type == _file_types().Directory)

    def modified(self) -> float:
        """Return when the file was written, in seconds since 1970."""
        return float(self._info().mtime_ns or 0) / 1e9

    def read_bytes(self) -> bytes:
        """Return the content of a file."""
        with self.system.open_input_stream(self.key) as stream:
            return stream.read()  # type: ignore[no-any-return]

    def write_bytes(self, content: Any) -> None:
        """Write a file whole, in place of an older one."""
        with self.system.open_output_stream(self.key) as stream:
            stream.write(content)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove a file."""
        try:
            self.system.delete_file(self.key)
        except FileNotFoundError:
            if not missing_ok:
                raise

    def move(self, name: str) -> None:
        """Give a file another name in the same folder."""
        self.system.move(self.key, self.parent.key + "/" + name)

    def names(self) -> list[tuple[str, bool]]:
        """Return the names in this folder, sorted, and whether they are folders."""
        return sorted(
            (info.base_name, info.type == _file_types().Directory) for info in self._list()
        )

    def files_below(self) -> Iterator[tuple[str, int, int]]:
        """Yield path below this folder, time of writing (ns) and size of all files, sorted."""
        start, folder = len(self.key) + 1, _file_types().Directory
        infos = [info for info in self._list(recursive=True) if info.type != folder]
        for info in sorted(infos, key=lambda info: str(info.path)):
            yield info.path[start:], info.mtime_ns or 0, info.size

    def _list(self, recursive: bool = False) -> Any:
        from pyarrow.fs import FileSelector

        selector = FileSelector(self.key, allow_not_found=True, recursive=recursive)
        return self.system.get_file_info(selector)

    def _info(self) -> Any:
        return self.system.get_file_info(self.key)


def explained(error: OSError) -> str:
    """Return what a file system says, in words that help where it speaks in codes."""
    text = str(error.strerror or error)
    hints = [hint for code, hint in _HINTS.items() if code in text]
    return hints[0] if hints else " ".join(text.split())


def _s3(shown: str, options: dict[str, str]) -> Any:
    from pyarrow import fs

    given: dict[str, Any] = {}
    for name, value in options.items():
        if name not in _S3_OPTIONS:
            allowed = ", ".join(_S3_OPTIONS)
            raise StoreError(f"{shown}: unknown option {name!r} (known: {allowed})")
        given[name] = value.lower() == "true" if _S3_OPTIONS[name] is bool else value
    return fs.S3FileSystem(
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
        **given,
    )


def _other(url: str) -> tuple[Any, str]:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    try:
        return FileSystem.from_uri(url)  # type: ignore[no-any-return]
    except (pa.ArrowException, ValueError, OSError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{url}: is no store's URL: {reason}") from None


def _file_types() -> Any:
    from pyarrow.fs import FileType

    return FileType
