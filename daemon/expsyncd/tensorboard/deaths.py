"""What TensorBoard's own messages tell: which event files it gave up, and what a person should know. Pure.

After a record that it cannot read it never looks at the file again, and says so once (rustboard, run.rs). A
last record that is not whole yet is no error to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Other lines tell what was asked for, in the words of whoever asked: any page may lead a browser to a path.
_SERVER = r"\[\S+ WARN +rustboard_core::run\] "
_LINE = re.compile(
    _SERVER
    + r"Read error in (?P<link>/.+): (?P<why>ReadRecordError|InvalidRecord|InvalidProto)\((?P<more>.*)"
)
_FULL = re.compile(_SERVER + r"Failed to open event file .* code: 24,")  # EMFILE; it tries again each second
_STORED = re.compile(r"want: MaskedCrc\(0x([0-9a-f]{8})\)")


TOPICS = ("files", "apart")
NOT_APART = "this private page has no network of its own"  # said by our launch module


@dataclass(frozen=True)
class Death:
    """One file, by the absolute path of its link; `stored`: the checksum of the record whose data was bad."""

    link: str
    stored: int | None = None


def notices(lines: str) -> dict[str, str]:
    """What a person should know, by topic."""
    found = {}
    each = _each(lines)
    if any(_FULL.match(line) for line in each):
        found["files"] = (
            "TensorBoard may not open as many files as it shows, so runs are missing: raise the limit "
            "(`LimitNOFILE=` in the unit, `ulimit -Hn`), or show fewer runs by `tensorboard: show:`"
        )
    if NOT_APART in each:
        found["apart"] = (
            "TensorBoard's page is private, but its data server is not: this system lets no program have a "
            "network of its own, so other users of this computer may find its port"
        )
    return found


def deaths(lines: str) -> list[Death]:
    """In the order of the messages."""
    found = []
    for line in _each(lines):
        if said := _LINE.match(line):
            stored = _STORED.search(said["more"]) if said["why"] == "InvalidRecord" else None
            found.append(Death(said["link"], int(stored[1], 16) if stored else None))
    return found


def _each(lines: str) -> list[str]:
    # Not by splitlines, which would let a name or a path with another such character begin a line.
    return lines.split("\n")
