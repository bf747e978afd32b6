"""What a base did, and a candidate does, where one of them answers with what cannot be read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pytest_chimera.validation.old_behaviour import differences, remember

Answer = tuple[str, str]
Serve = Callable[[Mapping[str, Answer]], str]
HTML = "text/html; charset=utf-8"
WORDS = ("bada kuno", "lopi rema", "siva teno", "gudo <i>hifa</i>")
PAGE: Mapping[str, Answer] = {"/": (HTML, "<h1>Todo</h1><a href='/about'>About</a>"), "/about": (HTML, "<p>About")}


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers = []

    def start(pages: Mapping[str, Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = pages.get(self.path, ("", ""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_args: object) -> None:
                """Nothing is printed."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def compared(serve: Serve, before: Mapping[str, Answer], now: Mapping[str, Answer]) -> list[str]:
    memory = remember(serve(before), "/", WORDS, [path for path in before if path != "/"], "")
    return [each.sentence for each in differences(serve(now), memory, "")]


@pytest.mark.parametrize("path", PAGE)
def test_what_could_be_read_and_cannot_any_more_is_a_difference(serve: Serve, path: str) -> None:
    now = {**PAGE, path: ("text/html; charset=no-such", "<p>hello")}
    [sentence] = compared(serve, PAGE, now)
    assert sentence.startswith(f"{path} could be read before, and could not be read now (LookupError: ")


def test_what_could_not_be_read_before_is_none(serve: Serve) -> None:
    odd = {**PAGE, "/about": ("text/html; charset=no-such", "<p>hello")}
    assert compared(serve, odd, odd) == []
    assert remember(serve(odd), "/", WORDS, ["/about"], "").unread[0][0] == "/about"


def test_pages_that_are_read_as_before_are_none(serve: Serve) -> None:
    assert compared(serve, PAGE, {**PAGE, "/new": (HTML, "<p>new")}) == []
