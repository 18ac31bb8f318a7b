"""One word per thing: the glossary's other words stay out of our identifiers."""

from __future__ import annotations

import ast
import re

import pytest

from unit.habits.source_tree import modules

NOT_OURS = {
    "server": "host", "box": "host", "machine": "host",
    "origin": "source", "upstream": "source", "remotedir": "source",
    "dest": "mirror", "destination": "mirror", "replica": "mirror",
    "fetcher": "pull", "download": "pull", "downloader": "pull",
    "phase": "pass", "stage": "pass",
    "session": "connection", "client": "connection",
    "proxy": "tunnel", "bridge": "tunnel",
    "trial": "run", "project": "run",
    "album": "series", "movie": "animation", "video": "animation",
    "registry": "catalogue", "staleness": "lag",
    "trigger": "wish", "kick": "wish", "enqueue": "wish",
    "worker": "service", "manager": "service", "handler": "service", "engine": "service", "ttl": "deadline",
}  # fmt: skip
FORBIDDEN_MODULES = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "base",
    "manager",
    "handler",
    "processor",
    "data",
    "core",
}

# module (or prefix) and word: why it is not our noun there.
ALLOWED = {
    ("control.client", "client"): "ruling 21",
    ("cli", "client"): "the module control.client",
    ("demo", "server"): "paramiko's own names",
    ("demo.channels", "origin"): "the ssh protocol's own word for a forward's ends",
    ("demo.channels", "destination"): "the ssh protocol's own word for a forward's ends",
    ("ssh", "destination"): "OpenSSH's own word for what follows `ssh`",
    ("demo", "session"): "ssh's and POSIX's own word",
    ("demo", "client"): "ssh's own word for the other end",
    ("demo", "handler"): "paramiko's own names",
    ("demo", "stage"): "a theatre's stage, no pass of a pull",
    ("cli.demo", "stage"): "the module demo.stage",
    ("cli.demo_screen", "stage"): "the module demo.stage",
    ("tensorboard", "server"): "TensorBoard's server_class and data server",
    ("tensorboard", "origin"): "the HTTP header",
    ("ssh", "proxy"): "OpenSSH's ProxyCommand and ProxyJump",
    ("logs", "handler"): "logging's own names",
    ("config.watch", "handler"): "watchdog's own names",
    ("mirror.watch", "handler"): "watchdog's own names",
    ("mirror.inbox", "handler"): "watchdog's own names",
    ("process", "session"): "POSIX's own word in start_new_session",
}


def words(identifier: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier)
    return {word.lower() for word in spaced.split("_") if word}


def identifiers(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.arg):
            found.add(node.arg)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return found


def allowed(module: str, word: str) -> bool:
    return any(word == w and (module == m or module.startswith(f"{m}.")) for m, w in ALLOWED)


@pytest.mark.parametrize("module", [name for name in modules() if name])
def test_identifiers_use_our_words(module):
    found = {
        (identifier, word, f"say {NOT_OURS[word]}")
        for identifier in [*identifiers(modules()[module]), *module.split(".")]
        for word in words(identifier) & set(NOT_OURS)
        if not allowed(module, word)
    }
    assert found == set()


def test_module_names():
    assert [name for name in modules() if set(name.split(".")) & FORBIDDEN_MODULES] == []
