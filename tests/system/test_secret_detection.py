"""Which values of environment variables are masked, with the variables of real tools."""

from __future__ import annotations

import json
import time

import pytest

from pytest_chimera.system.secret_detection import secret_values

HEX = "8f3b1d6a0c9e4752b1a0d3c4e5f60718"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
GITHUB = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
BODY = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"
PEM = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{BODY}\n-----END OPENSSH PRIVATE KEY-----"

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEHoaCXVzLWVhc3QtMSJ",
    "DJANGO_SECRET_KEY": "django-insecure-3$x!k2m@9q(z&v)w1e7r5t8y^u6i0p4",
    "SECRET_KEY_BASE": HEX * 4,
    "RAILS_MASTER_KEY": HEX,
    "STRIPE_SECRET_KEY": "sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc",
    "OPENAI_API_KEY": "sk-proj-T3BlbkFJabcdefghijklmnop",
    "ANTHROPIC_AUTH_TOKEN": "sk-ant-api03-R2D2c3poLukeLeia",
    "GEMINI_API_KEY": "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
    "GH_PAT": GITHUB,
    "github_token": "gho_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "NPM_AUTH": "dXNlcjpwYXNzd29yZDEyMw",
    "npm_config__authToken": "npm_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5",
    "PGPASSWORD": "tr0ub4dor&3",
    "MYSQL_PWD": "k7Pq-92-xx",
    "SSHPASS": "G00d-enough",
    "APIKEY": HEX,
    "GPG_PASSPHRASE": "correct-horse-battery-staple",
    "SLACK_BOT_TOKEN": "xoxb-" + "123456789012-abcdefABCDEF",
    "API_KEY_1": "q9w8e7r6t5",
    "SESSION_COOKIE": "s%3AJ8kd02.Lq1",
    "VSCODE_GIT_IPC_AUTH_TOKEN": HEX,
    "DEPLOYMENT": GITHUB,
    "WHATEVER": TOKEN,
}


def test_what_stands_around_certificates_too_is_not_masked() -> None:
    assert not {each for each in secret_values({"TLS_KEY": PEM}) if each in "-----BEGIN CERTIFICATE-----"}


@pytest.mark.parametrize("name", SECRETS)
def test_a_value_that_is_secret_by_name_and_look_or_by_its_form_is_masked(name: str) -> None:
    assert SECRETS[name] in secret_values({name: SECRETS[name]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PWD", "/home/me/shop-2"),
        ("OLDPWD", "/home/me/shop-2"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-XXXXabc123/agent.42"),
        ("GIT_ASKPASS", "/usr/lib/git-core/git-gui--askpass2"),
        ("SSL_KEY_FILE", "/etc/ssl/private/server1.key"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/keys/service-4711.json"),
        ("DOCKER_SECRET", "config/secrets/db2.txt"),
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/other-2024"),
        ("WINDOWS_KEY", r"C:\Users\me\key1.pem"),
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_" + "test_TYooMQauvdEDq54NiTphI7jx"),
        ("KEYBOARD_LAYOUT", "qwertz-1234"),
        ("KEYTIMEOUT", "12345678"),
        ("XDG_SESSION_ID", "c2-12345678"),
        ("XDG_SESSION_TYPE", "wayland-12"),
        ("PASSENGER_ROOT", "/opt/passenger-6.0.1"),
        ("PASSENGER_APP_ENV", "production7"),
        ("TOKENIZERS_PARALLELISM", "false-1234"),
        ("MONKEY", "x7$Kq2-long-enough"),
        ("AUTH_USER_MODEL", "accounts.CustomUser"),
        ("TOKEN_LIFETIME", "2024-01-01T00:00"),
        ("TOKEN_URL", "https://id.example.org/oauth2/token"),
        ("API_KEY", "1"),
        ("API_KEY_ENABLED", "absolutely1"),
        ("SESSION_KEY", "1753871234567"),
        ("PGPASSWORD", "postgres"),
        ("DB_PASSWORD", "password"),
        ("SECRET_KEY", "secret"),
        ("SECRET_KEY", "change-me-please"),
        ("SECRET_KEY", "SuperSecret"),
        ("DATABASE_URL", "postgres://postgres:postgres@localhost/postgres"),
        ("DATABASE_URL", "postgres://todo_v2a1:todo_v2a1@localhost/todo"),
        ("DATABASE_URL", "postgres://me:todo_v2a1@localhost:5432/todo_v2a1?sslmode=off"),
        ("DATABASE_URL", "sqlite:////home/me/data-2024/app.db"),
    ],
)
def test_paths_numbers_words_and_what_only_tells_of_a_secret_are_not_masked(name: str, value: str) -> None:
    assert secret_values({name: value}) == set()


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("API_KEYS", "key-one-1111,key-two-2222;key-three-3333", {"key-one-1111", "key-two-2222", "key-three-3333"}),
        ("API_KEYS", '["key-one-1111", "key-two-2222"]', {"key-one-1111", "key-two-2222"}),
        ("API_KEYS", '{"alice": "key-one-1111"}', {"key-one-1111"}),
        ("USER_TOKENS", "alice:key-one-1111 bob:key-two-2222", {"key-one-1111", "key-two-2222"}),
        ("GCP_CREDENTIALS", json.dumps({"client_email": "me-77@x.org", "private_key_id": HEX, "key": HEX}), {HEX}),
        ("DATABASE_URL", "postgres://me:url-123456@localhost/db", {"url-123456"}),
        ("HTTPS_PROXY", "http://me:a%40b-12345@proxy:3128", {"a%40b-12345", "a@b-12345"}),
        ("SENTRY_DSN", f"https://{HEX}@o1.ingest.sentry.io/42", {HEX}),
        ("BLOB", f"https://a.blob.core.windows.net/c?sv=2024&sig={HEX}", {HEX}),
        ("STORAGE", f"AccountName=shop1234;AccountKey={HEX}==;EndpointSuffix=x", {HEX, f"{HEX}=="}),
        ("LIBPQ", "host=db1.example.org user=me1 password=url-123456", {"url-123456"}),
        ("DEPLOY", PEM, {BODY}),
        ("DEPLOY", PEM.replace("\n", "\\n"), {BODY}),
    ],
)
def test_each_secret_in_a_variable_is_masked(name: str, value: str, secrets: set[str]) -> None:
    found = secret_values({name: value})
    assert secrets <= found
    assert {each for each in found if each not in value} <= secrets, "a password in a URL is told decoded, too"


@pytest.mark.parametrize("piece", ["ab/", "ab-", "Ab.", "a:", "/", "x=", "ab@", "://", "eyJ", "\\n"])
def test_a_long_value_is_looked_through_at_once(piece: str) -> None:
    begun = time.process_time()
    secret_values({"SOME_KEYS": f"{piece * 3000}1!é"})
    assert time.process_time() - begun < 2
