"""A small real web application in a git repository, and pytest run on it as a user runs it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests import as_ann
from tests.session.fast import LEAN, Run

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from page import render


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        body = render({key: values[0] for key, values in parse_qs(parts.query).items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
BASE = """
def render(query):
    return "<!doctype html><title>Greeter</title><h1>Welcome</h1>"
"""
RIGHT = """
from html import escape


def render(query):
    said = f"<p>Hello, {escape(query['name'])}!</p>" if "name" in query else ""
    form = "<form><label>Name <input name=name></label><button>Greet</button></form>"
    return f"<!doctype html><title>Greeter</title><h1>Welcome</h1>{form}{said}"
"""
WRONG = RIGHT.replace("Hello, ", "Bye, ")
FEATURE = '''
import pytest


@pytest.mark.feature("A visitor is greeted by name")
def test_greet():
    """
    When I fill "Name" with "Ada"
    And I press the "Greet" button
    Then I should see "Hello, Ada!"
    """
'''
CONFIG = f"""
[pytest]
chimera_serve = {sys.executable} server.py {{port}}
chimera_patience = 1
chimera_canaries = off
"""


class App:
    """The application's folder and the commands that a user would type in it."""

    def __init__(self, pytester: pytest.Pytester, recorded: Path) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self.recorded = recorded

    def write(self, **files: str) -> None:
        """Write files; ``__`` in a name stands for a slash, the ending is .py."""
        for name, content in files.items():
            path = self.path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def git(self, *words: str) -> str:
        return as_ann.git(self.path, *words)

    def commit(self, message: str = "Work") -> str:
        return as_ann.commit(self.path, message)

    def config(self, *lines: str) -> None:
        """Write the settings. The project has no tests to compare, so none are run unless a line asks for it."""
        checks = [] if any(line.startswith("chimera_check") for line in lines) else ["chimera_check ="]
        (self.path / "pytest.ini").write_text(CONFIG + "\n".join([*checks, *lines]) + "\n")

    def coder(self, *contents: str) -> None:
        """Configure recorded changes of page.py as the coder, one per attempt."""
        for number, content in enumerate(contents, start=1):
            folder = self.recorded / str(number)
            folder.mkdir(parents=True)
            (folder / "page.py").write_text(content)
        self.config(f"chimera_coder = replay:{self.recorded}")

    def run(self, *words: str) -> pytest.RunResult:
        """Run pytest in a process of its own, to its end."""
        return self.pytester.runpytest_subprocess(*words, timeout=120)

    def chimera(self, *words: str) -> pytest.RunResult:
        """Run ``pytest --chimera``."""
        return self.run("--chimera", *words)


@pytest.fixture
def app(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> App:
    """The application with one feature that it lacks, all committed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    app = App(pytester, tmp_path / "recorded")
    app.write(server=SERVER, page=BASE, tests__features__test_greeting=FEATURE)
    app.config()
    (app.path / ".gitignore").write_text(".pytest_cache/\n__pycache__/\n.config/\nrunpytest-*\nstdout\nstderr\n")
    app.git("init", "-q", "-b", "main")
    app.commit("Begin")
    return app


class QuickApp(App):
    """The same without a server and a browser: ``page.py`` is read instead, see page_reader.py."""

    def start(self, *words: str) -> Run:
        """Start pytest in a forked process, without waiting."""
        reader = ("-p", "tests.session.page_reader", "-o", "pythonpath=.")
        return Run(self.path, Path(tempfile.mkdtemp(dir=self.recorded.parent)), (*LEAN, *reader, *words))

    def run(self, *words: str) -> pytest.RunResult:
        """Run pytest in a forked process, to its end."""
        return self.start(*words).result()


@pytest.fixture
def quick(app: App) -> QuickApp:
    """The application, judged without a browser."""
    return QuickApp(app.pytester, app.recorded)
