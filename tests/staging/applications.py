"""Small real applications, and asking them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pytest_chimera.models import Checkout, Deployment
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.local_staging import Deployer
from pytest_chimera.workflow.machine import ChimeraWorkflow, create_chimera_task
from pytest_chimera.workflow.transitions import ChimeraPhase

FLASK = """
import os
from flask import Flask

app = Flask(__name__)

@app.get("/")
def home():
    return "Flask says hello"

@app.get("/told")
def told():
    return {name: os.environ.get(name, "") for name in ("PORT", "HOST", "STORE", "NAME", "PYTEST_VERSION")}
"""

FACTORY = """
from flask import Flask

def create_app(settings=None):
    app = Flask(__name__)
    app.get("/")(lambda: "a factory made this")
    return app
"""

FASTAPI = """
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
def home() -> str:
    return "FastAPI says hello"
"""

MANAGE = """
import os, sys
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of_ours.settings")
    execute_from_command_line(sys.argv)
"""

DJANGO_SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "for tests"
DEBUG = True
ALLOWED_HOSTS = []
ROOT_URLCONF = "site_of_ours.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""

DJANGO_URLS = """
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse(f"Django knows {User.objects.count()} users"))]
"""

NODE = """
const http = require("http");
http.createServer((request, response) => response.end("Node says hello")).listen(process.env.PORT, process.env.HOST);
"""

DJANGO = {
    "manage.py": MANAGE,
    "site_of_ours/__init__.py": "",
    "site_of_ours/settings.py": DJANGO_SETTINGS,
    "site_of_ours/urls.py": DJANGO_URLS,
}


TOLD_WHO_LISTENS = pytest.mark.skipif(sys.platform != "linux", reason="this system tells only root who listens where")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def workflow_at(phase: ChimeraPhase) -> ChimeraWorkflow:
    """A workflow that is in a phase."""
    return create_chimera_task("A feature", "/").begin().model_copy(update={"current_phase": phase})


def checkout_in(folder: Path) -> Checkout:
    """A checkout, with its vault beside it."""
    vault = folder.with_name("vault")
    return Checkout(commit="0123456789" * 4, tree="t", folder=str(folder), name="todo_0123", vault=str(vault))


async def deploy(deployer: Deployer, folder: Path, phase: ChimeraPhase = ChimeraPhase.STAGING_DEPLOYMENT) -> Deployment:
    """What the deployer answers."""
    answer = await deployer.pytest_chimera_deploy_to_staging(checkout_in(folder), workflow_at(phase))
    assert answer is not None
    return answer


@asynccontextmanager
async def deployed(folder: Path, **settings: Any) -> AsyncIterator[Deployment]:
    """A deployment that ends with the block."""
    deployer = Deployer(Settings(**settings))
    deployment = await deploy(deployer, folder)
    try:
        yield deployment
    finally:
        await deployer.pytest_chimera_deployment_ended(deployment)


def page(url: str, path: str = "/") -> str:
    """What a server answers."""
    with urlopen(url + path, timeout=20) as answer:
        return str(answer.read().decode())
