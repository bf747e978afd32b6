"""Pages as a server sends them: whatever it sends, there is an answer, and an end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from pytest_chimera.judge import html_pages
from pytest_chimera.judge.html_pages import Page, Visitor

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n"
Send = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Iterator[Send]:
    """A server that answers every request as it is told, byte for byte."""
    monkeypatch.setattr(html_pages, "SECONDS", 1.0)
    monkeypatch.setattr(html_pages, "stretched", lambda seconds: seconds)
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def start(answer: Callable[[socket.socket], None]) -> str:
        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65_536)
                        answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    over.set()
    server.close()


def opened(sending: Send, content: bytes) -> Page:
    return Visitor(sending(lambda connection: connection.sendall(content))).open("/")


def dripping(beginning: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def drip(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(drop)
            time.sleep(0.05)  # a server that never comes to an end

    return drip


@pytest.mark.parametrize(
    ("beginning", "drop"),
    [(HTML, b"<p>more"), (b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n"), (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")],
    ids=["body", "headers", "one header"],
)
def test_an_answer_that_never_ends_is_given_up(sending: Send, beginning: bytes, drop: bytes) -> None:
    began = time.monotonic()
    page = Visitor(sending(dripping(beginning, drop))).open("/")
    assert "had not ended" in page.unread or "more than 100 headers" in page.unread
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", [b"text/event-stream", b"multipart/x-mixed-replace; boundary=x"])
def test_of_a_stream_nothing_is_waited_for(sending: Send, kind: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n"
    visitor = Visitor(sending(dripping(head, b"data: 1\n\n")))
    began = time.monotonic()
    page = visitor.open("/events")
    assert (page.status, page.unread, visitor.unread) == (200, "", {})
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize(
    "content",
    [
        HTML.replace(b"utf-8", b"no-such") + b"<p>hello",
        HTML.replace(b"utf-8", b"hex") + b"<p>hello",
    ],
    ids=["unknown", "no charset of text"],
)
def test_a_charset_that_nobody_knows_is_told(sending: Send, content: bytes) -> None:
    visitor = Visitor(sending(lambda connection: connection.sendall(content)))
    page = visitor.open("/a?b=c")
    assert page.unread
    assert (page.text, page.forms, page.controls, page.links, page.json()) == ("", [], [], {}, None)
    assert visitor.unread == {"/a": page.unread}


def test_mark_up_that_the_parser_does_not_bear_is_told(sending: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: object, _data: str) -> None:
        raise AssertionError("unknown status keyword")

    monkeypatch.setattr(html_pages._Builder, "unknown_decl", refuse)
    assert "unknown status keyword" in opened(sending, HTML + b"<p><![CDATA[x]]>").unread


def test_what_is_nested_deeply_is_read_and_lies_beside(sending: Send) -> None:
    page = opened(sending, HTML + b"<div>" * 20_000 + b"<p>at the bottom</p><button>Press</button>")
    assert page.text.endswith("at the bottom Press")
    assert [each.label for each in page.controls] == ["Press"]
    assert max(len(list(each.up())) for each in page.root.all()) <= html_pages.DEEPEST + 2


def test_end_tags_of_nothing_cost_nothing(sending: Send) -> None:
    began = time.monotonic()
    page = opened(sending, HTML + b"<b>" * 500 + b"</i>" * 100_000 + b"<p>end")
    assert page.text == "end"
    assert time.monotonic() - began < 3


def test_an_element_ends_where_its_tag_does(sending: Send) -> None:
    page = opened(sending, HTML + b"<ul><li>a<li>b <b>c</b></ul><form><p>d</form><p>e")
    [form] = page.forms
    items = [each.text for each in page.root.all() if each.tag == "li"]
    assert (items, form.root.text, page.text) == (["a", "b c"], "d", "a b c d e")


def test_data_that_is_nested_deeply_is_none(sending: Send) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    assert opened(sending, head + b"[" * 200_000).json() is None


def test_a_page_that_leads_to_itself_is_an_answer(sending: Send) -> None:
    assert opened(sending, b"HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\n\r\n").status in {0, 302}
