"""The page of a store served live, to this machine only."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from archgym.errors import ArchgymError, SettingError
from archgym.results.catalogue import Complain
from archgym.results.report.document import report_document
from archgym.results.report.page import render, to_text
from archgym.results.store import Store

HOST = "127.0.0.1"
LIVE_SECONDS = 2.0
_REST = 4.0  # a document that took one second is made anew after four: a fifth of a core at most


class LiveDocument:
    """A store's document, made anew when it is asked for and old enough."""

    def __init__(self, store: Store, where: Sequence[str], complain: Complain | None = None):
        self._store, self._where, self._complain = store, where, complain
        self._lock = threading.Lock()
        self._due = 0.0
        self.refresh()

    def refresh(self) -> None:
        """Read the store again unless that was done a moment ago.

        Raises:
            ArchgymError: It cannot be read, or no run meets the conditions.
        """
        with self._lock:
            began = time.monotonic()
            if began < self._due:
                return
            self.content = report_document(self._store, self._where, self._complain)
            took = time.monotonic() - began
            self._due = time.monotonic() + max(LIVE_SECONDS / 2, _REST * took)

    @property
    def json(self) -> str:
        """As the page takes it."""
        return to_text(self.content)

    @property
    def tag(self) -> str:
        """Changes when anything but the time of reading does."""
        told = {key: value for key, value in self.content.items() if key != "made"}
        return f'"{sha256(to_text(told).encode()).hexdigest()[:16]}"'


class DashboardServer(ThreadingHTTPServer):
    """Answers ``/`` with the page and ``/data.json`` with its data."""

    daemon_threads = True

    def __init__(self, port: int, live: LiveDocument):
        self.live = live
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: DashboardServer

    def do_GET(self) -> None:
        if self._is_foreign():
            self._answer(HTTPStatus.FORBIDDEN, "asked under a name that is not this machine's")
            return
        page = _PAGES.get(urlsplit(self.path).path)
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, "there is / and /data.json")
            return
        try:
            self.server.live.refresh()
        except ArchgymError as error:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
            return
        page(self)

    def send_page(self) -> None:
        page = render(self.server.live.content, LIVE_SECONDS)
        self._answer(HTTPStatus.OK, page, "text/html")

    def send_data(self) -> None:
        tag = self.server.live.tag
        if self.headers.get("If-None-Match") == tag:
            self._answer(HTTPStatus.NOT_MODIFIED, "")
        else:
            self._answer(HTTPStatus.OK, self.server.live.json, "application/json", tag)

    def _is_foreign(self) -> bool:
        """Whether another site's name was made to point here (DNS rebinding)."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        return host not in (HOST, "localhost")

    def _answer(
        self, status: HTTPStatus, text: str, kind: str = "text/plain", tag: str = ""
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet."""


_PAGES = {"/": _Handler.send_page, "/data.json": _Handler.send_data}


def make_server(
    store: Store, where: Sequence[str], port: int, complain: Complain | None = None
) -> DashboardServer:
    """Return a server that listens; ``serve_forever`` makes it answer.

    Raises:
        SettingError: The port is taken or may not be used.
        ArchgymError: The store cannot be read, or no run meets the conditions.
    """
    live = LiveDocument(store, where, complain)
    try:
        return DashboardServer(port, live)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is in use" if taken else f"cannot be used: {error.strerror}"
        raise SettingError(f"--port {port} {reason}; give another, or 0 for a free one") from None


def serve(
    store: Store,
    where: Sequence[str],
    port: int,
    tell: Callable[[str], None],
    complain: Complain | None = None,
) -> None:
    """Serve a store's page until Ctrl-C.

    Args:
        store: What to show.
        where: Conditions on its runs.
        port: 0 takes a free one.
        tell: Is told the address.
        complain: Is told, at every look, of each run that cannot be read and is left out.

    Raises:
        SettingError: The port is taken or may not be used.
        ArchgymError: The store cannot be read, or no run meets the conditions.
    """
    with make_server(store, where, port, complain) as server, suppress(KeyboardInterrupt):
        tell(server.url)
        server.serve_forever()
