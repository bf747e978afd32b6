"""When a page has settled: nothing that it has asked for is under way, and its document has been still for a moment.

What never ends is left aside: event streams, and requests that are older than a limit, which are taken for long polls;
so is a document that never stands still, once it had its time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Error, Page, Request, Response

STILL_SECONDS = 0.5
"""How long a document has to stand still, and how long nothing may be asked for."""
_LOOK_EVERY = 0.05
_AWAITED = frozenset({"document", "fetch", "xhr", "script", "stylesheet"})
_STREAMS = ("text/event-stream", "multipart/x-mixed-replace", "application/x-ndjson", "application/grpc-web")

# How long ago the document, or an open shadow tree in it, was last changed, and how often it has been.
STILLNESS = """(() => {
  const began = Math.random();
  let changes = 0, last = performance.now();
  const seen = new WeakSet();
  const observer = new MutationObserver(records => { changes += records.length; last = performance.now(); });
  const observe = (root) => {
    if (!seen.has(root)) {
      seen.add(root);
      last = performance.now();
      observer.observe(root, {subtree: true, childList: true, attributes: true, characterData: true});
    }
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) observe(element.shadowRoot);
  };
  return () => {
    observe(document);
    return {still: (performance.now() - last) / 1000, changes: `${began} ${changes}`};
  };
})()"""

Ask = Callable[[Page], dict[str, object]]


class Traffic:
    """What the pages have asked for and not been given yet.

    :param longest: seconds after which a request without an end counts as a long poll.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._under_way: dict[Request, float] = {}
        self._streams: set[str] = set()
        self._last: dict[Page | None, float] = {}

    def watch(self, context: BrowserContext) -> None:
        """Look at all that a context's pages ask for."""
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfinished", self._ended)
        context.on("requestfailed", self._ended)

    def quiet(self, page: Page) -> float:
        """Seconds since the page has last asked for something or been given it; 0 while something is under way."""
        now = time.monotonic()
        for request, began in list(self._under_way.items()):
            if now - began > self._longest:
                self._is_stream(request)
        mine = {page, None}
        if any(_page_of(request) in mine for request in self._under_way):
            return 0.0
        return now - max((self._last.get(each, 0.0) for each in mine), default=0.0)

    def _asked(self, request: Request) -> None:
        if request.resource_type in _AWAITED and _place(request) not in self._streams:
            if request.is_navigation_request() and _is_main(request):
                self._leave(_page_of(request))
            self._under_way[request] = time.monotonic()

    def _leave(self, page: Page | None) -> None:
        """What a page's last document has asked for is of no use to the next one."""
        for request in [each for each in self._under_way if _page_of(each) is page]:
            del self._under_way[request]

    def _answered(self, response: Response) -> None:
        if response.headers.get("content-type", "").lower().startswith(_STREAMS):
            self._is_stream(response.request)

    def _is_stream(self, request: Request) -> None:
        self._streams.add(_place(request))
        self._under_way.pop(request, None)

    def _ended(self, request: Request) -> None:
        if self._under_way.pop(request, None) is not None:
            self._last[_page_of(request)] = time.monotonic()


class Settling:
    """Waits until a page has settled.

    :param ask: what :data:`STILLNESS` answers of a page.
    """

    def __init__(self, traffic: Traffic, ask: Ask) -> None:
        self._traffic = traffic
        self._ask = ask

    def changes(self, page: Page) -> object:
        """The same for as long as a page shows the same document and nothing in it changes."""
        return self._stillness(page)["changes"]

    def answers(self, page: Page) -> bool:
        """The page does not hang: what has no time limit may be asked of it."""
        return bool(self._stillness(page)["changes"])

    def is_quiet(self, page: Page) -> bool:
        """Nothing that the page has asked for is under way."""
        self._stillness(page)  # what the browser has told meanwhile is heard
        return self._traffic.quiet(page) > 0

    def settle(self, page: Page, limit: float, still_for: float = STILL_SECONDS) -> bool:
        """Wait until nothing is under way and the page stands still; whether it does.

        :param limit: seconds after which a page that never stands still is taken as it is.
        :param still_for: seconds that it has to stand still.
        """
        until = time.monotonic() + limit
        while True:
            still = self._stillness(page)["still"]
            quiet = self._traffic.quiet(page)
            assert isinstance(still, int | float)
            if min(quiet, still) >= still_for:
                return True
            if quiet and time.monotonic() > until:
                return False
            pause(page, _LOOK_EVERY)

    def _stillness(self, page: Page) -> dict[str, object]:
        """A page that is closed, or is going elsewhere, has no answer: it is as if it had just changed."""
        try:
            return self._ask(page)
        except Error:
            return {"still": 0.0 if not page.is_closed() else STILL_SECONDS, "changes": ""}


def pause(page: Page, seconds: float) -> None:
    """Wait, and hear what the browser tells meanwhile. In a trace there is nothing of it."""
    page._sync(asyncio.sleep(seconds))


def _page_of(request: Request) -> Page | None:
    try:
        return request.frame.page
    except Error:  # a service worker asks, or a page that is only being opened
        return None


def _is_main(request: Request) -> bool:
    try:
        return request.frame.parent_frame is None
    except Error:
        return False


def _place(request: Request) -> str:
    """A request's address without its query: the same for each turn of a long poll."""
    parts = urlsplit(request.url)
    return f"{request.method} {parts.netloc}{parts.path}"
