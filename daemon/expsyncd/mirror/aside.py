"""The one mover of our own: what stands in the mirror where the host now has something of another kind.

A move is written down in facts before it is made, and `repair` puts it right after a crash.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.mirror.folders import held, make_private, make_private_file
from expsyncd.mirror.layout import shown, source_folder
from expsyncd.state.records import Move

if TYPE_CHECKING:
    from datetime import datetime

    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Facts

PLACES_TRIED = 100  # more than one is needed only when a pull meets the same conflict again


def set_aside(
    root: RootPaths, facts: Facts, pull_id: str, host: str, source: str, inside: bytes, now: datetime
) -> None:
    """Move what is at `inside` from the mirror to versions, and record every file of it.

    Nothing there (it went meanwhile, or the root's disk did): nothing is done. Raises Error when it cannot
    be moved; then it still stands in the mirror.
    """
    start = os.fsencode(source_folder(root, host, source)) + b"/" + inside
    if not os.path.lexists(start):
        return
    base = os.fsencode(root.versions)
    try:
        place, used_id = _free_place(base, pull_id, host, source, inside)
        end = base + b"/" + place
        number = facts.begin_move(Move(0, used_id, host, source, inside, start, end))
        try:
            os.rename(start, end)
        except OSError:
            facts.end_move(number)
            raise
    except OSError as error:
        raise Error(
            f"{host}/{source}: {shown(inside)} cannot be set aside: {error.strerror}",
            "it stays as it is until then: look at the root's disk and who owns its folders",
        ) from error
    _record(facts, base, place, host, source, inside, now)
    facts.end_move(number)


def repair(facts: Facts) -> int:
    """Put moves right that a crash interrupted; how many there were. `settle_all` is to follow.

    Not made: it still stands in the mirror, and the next pull meets the conflict again. Made: its files are
    recorded by `settle_all`, which looks at every pull's folder. Neither end there: it is on a disk that is
    away, and is looked at again next time.
    """
    pending = facts.pending_moves()
    for move in pending:
        if os.path.lexists(move.start) or os.path.lexists(move.end):
            facts.end_move(move.id)
    return len(pending)


def _free_place(base: bytes, pull_id: str, host: str, source: str, inside: bytes) -> tuple[bytes, str]:
    """A place below `base` where nothing is, its folders made, and the pull's name in it."""
    for number in range(PLACES_TRIED):
        used_id = f"{pull_id}-{number}" if number else pull_id
        place = os.fsencode(f"{used_id}/{host}/{source}/") + inside
        # A file may stand where a folder is needed: rsync's own backup of this pull.
        with suppress(FileExistsError, NotADirectoryError):
            make_private(base, os.path.dirname(place))
            if not os.path.lexists(base + b"/" + place):
                return place, used_id
    raise FileExistsError(0, "there is no free place for it")


def _record(
    facts: Facts, base: bytes, place: bytes, host: str, source: str, inside: bytes, now: datetime
) -> None:
    moved = base + b"/" + place
    if os.path.isdir(moved) and not os.path.islink(moved):
        files, reason = [b"/" + path for path in held(moved)], "became-file"
    else:
        files, reason = [b""], "became-folder"
    for path in files:
        make_private_file(moved + path)
        size = os.lstat(moved + path).st_size
        facts.add_version(host, source, inside + path, now, size, place + path, reason)
