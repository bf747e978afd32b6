"""A checkout that is to be served, and what serves it."""

from __future__ import annotations

from pytest_chimera.models.base import Value


class Checkout(Value):
    """A clean folder that holds exactly the files of one commit.

    :param name: one deployment's own name, good for a database's or a queue's: lower-case letters, digits, underscores.
    :param vault: the folder that its log goes to.
    :param data_of: the URL of a deployment of the same files that is to be started again, with what it has stored.
    """

    commit: str
    tree: str
    folder: str
    name: str
    vault: str
    data_of: str = ""


class Deployment(Value):
    """A running copy of one commit.

    :param url: where it answers, without a trailing slash.
    :param name: its own name; ``folder``, ``data_dir`` and ``port`` are its own too.
    :param command: what was started; ``found`` says how it was found when nothing was configured.
    :param proved: chimera started it from the commit's checkout, or it proved its commit.
    """

    url: str
    commit: str = ""
    tree: str = ""
    name: str = ""
    folder: str = ""
    data_dir: str = ""
    port: int = 0
    command: str = ""
    found: str = ""
    log: str = ""
    proved: bool = True
