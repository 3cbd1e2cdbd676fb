"""One driver per experiment and store: a second one is told who the first is.

The lock is a small file in the store, ``.drivers/<launch>.json``. It names host and process, and
is written anew every few seconds. It counts for nothing once that process is gone, which this host
can see, or once it was not renewed for a while, on another host.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from archgym.errors import StoreError
from archgym.results.files import (
    Place,
    create_json,
    make_folder,
    names,
    read_json,
    remove,
    write_json,
)
from archgym.results.provenance import now
from archgym.results.store import Store

FOLDER = ".drivers"
RENEW_SECONDS = 10.0
# Without a renewal for so long, a driver on another host is gone. Clocks may differ by as much.
GONE_SECONDS = 60.0
LOOK_SECONDS = 1.0
# Two that find the lock of a driver that is gone may both remove it: the later look decides.
SETTLE_SECONDS = 0.2
# Tokens of the locks that this process holds: it may have left others in stores that were lost.
_HELD: set[str] = set()


class DriverLock:
    """While entered, this process is the one driver of a launch in a store.

    Args:
        store: The store.
        launch: The launch's name.
        wait: Whether to wait for another driver to end, instead of refusing.

    Raises:
        StoreError: Another driver is at work, named with host and process; or the store cannot be
            written.
    """

    def __init__(self, store: Store, launch: str, wait: bool = False):
        self.path: Place = _lock_file(store, launch)
        self.token = secrets.token_hex(8)
        self._launch, self._wait = launch, wait
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> DriverLock:
        make_folder(self.path.parent)
        settle = 0.0
        while not self._taken(settle):
            other = _read(self.path)
            if _gone(other):
                remove(self.path)
                settle = SETTLE_SECONDS
            elif not self._wait:
                raise StoreError(f"{self.path.parent.parent}: {_told(self._launch, other)}")
            else:
                time.sleep(LOOK_SECONDS)
        _HELD.add(self.token)
        self._renewing.start()
        return self

    def _taken(self, settle: float) -> bool:
        if not create_json(self.path, self._content()):
            return False
        time.sleep(settle)
        return self._is_ours()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _HELD.discard(self.token)
        self._ended.set()
        self._renewing.join()
        with suppress(StoreError):
            if self._is_ours():
                remove(self.path)

    def _renew(self) -> None:
        """Give signs of life; a store that cannot be written is for the trials to report."""
        while not self._ended.wait(RENEW_SECONDS):
            with suppress(StoreError):
                if self._is_ours():
                    write_json(self.path, self._content(), durable=False)

    def _is_ours(self) -> bool:
        return _read(self.path).get("token") == self.token

    def _content(self) -> dict[str, Any]:
        return {
            "launch": self._launch,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process_started": process_start(os.getpid()),
            "token": self.token,
            "renewed": now(),
            "renewed_s": time.time(),
        }


def driver_mark(store: Store, launch: str) -> tuple[str, str]:
    """Return where the lock of a launch lies, as another machine finds it, and its token."""
    path = _lock_file(store, launch)
    return (str(path) if isinstance(path, Path) else path.address), str(_read(path).get("token"))


def drivers_at_work(store: Store) -> list[dict[str, Any]]:
    """Return what the locks of a store's living drivers say."""
    folder = store.path / FOLDER
    found = [_read(folder / name) for name, _ in names(folder) if name.endswith(".json")]
    return [content for content in found if content and not _gone(content)]


def process_start(pid: int) -> str:
    """Return when a process of this host began, in clock ticks of the kernel.

    Empty where there is no such process; a system without ``/proc`` says no more than that.
    """
    if not Path("/proc/self/stat").exists():
        return "unknown" if _exists(pid) else ""
    try:
        # The name of the program, in brackets, may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lock_file(store: Store, launch: str) -> Place:
    return store.path / FOLDER / f"{quote(launch, safe=' ')}.json"


def _read(path: Place) -> dict[str, Any]:
    """Return what a lock says; nothing where it vanished or is damaged."""
    try:
        return read_json(path) or {}
    except StoreError:
        return {}


def _gone(content: dict[str, Any]) -> bool:
    """Whether the driver that wrote a lock is no more."""
    if content.get("host") == socket.gethostname():
        if content["pid"] == os.getpid():
            return content["token"] not in _HELD
        return process_start(int(content["pid"])) != str(content["process_started"])
    return time.time() - float(content.get("renewed_s", 0.0)) > GONE_SECONDS


def _told(launch: str, content: dict[str, Any]) -> str:
    return (
        f"{launch!r} is being run by process {content.get('pid')} on host {content.get('host')},"
        f" last heard of at {content.get('renewed')}; stop it, or wait for it with --wait"
    )
