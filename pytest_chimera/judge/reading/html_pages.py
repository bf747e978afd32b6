"""Reads pages without a browser: what they show, their forms, and how to submit one.

This is enough for applications with static HTML pages. What scripts add is not seen here, and nothing is inferred from
that.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from pytest_chimera.system.machine_load import stretched

SECONDS = 10.0
MOST_BYTES = 2_000_000
AS_A_BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
}
"""The headers with which a browser requests a page."""

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_CLOSED_BY = {"li": {"li"}, "p": {"p"}, "tr": {"tr", "td", "th"}, "td": {"td", "th"}, "th": {"td", "th"}}
_CLOSED_BY |= {"option": {"option"}, "dt": {"dt", "dd"}, "dd": {"dt", "dd"}}
_UNSEEN = frozenset({"head", "script", "style", "template", "noscript", "option", "textarea"})
_SUBMITTING = frozenset({"submit", "image", ""})
_NO_TEXT = frozenset(
    ["hidden", "submit", "button", "reset", "image", "checkbox", "radio", "file", "color", "range", "password"]
)


@dataclass(eq=False)
class Node:
    """An element: its tag, attributes, parent, and children, which include text."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    def all(self) -> Iterator[Node]:
        """Yield all its descendants, in document order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.all()

    def up(self) -> Iterator[Node]:
        """Yield the element and its ancestors, the innermost first."""
        here: Node | None = self
        while here is not None:
            yield here
            here = here.parent

    @property
    def hidden(self) -> bool:
        """Whether its own tag hides it."""
        style = self.attributes.get("style", "").replace(" ", "").lower()
        return self.tag in _UNSEEN or "hidden" in self.attributes or "display:none" in style

    @property
    def text(self) -> str:
        """The text that it shows, in one line."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        if self.hidden:
            return
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()

    @property
    def is_submit(self) -> bool:
        """Whether it is a button that submits its form."""
        kind = self.attributes.get("type", "").lower()
        return (self.tag == "button" and kind in _SUBMITTING) or (self.tag == "input" and kind in {"submit", "image"})

    @property
    def is_control(self) -> bool:
        """Whether it is something to press."""
        kind = self.attributes.get("type", "").lower()
        return self.tag in {"button", "a", "summary"} or (
            self.tag == "input" and kind in {"submit", "image", "button", "reset", "checkbox"}
        )

    @property
    def label(self) -> str:
        """The label of a control."""
        told = (self.attributes.get(name, "") for name in ("aria-label", "value", "alt", "title"))
        return next((text.strip() for text in (self.text, *told) if text.strip()), "")


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._here = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._here.tag in _CLOSED_BY.get(tag, ()):
            self._here = self._here.parent or self.root
        node = Node(tag, {name: value or "" for name, value in attrs}, self._here)
        self._here.children.append(node)
        if tag not in _VOID:
            self._here = node

    def handle_endtag(self, tag: str) -> None:
        found = next((each for each in self._here.up() if each.tag == tag), None)
        if found is not None and found.parent is not None:
            self._here = found.parent

    def handle_data(self, data: str) -> None:
        self._here.children.append(data)


@dataclass(frozen=True)
class Form:
    """A form: ``root``: its element; ``page``: the page that it is on."""

    root: Node
    page: Page

    @property
    def submits(self) -> list[Node]:
        """Its submit buttons, in document order."""
        return [each for each in self.root.all() if each.is_submit]

    @property
    def fields(self) -> list[Node]:
        """Its text fields, in document order."""
        return [each for each in self.root.all() if _takes_text(each) and each.attributes.get("name")]

    @property
    def posts(self) -> bool:
        """Whether it changes something."""
        return self.root.attributes.get("method", "get").lower() == "post"

    @property
    def asks_for_secret(self) -> bool:
        """Whether it has a password field."""
        return any(each.attributes.get("type", "").lower() == "password" for each in self.root.all())

    def label_of(self, node: Node) -> str:
        """Return a field's name: its label, or its placeholder."""
        for label in (each for each in self.page.root.all() if each.tag == "label"):
            if label.attributes.get("for", "-") == node.attributes.get("id", "") or label in node.up():
                return label.text
        return node.attributes.get("aria-label", "") or node.attributes.get("placeholder", "")

    def values(self) -> dict[str, str]:
        """Return what it submits without changes."""
        found = {}
        for each in self.root.all():
            name, kind = each.attributes.get("name", ""), each.attributes.get("type", "").lower()
            if not name or each.is_submit or kind in {"button", "reset", "file", "image"}:
                continue
            if each.tag == "select":
                found[name] = _chosen(each)
            elif each.tag == "textarea":
                found[name] = "".join(child for child in each.children if isinstance(child, str))
            elif each.tag == "input" and (kind not in {"checkbox", "radio"} or "checked" in each.attributes):
                found[name] = each.attributes.get("value", "on" if kind in {"checkbox", "radio"} else "")
        return found


def _takes_text(node: Node) -> bool:
    kind = node.attributes.get("type", "text").lower()
    return node.tag == "textarea" or (node.tag == "input" and kind not in _NO_TEXT)


def _chosen(select: Node) -> str:
    options = [each for each in select.all() if each.tag == "option"]
    chosen = next((each for each in options if "selected" in each.attributes), options[0] if options else None)
    if chosen is None:
        return ""
    written = "".join(child for child in chosen.children if isinstance(child, str))
    return chosen.attributes.get("value", written.strip())


@dataclass(frozen=True)
class Page:
    """An answer.

    :param status: 0 if there was none; ``url``: the final address; ``kind``: its content type.
    """

    status: int
    url: str
    kind: str = ""
    body: str = ""
    root: Node = field(default_factory=lambda: Node(""))

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people."""
        return self.kind == "text/html" and 0 < self.status < 400

    @property
    def text(self) -> str:
        """The text that it shows, in one line."""
        return self.root.text

    @property
    def forms(self) -> list[Form]:
        """Its forms, in order."""
        return [Form(each, self) for each in self.root.all() if each.tag == "form" and not _inside_hidden(each)]

    @property
    def controls(self) -> list[Node]:
        """Its controls."""
        return [each for each in self.root.all() if each.is_control and not _inside_hidden(each)]

    @property
    def scripts(self) -> int:
        """How many scripts it references or contains."""
        handlers = sum(
            name.startswith(("on", "hx-", "x-", "@", "v-")) for each in self.root.all() for name in each.attributes
        )
        return handlers + sum(each.tag == "script" for each in self.root.all())

    @property
    def links(self) -> dict[str, str]:
        """Return the links within the application: path → text."""
        here = urlsplit(self.url)
        found: dict[str, str] = {}
        for each in self.root.all():
            if each.tag == "a" and each.attributes.get("href") and not _inside_hidden(each):
                parts = urlsplit(urljoin(self.url, each.attributes["href"]))
                if parts.netloc == here.netloc and "download" not in each.attributes:
                    found.setdefault(parts.path + (f"?{parts.query}" if parts.query else ""), each.text)
        return found

    def json(self) -> Any:
        """Return its data; ``None`` if it contains none."""
        if not self.kind.endswith("json"):
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def _inside_hidden(node: Node) -> bool:
    return any(each.hidden for each in node.up())


class Visitor:
    """A client that requests an application's pages and submits its forms.

    :param url: the application's address, without a trailing slash.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._seconds = stretched(SECONDS)
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def open(self, path: str) -> Page:
        """Request a page."""
        return self._ask(Request(urljoin(f"{self._url}/", path.lstrip("/")), headers=AS_A_BROWSER))

    def send(self, form: Form, submit: Node, typed: Mapping[str, str]) -> Page:
        """Submit a form with one of its buttons, and with text typed into its fields by name."""
        values = {**form.values(), **typed}
        if submit.attributes.get("name"):
            values[submit.attributes["name"]] = submit.attributes.get("value", "")
        action = submit.attributes.get("formaction") or form.root.attributes.get("action") or form.page.url
        address = urljoin(form.page.url, action)
        if urlsplit(address).netloc != urlsplit(self._url).netloc:
            return Page(0, address)
        if not form.posts:
            return self._ask(Request(f"{address.partition('?')[0]}?{urlencode(values)}", headers=AS_A_BROWSER))
        parts = urlsplit(self._url)
        headers = AS_A_BROWSER | {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": form.page.url}
        return self._ask(Request(address, urlencode(values).encode(), headers))

    def _ask(self, request: Request) -> Page:
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return _page(answer.status, answer.url, answer.headers, answer.read(MOST_BYTES))
        except HTTPError as error:
            with error:
                return Page(error.code, request.full_url)
        except (OSError, ValueError, http.client.HTTPException):
            return Page(0, request.full_url)


def _page(status: int, url: str, headers: Any, content: bytes) -> Page:
    kind = headers.get_content_type()
    body = content.decode(headers.get_content_charset() or "utf-8", "replace")
    if kind != "text/html":
        return Page(status, url, kind, body)
    builder = _Builder()
    builder.feed(body)
    builder.close()
    return Page(status, url, kind, body, builder.root)


def addresses_in(sources: Mapping[str, bytes]) -> list[str]:
    """Return the addresses in an application's own files, without parameters, in the order of the files."""
    pattern = re.compile(rb"""["'](/[a-z0-9_.-][a-z0-9_./-]*)["']""", re.IGNORECASE)
    found = (match.decode() for content in sources.values() for match in pattern.findall(content))
    return list(dict.fromkeys(found))
