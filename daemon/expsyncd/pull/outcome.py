"""How an rsync ended, from its exit code and what it complained about. Pure; the codes are rsync(1)'s."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from typing import Literal

from expsyncd.redact import redact
from expsyncd.state.status import Trouble

Kind = Literal["complete", "partial", "retry", "disk", "give-up", "missing"]

# The code alone is not the cause (a refused connection is 255 or 12): it says what to do next.
TABLE: dict[int, tuple[Kind, str]] = {
    0: ("complete", "everything planned arrived"),
    1: ("give-up", "rsync does not know an option: local or remote rsync is too old or another program"),
    2: ("give-up", "the two ends do not understand each other: a noisy login shell or no rsync at all"),
    3: ("give-up", "rsync refused the folders it was given"),
    4: ("give-up", "the rsync on one end lacks a feature"),
    5: ("retry", "the conversation could not start"),
    10: ("retry", "the connection broke"),
    11: ("disk", "a file could not be written"),
    12: ("retry", "the connection broke or the host has no rsync"),
    13: ("retry", "the program reported an error"),
    14: ("retry", "the conversation between rsync's processes broke"),
    20: ("retry", "it was stopped"),
    21: ("retry", "a child of rsync could not be waited for"),
    22: ("give-up", "out of memory; one folder holds too many files"),
    23: ("partial", "some files could not be read or written"),
    24: ("partial", "some files vanished while they were read"),
    25: ("give-up", "too many deletions; expsyncd never deletes"),
    30: ("retry", "no data for the timeout"),
    35: ("retry", "no connection within the timeout"),
    124: ("retry", "the command on the host was ended"),
    125: ("retry", "the command on the host was killed"),
    126: ("give-up", "rsync cannot be run on the host"),
    127: ("give-up", "there is no rsync on the host"),
    255: ("retry", "the ssh connection failed"),
}

_WHY = {
    errno.ENOENT: "vanished before it came",
    errno.EACCES: "may not be read",
    errno.EOPNOTSUPP: "is nothing that the host's sftp reads",
}
_MISSING = re.compile(r'change_dir "(?P<path>.*)" failed: No such file or directory')
_DENIED = re.compile(r'"(?P<path>[^"]*)" failed: Permission denied')
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded")
_TOO_LARGE = re.compile(r"File too large")
_READ_ONLY = re.compile(r"Read-only file system")
_NOISE = re.compile(r"is your shell clean|protocol version mismatch")
_NO_RSYNC = re.compile(r"rsync: (?:command )?not found|rsync: No such file", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """What to do next (`kind`) and, unless complete, why."""

    kind: Kind
    trouble: Trouble | None = None

    @property
    def word(self) -> str:
        """One of the four outcomes of a pull: complete, partial, retry, give-up."""
        if self.kind in ("disk", "missing"):
            return "retry"
        return self.kind


COMPLETE = Outcome("complete")


def judge(code: int, stderr: str, *, host: str) -> Outcome:
    """The outcome of one rsync: `code` is negative for a signal."""
    if code == 0:
        return COMPLETE
    if found := _MISSING.search(stderr):
        return Outcome(
            "missing",
            Trouble(
                f"{found['path']} is not there on {host}",
                "is the path right and its disk mounted there? What was mirrored stays here",
            ),
        )
    if _NO_SPACE.search(stderr):
        return Outcome(
            "disk",
            Trouble("no room left on the root's disk", "make room; pulling goes on by itself when there is"),
        )
    if _TOO_LARGE.search(stderr):
        return Outcome(
            "partial",
            Trouble("a file grew far past its listed size while it came", "the next pull lists it anew"),
        )
    if _READ_ONLY.search(stderr):
        return Outcome(
            "disk", Trouble("the root's disk is read-only", "remount it writable; pulling goes on by itself")
        )
    if _NOISE.search(stderr):
        return Outcome(
            "give-up",
            Trouble(
                f"the login shell of {host} prints text where rsync speaks",
                "make its start-up files print only in interactive shells (test -t 1)",
            ),
        )
    if _NO_RSYNC.search(stderr):
        return Outcome(
            "give-up", Trouble(f"{host} has no rsync", "ask for it there, or put one in ~/bin of the host")
        )
    kind, reason = TABLE.get(code, ("retry", f"rsync ended with {code}"))
    if code == 23 and (found := _DENIED.search(stderr)):
        reason = f"some files may not be read: {found['path']}"
    said = _said(stderr)
    return Outcome(kind, Trouble(f"{reason} ({said})" if said else reason, _advice(kind)))


def unreadable(path: str, number: int) -> Outcome:
    """A file or folder of the host that did not come over sftp; `number` is the errno."""
    why = _WHY.get(number, "could not be read")
    return Outcome("partial", Trouble(f"some files did not come: {path} {why}", _advice("partial")))


def grew_far(path: str) -> Outcome:
    """A file that would not end."""
    return Outcome(
        "partial",
        Trouble(f"{path} grew far past its listed size while it came", "the next pull lists it anew"),
    )


def unwritable(path: str, number: int) -> Outcome:
    """A file that could not be written here; `number` is the errno."""
    if number in (errno.ENOSPC, errno.EDQUOT):
        return judge(11, "No space left on device", host="")
    if number == errno.EROFS:
        return judge(11, "Read-only file system", host="")
    return Outcome(
        "partial",
        Trouble(f"{path} cannot be written here: {os.strerror(number)}", "look at the root's disk"),
    )


def _said(stderr: str) -> str:
    for line in stderr.splitlines():
        text = line.strip()
        if text and not text.startswith("rsync error:"):
            return "".join(c if c.isprintable() else "?" for c in redact(text))[:160]
    return ""


def _advice(kind: Kind) -> str:
    match kind:
        case "partial":
            return "the next pull tries again"
        case "give-up":
            return "mend it on the host, then `expsyncd resume`"
        case _:
            return "it is tried again by itself"
