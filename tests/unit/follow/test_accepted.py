"""The agent skips exactly what pulls skip, and what it sends is judged by the same rules."""

from __future__ import annotations

import json

import pytest

from expsyncd.follow.accepted import Accepted
from expsyncd.follow.agent.rules import Rules
from expsyncd.pull.source import Source


def accepted(**options):
    return Accepted(Source("gpu", "logs", "/logs", **options))


def there(found):
    """The rules as the host has them, by JSON."""
    return Rules(**json.loads(json.dumps(found.told())))


PATHS = [
    b"a.csv", b"x/a.csv", b"wandb/a.csv", b"x/wandb/y/a.csv", b"x/keep.log", b"events.out.tfevents.1", b"tmp/1/deep/b.txt",
    b"projector_config.pbtxt", b"x/y.png", b"[odd]/\xff.csv",
]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [{}, {"exclude": ("wandb",)}, {"exclude": ("/wandb/",)}, {"exclude": ("tmp/**",)}, {"include": ("*.csv",)},
     {"include": ("/a.csv",)}, {"include": ("*.csv", "*.txt"), "exclude": ("x/*",)}, {"exclude": ("[[]odd]",)},
     {"exclude": ("*.pn[a-g]", "b?txt")}, {"exclude": ("x[",)}],
    ids=str,
)  # fmt: skip
def test_the_agent_takes_what_we_take(options):
    ours = accepted(**options)
    rules = there(ours)

    def takes(path):
        parts = path.split(b"/")
        return all(rules.takes(b"/".join(parts[:n]), True) for n in range(1, len(parts))) and rules.takes(
            path, False
        )

    assert {path: takes(path) for path in PATHS} == {path: ours.takes(path) for path in PATHS}


def test_what_is_excluded_and_what_lies_below_it():
    found = accepted(exclude=("wandb",))
    assert found.takes(b"x/a.csv")
    assert not found.takes(b"wandb/a.csv")
    assert not found.takes(b"x/wandb/y/a.csv")


def test_only_growing_kinds_within_limits_grow():
    found = accepted(max_size=100)
    assert found.grows(b"a/m.csv", 100)
    assert not found.grows(b"a/m.csv", 101)
    assert not found.grows(b"a/m.png", 10)
    assert not accepted(exclude=("*.csv",)).grows(b"m.csv", 1)
    assert not accepted(skip_patterns=("*.log",), skip_over=50).grows(b"huge.log", 51)
    assert accepted(skip_patterns=("*.log",), skip_over=50, include=("*.log",)).grows(b"huge.log", 51)


def test_both_ends_know_the_same_growing_kinds():
    rules = there(accepted())
    for path, grows in [
        (b"a/events.out.tfevents.1", True), (b"run1.tfevents.77", True), (b"X.CSV", True), (b"a.jsonl", True),
        (b"a.csv.gz", False), (b"tfevents/a.png", False), (b"a.log/x", False),
    ]:  # fmt: skip
        assert rules.grows(path) is grows, path
        assert accepted().grows(path, 1) is grows, path
