"""Tables written by hand: what is a secret and where it stands, and what only looks like one."""

from __future__ import annotations

import time

import pytest

from expsyncd.redact import redact, redact_setting
from support.secrets import harmless, secrets

SECRETS = secrets()
HARMLESS = harmless()


def test_the_tables_are_large_enough():
    assert len(SECRETS) >= 200
    assert len(HARMLESS) >= 200


@pytest.mark.parametrize(("secret", "text"), SECRETS, ids=range(len(SECRETS)))
def test_no_secret_is_left(secret, text):
    redacted = redact(text)
    assert secret not in redacted
    assert "[redacted]" in redacted
    assert redacted.count("\n") == text.count("\n")
    assert redact(redacted) == redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text):
    assert redact(text) == text


def test_all_of_a_script_at_once():
    whole = redact("\n".join(text for _, text in SECRETS))
    assert [secret for secret, text in SECRETS if secret in whole and len(secret) > 6] == []
    assert redact("\n".join(HARMLESS)).splitlines() == "\n".join(HARMLESS).splitlines()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("lr", "1e-3", "1e-3"),
        ("api_key", "opensesame", "[redacted]"),
        ("wandb.password", "123456", "[redacted]"),
        ("db.url", "postgres://me:opensesame@db/x", "postgres://me:[redacted]@db/x"),
        ("max_tokens", "4096", "4096"),
        ("tokenizer", "gpt2", "gpt2"),
        ("commit", "3f786850e387550fdab836ed7e6dc881de23001b", "3f786850e387550fdab836ed7e6dc881de23001b"),
        ("hub_token", "None", "None"),
        ("--password", "", ""),
        ("args", "[train.py, --api-key, opensesame, --lr, 1]", "[train.py, --api-key, [redacted], --lr, 1]"),
        ("args", "[--password, hunter2]", "[--password, [redacted]]"),
        ("args", "[--max-tokens, 4096, --tokenizer, gpt2]", "[--max-tokens, 4096, --tokenizer, gpt2]"),
    ],
)
def test_settings(name, value, shown):
    assert redact_setting(name, value) == shown


@pytest.mark.parametrize(
    "text",
    ["--password " * 20_000, '"' * 100_000, "a:b@" * 30_000, "http://" * 30_000, "password is " * 20_000, "=" * 200_000,
     "curl " * 20_000, "login(" * 20_000, "echo " * 20_000, "-----BEGIN PRIVATE KEY-----" * 5_000, "${A:-" * 20_000,
     "mysql x " * 20_000, '"--a", ' * 20_000, "get('a', " * 20_000, "name: a\n" * 20_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_text_costs_little(text):
    started = time.monotonic()
    redact(text)
    assert time.monotonic() - started < 10
