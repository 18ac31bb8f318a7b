"""How a place's source is followed, and the agents on its host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from support.place import Place, content
from support.processes import descendants
from support.wait import until


def follow_of(place: Place, name: str = "remote") -> dict[str, Any]:
    """`follow` of a source in `status --json`."""
    return place.source(name).get("follow") or {}


def reason_of(place: Place, mode: str = "off", within: float = 30) -> str:
    """Why it is not followed, or only by rescans, once that is said."""

    def said() -> str:
        follow = follow_of(place)
        return follow["reason"] if follow.get("mode") == mode else ""

    found: str = until(said, within, f"{mode}, and why")
    return found


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def equal(place: Place, name: bytes, within: float = 15) -> None:
    """Wait until a file is here as the host has it."""
    until(lambda: content(place.mirror).get(name) == (place.remote / os.fsdecode(name)).read_bytes(), within)


def pulls_on(place: Place) -> None:
    """Without an agent: the interval of a second does all of it."""
    append(place.remote / "a.csv", b"more\n")
    equal(place, b"a.csv")
    until(lambda: place.source()["status"] == "fresh", 10)


def agents(place: Place) -> list[int]:
    """Processes of agents on the host."""
    found = []
    for pid in descendants(place.sshd._listener.pid):
        try:
            argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if argv[1:4] == [b"-I", b"-S", b"-B"]:
            found.append(pid)
    return found
