"""A reading list: the books that wait on the nightstand.

``flask --app readinglist run`` serves it. The database lies in the folder that ``READINGLIST_DATA`` names, else in
Flask's instance folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, render_template

from readinglist.store import Shelf


def create_app(data: Path | None = None) -> Flask:
    """The application, with its database in ``data``."""
    app = Flask(__name__)
    shelf = Shelf((data or Path(os.environ.get("READINGLIST_DATA", app.instance_path))) / "readinglist.db")

    @app.get("/")
    def index() -> str:
        return render_template("index.html", to_read=shelf.to_read())

    return app
