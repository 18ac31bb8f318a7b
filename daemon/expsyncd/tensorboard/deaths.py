"""Which event files TensorBoard gave up, by the messages of its data server. Pure.

After a record that it cannot read it never looks at the file again, and says so once (rustboard, run.rs). A
last record that is not whole yet is no error to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"Read error in (?P<link>/.+): (?P<why>ReadRecordError|InvalidRecord|InvalidProto)\((?P<more>.*)"
)
_STORED = re.compile(r"want: MaskedCrc\(0x([0-9a-f]{8})\)")


@dataclass(frozen=True)
class Death:
    """One file, by the absolute path of its link; `stored`: the checksum of the record whose data was bad."""

    link: str
    stored: int | None = None


def lacks_files(lines: str) -> bool:
    """Whether it could not open a file because it has too many open (EMFILE); it tries again each second."""
    return any("Failed to open event file" in line and "code: 24," in line for line in lines.splitlines())


def deaths(lines: str) -> list[Death]:
    """In the order of the messages."""
    found = []
    for line in lines.splitlines():
        if said := _LINE.search(line):
            stored = _STORED.search(said["more"]) if said["why"] == "InvalidRecord" else None
            found.append(Death(said["link"], int(stored[1], 16) if stored else None))
    return found
