"""A checkout to serve, and its deployment."""

from __future__ import annotations

from pytest_chimera.models.base import Value


class Checkout(Value):
    """A clean folder that contains exactly the files of one commit.

    :param name: a unique name for the deployment, suitable for a database or a queue: lower-case letters, digits,
        underscores.
    :param vault: the folder for its log.
    :param data_of: the URL of a deployment of the same files that is to be restarted with its stored data.
    """

    commit: str
    tree: str
    folder: str
    name: str
    vault: str
    data_of: str = ""


class Deployment(Value):
    """A running copy of one commit.

    :param url: its URL, without a trailing slash.
    :param name: its own name; ``folder``, ``data_dir`` and ``port`` are its own too.
    :param command: the command that was started; ``found`` says how it was detected, if nothing was configured.
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
