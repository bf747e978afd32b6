"""A small real web server whose pages are written in the test that uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    """The answer at one path. ``hold``: an event to wait for before the answer; ``drop``: cut the connection
    instead.
    """

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    drop: bool = False


class Handler(BaseHTTPRequestHandler):
    """Answers from the server's table of pages; any other path is 404."""

    server: Site

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path, Page("<h1>Not Found</h1>", 404))
        self.server.asked.append((self.path, dict(self.headers)))
        if page.hold is not None:
            page.hold.wait(60)
        if page.drop:
            self.close_connection = True
            return
        content = page.body.encode()
        self.send_response(page.status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **page.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Print nothing."""


class Site(ThreadingHTTPServer):
    """A running server with its pages, and the requests it got."""

    daemon_threads = True

    def __init__(self, pages: Mapping[str, Page | str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {path: Page(page) if isinstance(page, str) else page for path, page in pages.items()}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, *_args: object) -> None:
        """A browser that has gone away is not an error of the server."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


Serve = Callable[[Mapping[str, Page | str]], Site]


@contextmanager
def serving(pages: Mapping[str, Page | str]) -> Iterator[Site]:
    """Run a server in a block."""
    with Site(pages) as site:
        threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield site
        finally:
            site.shutdown()
