"""Finds secrets in environment variables, for masking.

A value is a secret if both its variable's name *and* its own form suggest it, so that paths and ordinary words are not
masked everywhere; passwords in URLs are recognized by their form alone, and so are the token formats of known services.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_SECRET_WORD = re.compile(
    r"""
      KEYS? | APIKEYS? | TOKENS? | SECRETS? | PASSWORDS? | PASSWD | PASSPHRASES? | PASSCODE | PASS | PWD | (SSH|DB)PASS
    | CREDENTIALS? | CREDS | PATS? | AUTH | AUTHORIZATION | BEARER | COOKIES? | DSN | SIGNATURE | SIG | PRIVATE | JWT
    | SALT | WEBHOOK | \w*(PASSWORD | PASSWD | PASSPHRASE | SECRET | TOKEN) | (ACCESS|SECRET|PRIVATE|AUTH|MASTER|SSH)KEY
    """,
    re.VERBOSE,
)
_ABOUT_ONE = re.compile(
    r"""
      PATHS? | DIR(S|ECTORY)? | FILES? | FILENAME | HOME | ROOT | SOCK | SOCKET | IDS? | NAME | USER | USERNAME | EMAIL
    | TYPE | ALGORITHM | ALG | LENGTH | SIZE | TTL | TIMEOUT | AGE | EXPIRY | EXPIRES | LIFETIME | PARALLELISM | LAYOUT
    | HEADER | PREFIX | FORMAT | MODE | METHOD | HOST | HOSTNAME | DOMAIN | PORT | REGION | ENDPOINT | COMMAND | CMD
    | PROGRAM | BACKEND | PROVIDER | ISSUER | AUDIENCE | ENABLED | DISABLED | VERSION | MODEL | MODULE | CLASS
    """,
    re.VERBOSE,
)
"""Last words of names that describe a secret rather than hold one."""
_NOT_SECRET = frozenset({"PWD", "GPG_KEY", "XDG_SESSION_COOKIE"})
_PUBLIC = frozenset({"PUBLIC", "PUBLISHABLE", "FINGERPRINT"})
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_FORMS = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:
      sk-[\w-]{16,} | (?:sk|rk)_(?:live|test)_\w{10,} | whsec_[\w+/=]{16,}            # OpenAI, Anthropic, Stripe
    | gh[pousr]_\w{20,} | github_pat_\w{20,} | glpat-[\w-]{16,}                       # GitHub, GitLab
    | xox[a-z]-[\w-]{10,} | xapp-[\w-]{10,} | https://hooks\.slack\.com/services/[\w/]+
    | (?:AKIA|ASIA)[A-Z0-9]{16} | AIza[\w-]{30,} | ya29\.[\w-]{16,}                   # Amazon, Google
    | npm_\w{30,} | pypi-[\w-]{16,} | hf_\w{20,} | gsk_\w{20,} | dop_v1_\w{32,} | SG\.[\w-]{16,}\.[\w-]{16,}
    | eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*                                                 # a JSON web token
    )|-----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----.*""",
    re.VERBOSE | re.DOTALL,
)
_SCHEME = r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://"
_URL = re.compile(rf"{_SCHEME}(?P<user>[^\s/:@]*)(?::(?P<password>[^\s/]*))?@[^\s/]*(?P<rest>[^\s?#]*)", re.I)
_PAIR = re.compile(r"""(?<![\w-])([A-Za-z][\w-]*)=([^;&\s'"]+)""")
_BETWEEN = re.compile(r"""(?:[\s,;|:="'\[\]{}]|\\[nr])+""")

_FRAME = "-----"  # the delimiters of private keys also occur around public certificates
_SHORTEST = 8
_FEWEST_CHARACTERS = 5
_WORD = r"(?>(?:[A-Za-z]?[a-z]{0,13}|[A-Z]{1,14}|[A-Z]?[a-z]{2,13}(?:[A-Z][a-z]{2,13}){1,3})(?![A-Za-z]))"
_WORDS = re.compile(rf"{_WORD}(?:[-_. ]{_WORD}){{0,2}}")
_NUMBER = re.compile(r"[-+]?[\d.,_:/\s-]+")
_IN_PATH = rf"\.?{_WORD}\d{{0,3}}(?:[-_.]{_WORD}\d{{0,3}}){{0,4}}"
_PATH = re.compile(rf"(?:~|\.{{1,2}})/.*|[A-Za-z]:[\\/].*|/{_IN_PATH}(?:/.*)?|{_IN_PATH}(?:/{_IN_PATH})+/?", re.DOTALL)
_PLAIN_URL = re.compile(rf"{_SCHEME}\S*", re.I)


def secret_values(environment: Mapping[str, str]) -> set[str]:
    """Return the secrets in an environment; each, if a variable contains several."""
    return {secret for name, value in environment.items() for secret in _in_variable(name, value)}


def has_known_form(secret: str) -> bool:
    """Whether a text has the token format of a known service."""
    return _FORMS.fullmatch(secret) is not None


def is_secret_name(name: str) -> bool:
    """Whether a variable's name suggests a secret, rather than its location, or a public key."""
    words = [word.upper() for word in _NAME_WORD.findall(name)]
    if not words or name.upper() in _NOT_SECRET or _ABOUT_ONE.fullmatch(words[-1]) or _PUBLIC & set(words):
        return False
    return any(_SECRET_WORD.fullmatch(word) for word in words)


def looks_secret(text: str) -> bool:
    """Whether a text looks like a secret: not a number, a path, or one or two words, and with enough variety."""
    if len(text) < _SHORTEST or len(set(text)) < _FEWEST_CHARACTERS or text.startswith(_FRAME) or text.endswith(_FRAME):
        return False
    return not any(each.fullmatch(text) for each in (_WORDS, _NUMBER, _PLAIN_URL)) and not _is_path(text)


def _is_path(text: str) -> bool:
    if _PATH.fullmatch(text):
        return True
    with suppress(OSError, ValueError):
        return text.startswith("/") and Path(text).exists()
    return False


def _in_variable(name: str, value: str) -> Iterator[str]:
    named, entries = is_secret_name(name), _entries(value)
    for found in _FORMS.finditer(value):
        yield from () if _WORDS.fullmatch(found[0]) else (found[0], *_parts(found[0]))
    yield from _in_urls(value, named=named)
    for key, text in _PAIR.findall(value):
        yield from _parts(text) if is_secret_name(key) else ()
    for key, text in entries:
        yield from _in_variable(f"{name}_{key}" if key else name, text)
    yield from _parts(value) if named and not entries else ()


def _in_urls(value: str, *, named: bool) -> Iterator[str]:
    """Yield the passwords in URLs; for a secret variable, also a key alone before the host."""
    for url in _URL.finditer(value):
        user, password = url["user"], url["password"]
        for secret in {password, unquote(password)} if password else {user} if named else set():
            if looks_secret(secret) and secret not in {user if password else "", url["rest"].strip("/")}:
                yield secret


def _entries(value: str) -> list[tuple[str, str]]:
    """Return the texts in a JSON object or list, each with its key."""
    if value.lstrip()[:1] not in {"{", "["}:
        return []
    with suppress(ValueError, RecursionError):
        return list(_texts("", json.loads(value)))
    return []


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(name, each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(key, each)
    elif isinstance(value, str):
        yield key, value


def _parts(value: str) -> Iterator[str]:
    """Yield a value and its parts, if they look like secrets; URLs are handled by :func:`_in_urls`."""
    whole = _PLAIN_URL.sub(" ", value).strip()
    if _is_path(whole):
        return
    yield from (part for part in dict.fromkeys((whole, *_BETWEEN.split(whole))) if looks_secret(part))
