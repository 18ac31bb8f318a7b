"""What a host may send: messages in any pieces, noise before them, and anything else is refused."""

from __future__ import annotations

import json
import os
import struct
from datetime import UTC, datetime, timedelta

import pytest

from expsyncd.follow.agent.stream import Outbox
from expsyncd.follow.frames import (
    LONGEST_AGE_S,
    MOST_NOISE,
    Check,
    Chunk,
    Frames,
    Gone,
    Hello,
    Malformed,
    Mode,
    Name,
    Pong,
    PullAll,
)

MAGIC = b"expsyncd-agent 1\n"
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CHUNK = {
    "t": "chunk",
    "s": 1,
    "p": "a/x.csv",
    "o": 3,
    "d": DIGEST,
    "b": 3,
    "i": 7,
    "m": -5,
    "z": 5,
    "l": True,
}


def frame(header, payload=b""):
    words = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">II", len(words), len(payload)) + words + payload


def read(*frames):
    return Frames().feed(MAGIC + b"".join(frames))


def test_every_message():
    assert read(
        frame({"t": "hello", "pid": 9, "python": "3.6.15"}),
        frame(CHUNK, b"xy"),
        frame({"t": "name", "s": 1, "p": "img/\udcff.png", "z": 10}),
        frame({"t": "check", "s": 2, "p": "a", "z": 4, "d": DIGEST}),
        frame({"t": "pull", "s": 1, "why": "lost\x1b[2J"}),
        frame(
            {"t": "state", "s": 1, "mode": "rescanning", "n": 2, "watches": 0, "reason": "NFS", "age": 1.5}
        ),
        frame({"t": "gone", "s": 1, "p": "old"}),
        frame({"t": "pong", "n": 3, "quiet": True, "at": 12.5}),
    ) == [
        Hello(9, "3.6.15"),
        Chunk(1, b"a/x.csv", 3, DIGEST, 3, 7, -5, 5, True, b"xy"),
        Name(1, b"img/\xff.png", 10),
        Check(2, b"a", 4, DIGEST),
        PullAll(1, "lost?[2J"),
        Mode(1, "rescanning", 2, 0, "NFS", 1.5),
        Gone(1, b"old"),
        Pong(3, True, 12.5),
    ]


def test_any_pieces_and_noise_before():
    stream = b"Welcome to gpu1!\nquota: 80%\n" + MAGIC + frame(CHUNK, b"xy") + frame(CHUNK, b"")
    frames = Frames()
    found = [message for place in range(len(stream)) for message in frames.feed(stream[place : place + 1])]
    assert [m.payload for m in found] == [b"xy", b""]
    assert frames.begun


def test_noise_without_end():
    with pytest.raises(Malformed, match="login shell"):
        Frames().feed(b"x" * (MOST_NOISE + 1))


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd.log", "../x.log", "a/../x.log", "a//x.log", "./x.log", "a/./x.log", "a/", "x\0.log",
     "n" * 256 + "/x.log", "a/" * 2100 + "x.log"],
)  # fmt: skip
def test_paths_that_may_mean_another_place(path):
    with pytest.raises(Malformed):
        read(frame({**CHUNK, "p": path}, b"xy"))


@pytest.mark.parametrize(
    "change",
    [{"s": "1"}, {"s": -1}, {"o": True}, {"o": 1.5}, {"z": 4}, {"b": 4}, {"d": "short"}, {"d": 5}, {"p": 5}, {"m": "now"},
     {"z": 1 << 70}, {"t": "rm"}, {"t": None}],
    ids=str,
)  # fmt: skip
def test_what_means_nothing(change):
    with pytest.raises(Malformed):
        read(frame({**CHUNK, **change}, b"xy"))


@pytest.mark.parametrize(
    "header", [b"", b"[]", b"{", b"null", b"[" * 5000, b"\xff", b'{"t":"pong","n":1,"at":1e400}']
)
def test_headers_that_are_no_message(header):
    with pytest.raises(Malformed):
        read(frame(header))


@pytest.mark.parametrize("head", [struct.pack(">II", 1 << 20, 0), struct.pack(">II", 10, 1 << 24)])
def test_frames_that_are_too_long_are_refused_before_they_are_held(head):
    with pytest.raises(Malformed, match="longer"):
        read(head)


def test_what_the_agent_writes_is_what_we_read():
    there, here = os.pipe()
    try:
        out = Outbox(here)
        out.raw(MAGIC)
        out.put(CHUNK, b"xy")
        out.flush()
        assert out.size == 0
        assert Frames().feed(os.read(there, 1 << 16))[0].payload == b"xy"
    finally:
        os.close(there)
        os.close(here)


@pytest.mark.parametrize("age", [1e10, -1, "1"])
def test_an_age_beyond_all_clocks_means_nothing(age):
    state = {"t": "state", "s": 1, "mode": "rescanning", "n": 1, "watches": 0, "reason": "", "age": age}
    with pytest.raises(Malformed):
        read(frame(state))
    ((mode,),) = [read(frame({**state, "age": LONGEST_AGE_S}))]
    assert datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=mode.age_s) < datetime(2000, 1, 1, tzinfo=UTC)
