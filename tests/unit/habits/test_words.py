"""One word per thing: the glossary's other words stay out of our identifiers."""

from __future__ import annotations

import ast
import re

import pytest

from unit.habits.source_tree import modules

# The glossary's other column, as far as these words are domain nouns in an identifier (`log`, `make` and the like are
# plain English or foreign names, too).
NOT_OURS = {
    "server": "host", "machine": "host", "node": "host", "box": "host",
    "origin": "source", "upstream": "source", "remotedir": "source",
    "dest": "mirror", "destination": "mirror", "target": "mirror", "replica": "mirror",
    "sync": "pull", "fetch": "pull", "fetcher": "pull", "download": "pull", "downloader": "pull",
    "phase": "pass", "stage": "pass",
    "watcher": "follower", "session": "connection", "client": "connection", "channel": "connection",
    "proxy": "tunnel", "bridge": "tunnel",
    "trial": "run", "project": "run",
    "album": "series", "sequence": "series", "movie": "animation", "video": "animation",
    "history": "journal", "registry": "catalogue",
    "info": "state", "details": "state", "delay": "lag", "staleness": "lag",
    "trigger": "wish", "kick": "wish", "enqueue": "wish",
    "rc": "outcome",
    "worker": "service", "manager": "service", "handler": "service", "engine": "service", "monitor": "service",
    "ttl": "deadline", "expiry": "deadline",
    "helper": "what it does", "helpers": "what it does", "util": "what it does", "utils": "what it does",
    "misc": "what it holds", "processor": "what it does",
}  # fmt: skip
# Never a module's or a class's name, alone or as a word of it.
FORBIDDEN_NAMES = {
    "util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "handler", "processor", "data", "core",
}  # fmt: skip

# module (or prefix) and word: why it is not our noun there.
ALLOWED = {
    ("control.client", "client"): "ruling 21",
    ("demo.channels", "channel"): "the ssh protocol's own word",
    ("demo.host", "channel"): "the ssh protocol's own word",
    ("demo.channels", "origin"): "the ssh protocol's own word for a forward's ends",
    ("demo.channels", "destination"): "the ssh protocol's own word for a forward's ends",
    ("ssh", "destination"): "OpenSSH's own word for what follows `ssh`",
    ("demo", "client"): "ssh's own word for the other end",
    ("demo", "handler"): "paramiko's own names",
    ("demo", "stage"): "a theatre's stage, no pass of a pull",
    ("cli.demo", "stage"): "the module demo.stage",
    ("tensorboard", "server"): "TensorBoard's server_class and data server",
    ("tensorboard", "origin"): "the HTTP header",
    ("ssh", "proxy"): "OpenSSH's ProxyCommand and ProxyJump",
    ("logs", "handler"): "logging's own names",
    ("journal", "node"): "a syntax tree's own word",
    ("state.jobs", "node"): "a Slurm node: ruling 21",
    ("jobs", "node"): "a Slurm node: ruling 21",
    ("tensorboard.launch", "info"): "TensorBoard's own TensorBoardInfo",
    ("tensorboard", "target"): "POSIX's own word for what a link names",
    ("ssh.retry", "delay"): "how long to wait before a retry, no lag",
    ("host", "delay"): "how long to wait before a retry, no lag",
    ("config.model", "delay"): "the GIF's word for how long a frame stands",
    ("samples.rules", "delay"): "the GIF's word for how long a frame stands",
    ("pull.command", "fetch"): "only the passes of a pull that bring whole files, beside `grow`",
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


def test_module_and_class_names():
    wrong = [name for name in modules() if set(name.split(".")) & FORBIDDEN_NAMES]
    for name, tree in modules().items():
        classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        wrong += [f"{name}.{found}" for found in classes if words(found) & FORBIDDEN_NAMES]
    assert wrong == []


def test_no_allowance_is_left_over():
    used = {
        (place, word)
        for place, word in ALLOWED
        for name, tree in modules().items()
        if name == place or name.startswith(f"{place}.")
        for identifier in [*identifiers(tree), *name.split(".")]
        if word in words(identifier)
    }
    assert set(ALLOWED) - used == set()
