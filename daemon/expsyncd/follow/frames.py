"""What the agent sends, from bytes to checked messages. Pure: a host may send anything, so all is bounded.

Before the magic first line anything may stand (a login shell's noise). Then frames: two big-endian 32-bit
lengths, a JSON header, a payload. See docs/follower.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from expsyncd.follow.agent.stream import HEAD, MAGIC, name_of

MOST_NOISE = 1 << 16
LONGEST_HEADER = 1 << 16
LONGEST_PAYLOAD = 1 << 20
LONGEST_PATH = 4096
LONGEST_NAME = 255
MOST_SIZE = 1 << 62
MODES = frozenset({"starting", "following", "rescanning", "missing"})
LONGEST_REASON = 200
LONGEST_AGE_S = 1e9  # thirty years; a moment so long ago is still one


class Malformed(Exception):  # noqa: N818 - what the other end sent, no failure of ours
    """The stream is not the agent's; the text says in what."""


@dataclass(frozen=True)
class Chunk:
    """New bytes of a growing file. `before`: how many bytes before `offset` `digest` speaks for.

    `size`, `inode`, `mtime_ns` are the host's file's; `live`: this chunk ends there and it was just written.
    """

    source: int
    path: bytes
    offset: int
    digest: str
    before: int
    inode: int
    mtime_ns: int
    size: int
    live: bool
    payload: bytes


@dataclass(frozen=True)
class Name:
    """A file that changed otherwise: it is to be pulled."""

    source: int
    path: bytes
    size: int


@dataclass(frozen=True)
class Gone:
    """A file or folder that left its place."""

    source: int
    path: bytes


@dataclass(frozen=True)
class Check:
    """The digest of a growing file that rests, all of its `size` bytes or its ends (see agent.growth)."""

    source: int
    path: bytes
    size: int
    digest: str


@dataclass(frozen=True)
class PullAll:
    """Changes were lost: only a pull of the source tells."""

    source: int
    why: str


@dataclass(frozen=True)
class Mode:
    """How a source is followed; `starts` grows each time that all of it was taken in anew.

    `age_s`: how long ago the last look at all of it began, where looking is all there is.
    """

    source: int
    mode: str
    starts: int
    watches: int
    reason: str
    age_s: float = 0.0


@dataclass(frozen=True)
class Pong:
    """The answer to ping `number`. `quiet`: all that changed before the question has been told."""

    number: int
    quiet: bool
    at_s: float


@dataclass(frozen=True)
class Hello:
    """The first message: the agent's process and Python there."""

    pid: int
    python: str


Message = Chunk | Name | Gone | Check | PullAll | Mode | Pong | Hello


class Frames:
    """`feed` it what comes; it gives the messages. Raises Malformed."""

    def __init__(self) -> None:
        self.begun = False
        self._held = bytearray()

    @property
    def noise(self) -> bytes:
        """What came instead of the magic first line; b"" once that is here."""
        return b"" if self.begun else bytes(self._held)

    def feed(self, content: bytes) -> list[Message]:
        """The messages that are complete now."""
        self._held += content
        if not self.begun and not self._begin():
            return []
        found: list[Message] = []
        place = 0
        held = bytes(self._held)
        while place + HEAD.size <= len(held):
            header, payload = HEAD.unpack_from(held, place)
            if header > LONGEST_HEADER or payload > LONGEST_PAYLOAD:
                raise Malformed("a frame longer than allowed")
            end = place + HEAD.size + header + payload
            if end > len(held):
                break
            words = held[place + HEAD.size : place + HEAD.size + header]
            found.append(message(words, held[end - payload : end] if payload else b""))
            place = end
        del self._held[:place]
        return found

    def _begin(self) -> bool:
        place = self._held.find(MAGIC)
        if place >= 0:
            del self._held[: place + len(MAGIC)]
            self.begun = True
        elif len(self._held) > MOST_NOISE:
            raise Malformed("no agent answered, only the login shell's own words")
        return self.begun


def message(header: bytes, payload: bytes) -> Message:
    """One checked message. Raises Malformed."""
    try:
        words = json.loads(header)
        return _message(words, payload)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed(f"a message that means nothing ({type(error).__name__})") from None


def _message(words: dict[str, Any], payload: bytes) -> Message:
    match words["t"]:
        case "chunk":
            found = Chunk(
                _number(words["s"]), _path(words["p"]), _number(words["o"]), _digest(words["d"]),
                _number(words["b"]), _number(words["i"], 1 << 64), _time(words["m"]), _number(words["z"]),
                words["l"] is True, payload,
            )  # fmt: skip
            if found.offset + len(payload) > found.size or found.before > found.offset:
                raise ValueError
            return found
        case "name":
            return Name(_number(words["s"]), _path(words["p"]), _number(words["z"]))
        case "gone":
            return Gone(_number(words["s"]), _path(words["p"]))
        case "check":
            return Check(_number(words["s"]), _path(words["p"]), _number(words["z"]), _digest(words["d"]))
        case "pull":
            return PullAll(_number(words["s"]), _text(words["why"]))
        case "state":
            if words["mode"] not in MODES:
                raise ValueError
            number, starts, watches = _number(words["s"]), _number(words["n"]), _number(words["watches"])
            age_s = _seconds(words["age"], LONGEST_AGE_S)
            return Mode(number, words["mode"], starts, watches, _text(words["reason"]), age_s)
        case "pong":
            return Pong(_number(words["n"]), words["quiet"] is True, _seconds(words["at"]))
        case "hello":
            return Hello(_number(words["pid"]), _text(words["python"]))
        case _:
            raise ValueError


def _number(value: Any, most: int = MOST_SIZE) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError
    return value


def _time(value: Any) -> int:
    """Nanoseconds, before 1970 below zero."""
    if type(value) is not int or abs(value) > MOST_SIZE:
        raise ValueError
    return value


def _seconds(value: Any, most: float = 1e11) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return "".join(c if c.isprintable() else "?" for c in value[:LONGEST_REASON])


def _digest(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 64:
        raise ValueError
    return value


def _path(value: Any) -> bytes:
    """A path inside a source; anything that could mean another place is refused."""
    if not isinstance(value, str):
        raise TypeError
    path = name_of(value)
    parts = path.split(b"/")
    if b"\0" in path or len(path) > LONGEST_PATH:
        raise ValueError
    if any(part in (b"", b".", b"..") or len(part) > LONGEST_NAME for part in parts):
        raise ValueError
    return path
