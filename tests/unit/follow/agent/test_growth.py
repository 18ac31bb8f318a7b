"""From a file on the host to what is said of it, without a connection."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any

import pytest

from expsyncd.follow.agent.growth import AT_MOST_S, BEFORE, MOST_GROWTH, PIECE, SETTLED_S, WHOLE_LIMIT, Growth
from expsyncd.follow.agent.rules import Rules
from expsyncd.follow.agent.stream import Outbox


class Out(Outbox):
    """Keeps what would be sent."""

    def __init__(self):
        self.sent: list[Any] = []

    def put(self, header, payload=b""):
        self.sent.append((header, payload))

    def take(self):
        found, self.sent = self.sent, []
        return found


class Tree:
    """A source, as far as growth is concerned."""

    def __init__(self, folder):
        self.number = 3
        self.rate = 0.0
        self.rules = Rules([], "tfevents", [".csv", ".log"])
        self._folder = os.fsencode(folder)

    def path(self, inside):
        return self._folder + b"/" + inside


class World:
    """Growth, and a file `here` with its `key`."""

    def __init__(self, growth, here, key):
        self.here, self.key = here, key
        self.send, self.resume, self.refuse = growth.send, growth.resume, growth.refuse
        self.closed, self.due_checks, self.check = growth.closed, growth.due_checks, growth.check
        self.left = growth.left


@pytest.fixture
def world(tmp_path):
    out = Out()
    tree = Tree(tmp_path)
    return World(Growth(out), tmp_path / "m.csv", (tree, b"m.csv")), out


def append(path, content):
    with path.open("ab") as file:
        file.write(content)


def brief(messages):
    """(kind, offset or size, payload) of each."""
    return [(h["t"], h["o"] if h["t"] == "chunk" else h["z"], p) for h, p in messages]


def test_a_small_file_comes_whole_and_then_by_its_growth(world):
    growth, out = world
    growth.here.write_bytes(b"abc")
    assert growth.send(growth.key, True) is False
    ((header, payload),) = out.take()
    assert payload == b"abc"
    status = growth.here.stat()
    assert header == {
        "t": "chunk", "s": 3, "p": "m.csv", "o": 0, "d": hashlib.sha256(b"").hexdigest(), "b": 0, "i": status.st_ino,
        "m": status.st_mtime_ns, "z": 3, "l": True,
    }  # fmt: skip
    append(growth.here, b"de")
    growth.send(growth.key, True)
    ((header, payload),) = out.take()
    assert (header["o"], header["b"], header["d"], payload) == (
        3,
        3,
        hashlib.sha256(b"abc").hexdigest(),
        b"de",
    )


def test_nothing_is_said_twice(world):
    growth, out = world
    growth.here.write_bytes(b"abc")
    growth.send(growth.key, True)
    out.take()
    growth.send(growth.key, True)
    assert out.take() == []


def test_a_large_file_is_asked_for_its_place_first(world):
    growth, out = world
    growth.here.write_bytes(b"x" * (PIECE + 10))
    growth.send(growth.key, True)
    assert brief(out.take()) == [("chunk", PIECE + 10, b"")]
    growth.resume(growth.key, PIECE)
    growth.send(growth.key, False)
    ((header, payload),) = out.take()
    assert (header["o"], header["b"], payload) == (PIECE, PIECE, b"x" * 10)


def digested(growth, out):
    """How many bytes are digested with the next byte of a file."""
    append(growth.here, b"!")
    growth.send(growth.key, True)
    ((header, payload),) = out.take()
    beginning = growth.here.read_bytes()[header["o"] - header["b"] : header["o"]]
    assert (header["d"], payload) == (hashlib.sha256(beginning).hexdigest(), b"!")
    return header["b"]


@pytest.mark.parametrize("name", ["m.csv", "events.out.tfevents.1"])
def test_all_of_a_beginning_is_compared_once_and_of_an_event_file_after_each_close(world, name, tmp_path):
    growth, out = world
    growth.here, growth.key = tmp_path / name, (growth.key[0], name.encode())
    size = 3 * PIECE
    growth.here.write_bytes(bytes(size))
    growth.resume(growth.key, size)
    assert digested(growth, out) == size
    assert digested(growth, out) == BEFORE
    growth.closed(growth.key)
    assert digested(growth, out) == (size + 2 if "tfevents" in name else BEFORE)
    assert digested(growth, out) == BEFORE
    growth.resume(growth.key, size + 4)
    assert digested(growth, out) == size + 4, "whoever wrote it here may have had it from elsewhere"


def test_of_what_is_too_large_only_the_end_is_compared(world):
    growth, out = world
    growth.here.write_bytes(b"")
    os.truncate(growth.here, WHOLE_LIMIT + 1)
    growth.resume(growth.key, WHOLE_LIMIT + 1)
    assert digested(growth, out) == BEFORE


def test_much_growth_comes_in_pieces(world):
    growth, out = world
    growth.here.write_bytes(b"a" * 10)
    growth.send(growth.key, False)
    append(growth.here, b"b" * (PIECE + 5))
    assert growth.send(growth.key, False) is True
    assert growth.send(growth.key, False) is False
    first, second, third = out.take()
    assert [len(payload) for _, payload in (first, second, third)] == [10, PIECE, 5]


def test_far_too_much_growth_is_a_pull(world):
    growth, out = world
    growth.here.write_bytes(b"a")
    growth.send(growth.key, False)
    out.take()
    os.truncate(growth.here, MOST_GROWTH + 2)
    growth.send(growth.key, False)
    assert brief(out.take()) == [("name", MOST_GROWTH + 2, b"")]


def known(world):
    growth, out = world
    growth.here.write_bytes(b"abcdef")
    growth.send(growth.key, False)
    out.take()
    return growth, out


def test_a_shrink_is_a_pull(world):
    growth, out = known(world)
    os.truncate(growth.here, 2)
    growth.send(growth.key, False)
    assert brief(out.take()) == [("name", 2, b"")]


def test_another_file_in_its_place_is_a_pull(world):
    growth, out = known(world)
    other = growth.here.with_name("other")
    other.write_bytes(b"abcdefgh")
    other.replace(growth.here)
    growth.send(growth.key, False)
    assert brief(out.take()) == [("name", 8, b"")]


def test_a_new_time_without_growth_is_a_pull_once(world):
    growth, out = known(world)
    os.utime(growth.here, ns=(5, 5))
    growth.send(growth.key, False)
    assert brief(out.take()) == [("name", 6, b"")]


def test_our_end_has_more_than_the_host(world):
    growth, out = known(world)
    growth.resume(growth.key, 9)
    growth.send(growth.key, False)
    assert brief(out.take()) == [("name", 6, b"")]


def test_what_our_end_does_not_want(world):
    growth, out = known(world)
    growth.refuse(growth.key, 6)
    append(growth.here, b"gh")
    growth.send(growth.key, False)
    assert out.take() == []


def test_other_kinds_are_named_once_a_change(world):
    growth, out = world
    image = growth.here.with_name("i.png")
    key = (growth.key[0], b"i.png")
    image.write_bytes(b"abc")
    growth.send(key, False)
    growth.send(key, False)
    assert brief(out.take()) == [("name", 3, b"")]
    image.write_bytes(b"defg")
    growth.send(key, False)
    assert brief(out.take()) == [("name", 4, b"")]


def test_links_pipes_and_what_is_gone_say_nothing(world):
    growth, out = world
    growth.here.symlink_to("/etc/hostname")
    growth.send(growth.key, False)
    growth.here.unlink()
    growth.send(growth.key, False)
    os.mkfifo(growth.here)
    growth.send(growth.key, False)
    assert out.take() == []


def test_a_closed_file_is_compared_once_it_rests(world, monkeypatch):
    growth, out = known(world)
    moment = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    growth.closed(growth.key)
    assert list(growth.due_checks(100.0 + SETTLED_S / 2)) == []
    moment[0] = 100.5
    growth.closed(growth.key)
    assert list(growth.due_checks(100.0 + SETTLED_S)) == []
    assert list(growth.due_checks(100.5 + SETTLED_S)) == [growth.key]
    list(growth.check(growth.key))
    assert [h for h, _ in out.take()] == [
        {"t": "check", "s": 3, "p": "m.csv", "z": 6, "d": hashlib.sha256(b"abcdef").hexdigest()}
    ]


def test_one_that_never_rests_is_compared_all_the_same(world, monkeypatch):
    growth, _ = known(world)
    for moment in range(int(AT_MOST_S) * 2 + 1):
        monkeypatch.setattr(time, "monotonic", lambda moment=moment: moment / 2)
        growth.closed(growth.key)
    assert list(growth.due_checks(AT_MOST_S)) == [growth.key]


def test_one_that_grew_meanwhile_is_not_compared(world):
    growth, out = known(world)
    append(growth.here, b"more")
    list(growth.check(growth.key))
    assert out.take() == []


def test_what_our_end_does_not_want_is_told_again_once_it_is_smaller(world):
    growth, out = known(world)
    growth.refuse(growth.key, 6)
    growth.here.unlink()
    growth.here.write_bytes(b"new")
    growth.send(growth.key, False)
    assert brief(out.take()) == [("chunk", 0, b"new")]


def test_a_file_that_left_and_came_back_is_told_again(world):
    growth, out = world
    image = growth.here.with_name("i.png")
    key = (growth.key[0], b"i.png")
    image.write_bytes(b"abc")
    growth.send(key, False)
    image.rename(growth.here)
    growth.left(key)
    growth.here.rename(image)
    growth.send(key, False)
    assert brief(out.take()) == [("name", 3, b"")] * 2, "our end dropped the first when the file left"


def test_a_closed_file_that_is_not_all_sent_is_compared_with_its_next_bytes(world):
    growth, out = world
    size = 2 * BEFORE
    growth.here.write_bytes(bytes(size))
    growth.send(growth.key, False)
    append(growth.here, b"!")
    growth.send(growth.key, False)
    out.take()
    with growth.here.open("r+b") as file:
        file.write(b"rewritten")
    append(growth.here, b"!")
    growth.closed(growth.key)
    list(growth.check(growth.key))
    assert out.take() == []
    growth.send(growth.key, False)
    ((header, _),) = out.take()
    assert (header["o"], header["b"]) == (size + 1, size + 1)


def test_a_closed_file_that_grows_while_it_is_digested_is_compared_with_its_next_bytes(world):
    growth, out = world
    size = 2 * BEFORE
    growth.here.write_bytes(bytes(size))
    growth.send(growth.key, False)
    out.take()
    steps = growth.check(growth.key)
    next(steps)
    append(growth.here, b"!")
    list(steps)
    assert out.take() == []
    growth.send(growth.key, False)
    ((header, _),) = out.take()
    assert header["b"] == size
