"""How a project is served, read from its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_chimera.errors import PhaseFailed, SettingError
from pytest_chimera.staging.local.framework_detection import FRAMEWORKS, find_serve, no_serve_known
from tests.staging.applications import DJANGO, FACTORY, FASTAPI, FLASK, write


def package(**parts: object) -> str:
    return json.dumps(parts)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"wsgi.py": "import flask\napplication = flask.Flask('x')"}, "flask --app wsgi run --port {port}"),
        ({"todo.py": "from flask import Flask\nweb: Flask = Flask('x')"}, "flask --app todo:web run --port {port}"),
        ({"todo/__init__.py": FACTORY}, "flask --app todo run --port {port}"),
        ({"src/todo/app.py": FLASK, "src/todo/__init__.py": ""}, "flask --app todo.app run --port {port}"),
        (
            {"wsgi.py": "from todo import create_app\napp = create_app()", "todo/__init__.py": FACTORY},
            "flask --app todo run --port {port}",
        ),
        ({"main.py": FASTAPI}, "uvicorn main:app --host {host} --port {port}"),
        (
            {"web.py": "from starlette.applications import Starlette\nsite = Starlette()"},
            "uvicorn web:site --host {host} --port {port}",
        ),
        (
            {"main.py": "from fastapi import FastAPI\ndef create_app():\n    app = FastAPI()\n    return app"},
            "uvicorn main:create_app --factory --host {host} --port {port}",
        ),
        ({"app.py": FLASK, "tests/test_app.py": FLASK, "conftest.py": FLASK}, "flask --app app run --port {port}"),
        ({"app.py": FLASK, "static/index.html": ""}, "flask --app app run --port {port}"),
        ({"package.json": package(scripts={"start": "node ."}), "pnpm-lock.yaml": ""}, "pnpm start"),
        (
            {"package.json": package(scripts={"dev": "vite"}), "index.html": ""},
            "npm run dev -- --host {host} --port {port} --strictPort",
        ),
        (
            {"package.json": package(scripts={"start": "node ."}, dependencies={"a": "1"}), "node_modules/a/x": ""},
            "npm start",
        ),
        ({"public/index.html": ""}, "python -m http.server --bind {host} --directory public {port}"),
        (
            {**DJANGO, "site_of_ours/settings.py": "DATABASES = {'default': env.db()}"},
            "python manage.py runserver {host}:{port} --noreload",
        ),
        (
            {f"src/{name}": content for name, content in DJANGO.items()},
            "python src/manage.py migrate --noinput\npython src/manage.py runserver {host}:{port} --noreload",
        ),
    ],
)
def test_an_unmistakable_project_is_found(tmp_path: Path, files: dict[str, str], command: str) -> None:
    found = find_serve(write(tmp_path, files))
    assert found is not None
    assert found.command == command


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"app.py": FLASK, "admin.py": FLASK}, ["admin.py", "app.py"]),
        ({"app.py": FLASK, "manage.py": DJANGO["manage.py"]}, ["app.py", "manage.py"]),
        ({"app.py": FASTAPI, "package.json": package(scripts={"start": "vite"})}, ["app.py", "package.json"]),
        ({"public/index.html": "", "site/index.html": ""}, ["public/index.html", "site/index.html"]),
    ],
)
def test_two_ways_are_none_and_both_are_named(tmp_path: Path, files: dict[str, str], named: list[str]) -> None:
    assert find_serve(write(tmp_path, files)) is None
    error = no_serve_known(tmp_path)
    assert "more than one way" in error.sentence
    assert all(name in error.sentence for name in named)


def test_packages_are_not_installed_silently(tmp_path: Path) -> None:
    files = {"package.json": package(scripts={"start": "next start"}, dependencies={"next": "15"})}
    assert find_serve(write(tmp_path, {**files, "package-lock.json": "{}"})) is None
    error = no_serve_known(tmp_path)
    assert "its packages are not in a clean checkout" in error.sentence
    assert 'chimera_serve = """\nnpm ci\nnpm start\n"""' in error.remedy


@pytest.mark.parametrize(
    "settings",
    [
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'mine'}}",
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '/home/me/db.sqlite3'}}",
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}\n"
        "DATABASES['default'] = env.db()",
        "from .local import *\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}",
    ],
    ids=["server", "elsewhere", "changed later", "unknown"],
)
def test_a_database_that_may_be_the_persons_own_is_never_migrated(tmp_path: Path, settings: str) -> None:
    found = find_serve(write(tmp_path, {**DJANGO, "site_of_ours/settings.py": settings}))
    assert found is not None
    assert "migrate" not in found.command
    assert "its database is not migrated" in found.sentence


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": "def create_app(settings): return Flask('x')"},
        {"app.py": "print('Flask(')"},
        {"docs/index.html": ""},
        {"package.json": "no JSON", "index.html": ""},
        {"package.json": package(scripts={"dev": "next dev"})},
        {"manage.py": "print('a script of ours')"},
    ],
)
def test_what_is_not_unmistakable_is_not_guessed(tmp_path: Path, files: dict[str, str]) -> None:
    assert find_serve(write(tmp_path, files)) is None
    error = no_serve_known(tmp_path)
    assert isinstance(error, SettingError)
    assert "chimera_serve = " in error.remedy


def test_a_file_that_python_cannot_read_is_the_changes_own_fault(tmp_path: Path) -> None:
    error = no_serve_known(write(tmp_path, {"app.py": "app = Flask(__name__)\ndef broken(:\n"}))
    assert isinstance(error, PhaseFailed)
    assert error.sentence.startswith("app.py:2 cannot be read: ")


def test_another_framework_is_another_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FRAMEWORKS, "Quart", "quart --app {found_in} run --port {{port}}")
    found = find_serve(write(tmp_path, {"shop.py": "from quart import Quart\nweb = Quart(__name__)"}))
    assert found is not None
    assert found.command == "quart --app shop:web run --port {port}"


def test_a_file_with_a_syntax_error_is_named_with_what_to_do(tmp_path: Path) -> None:
    error = no_serve_known(write(tmp_path, {"app.py": "def app(:"}))
    assert str(error).startswith("app.py:1 cannot be read: ")
    assert error.remedy == "Fix the file."
