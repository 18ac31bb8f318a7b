"""Asking the host for digests of the beginnings of files, in one batched command. Pure.

The script goes to `sh` on stdin, each name in single quotes, so names may hold any byte and nothing of
them is expanded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

# Up to here the whole beginning is digested; above it the first and the last piece and the inode speak.
WHOLE_LIMIT = 64 << 20
# Where the inode will be asked for soon, it is told; it costs three processes on the host.
INODE_FROM = WHOLE_LIMIT // 2
PIECE = 1 << 20
# A host is busy or far from its disks; an answer cut off brings a log of many GB whole, each time it grows.
PATIENCE_S = 120.0
SLOWEST = 20e6  # bytes a second that are read and digested at least

_PROGRAMS = {
    "sha256sum": b"sha256sum",
    "shasum": b"shasum -a 256",
    "openssl": b"openssl dgst -sha256 -r",
}


class Readable(Protocol):
    """The part of an open file that a digest needs."""

    def seek(self, place: int, /) -> int:
        """Go to a byte."""
        ...

    def read(self, count: int, /) -> bytes:
        """At most `count` bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """Is the beginning of `path`, `length` bytes, the same on both ends? `whole` or only its two ends."""

    path: bytes
    length: int
    whole: bool


@dataclass(frozen=True)
class Answer:
    """Hex digest of the asked bytes and the inode there, 0 if not told; neither of what cannot be read."""

    digest: str
    inode: int


def patience_s(questions: Sequence[Question]) -> float:
    """How long the answers may take."""
    return PATIENCE_S + sum(q.length if q.whole else min(q.length, 2 * PIECE) for q in questions) / SLOWEST


def quoted(name: bytes) -> bytes:
    """A shell word that means exactly these bytes."""
    return b"'" + name.replace(b"'", b"'\\''") + b"'"


def script(folder: str, questions: Sequence[Question], program: str) -> bytes:
    """The shell script that answers all questions, one line each: `index digest inode`."""
    digest = _PROGRAMS[program]
    place = folder.removeprefix("~/") if folder != "~" else "."
    lines = [
        b"LC_ALL=C; export LC_ALL",
        b"cd -- " + quoted(place.encode("utf-8", "surrogateescape")) + b" || exit 9",
        b'd() { printf "%s " "$1"; head -c "$2" < "$3" 2>/dev/null | ' + digest + b"; }",
        b'i() { ls -di "$1" 2>/dev/null | sed "s/^ *//;s/ .*//;q"; }',
        b'end() { printf "%s %s %s\\n" "$1" "${2%% *}" "$(i "$3")"; }',
        b'w() { end "$1" "$(head -c "$2" < "$3" 2>/dev/null | ' + digest + b')" "$3"; }',
        b'p() { end "$1" "$({ head -c '
        + str(PIECE).encode()
        + b' < "$3"; tail -c "+$4" < "$3" | head -c '
        + str(PIECE).encode()
        + b"; } 2>/dev/null | "
        + digest
        + b')" "$3"; }',
    ]
    for index, question in enumerate(questions):
        name = quoted(b"./" + question.path)
        if question.whole and question.length <= INODE_FROM:
            lines.append(b"d %d %d %s" % (index, question.length, name))
        elif question.whole:
            lines.append(b"w %d %d %s" % (index, question.length, name))
        else:
            lines.append(b"p %d %d %s %d" % (index, question.length, name, question.length - PIECE + 1))
    return b"\n".join(lines) + b"\n"


def answers(questions: Sequence[Question], output: bytes) -> dict[bytes, Answer]:
    """What the host said; questions without a proper answer are left out."""
    found: dict[bytes, Answer] = {}
    for line in output.splitlines():
        words = line.split()
        if len(words) < 2 or not words[0].isdigit() or int(words[0]) >= len(questions):
            continue
        inode = int(words[2]) if len(words) > 2 and words[2].isdigit() else 0
        found[questions[int(words[0])].path] = Answer(words[1].decode("ascii", "replace").lstrip("\\"), inode)
    return found


def local_digest(folder: bytes, question: Question) -> str:
    """The same digest of our file; empty when it is shorter or cannot be read."""
    try:
        with open(folder + b"/" + question.path, "rb") as file:
            return digest_of(file, question)
    except OSError:
        return ""


def digest_of(file: Readable, question: Question) -> str:
    """The same digest of an open file; empty when it is shorter. Raises OSError."""
    digest = hashlib.sha256()
    pieces = [(0, question.length)] if question.whole else [(0, PIECE), (question.length - PIECE, PIECE)]
    for start, length in pieces:
        file.seek(start)
        left = length
        while left:
            chunk = file.read(min(left, PIECE))
            if not chunk:
                return ""
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
