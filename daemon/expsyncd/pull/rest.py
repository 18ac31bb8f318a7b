"""What a listing found beyond what is planned at a time, in files without names until its turn comes.

So a source of a million files is listed once and not once a round, for some 60 bytes on the disk a file. What
lies here is only what the host said some time ago: each round looks at the mirror anew, and the listing that
follows the last of it decides whether all is here. Blocking.
"""

from __future__ import annotations

import logging
import tempfile
from contextlib import suppress
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from expsyncd.pull.kinds import is_append_only
from expsyncd.pull.listing import Item, Listing

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

CHUNK = 1 << 16


class Rest:
    """`add` while a listing is read, `keep` what else it said, then `take` round after round.

    A disk that takes no more costs the rest and nothing else: then all is listed again.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: where the files lie, on the root's disk; it need not be there before the first `add`."""
        self._folder = folder
        self._metrics: _Spool | None = None
        self._others: _Spool | None = None
        self._said = Listing()
        self._broken = False
        self.began_s = self.listed_s = 0.0  # when the listing began and ended, by the loop's clock

    def clear(self) -> None:
        """Forget all."""
        for spool in (self._metrics, self._others):
            if spool is not None:
                spool.close()
        self._metrics = self._others = None
        self._said = Listing()
        self._broken = False

    def add(self, item: Item) -> None:
        """Put a file behind the others."""
        if self._broken:
            return
        try:
            if self._metrics is None or self._others is None:
                self._metrics, self._others = _Spool(self._folder), _Spool(self._folder)
            (self._metrics if is_append_only(item.path) else self._others).add(item)
        except OSError as error:
            logger.warning("what is to come cannot be kept (%s): each round lists all", error.strerror)
            self.clear()
            self._broken = True

    def keep(self, listing: Listing, began_s: float, listed_s: float) -> None:
        """The listing is read: what it said of all, its files of this round apart."""
        self._said = replace(listing, items=[], beyond=None)
        self.began_s, self.listed_s = began_s, listed_s

    @property
    def count(self) -> int:
        """How many files wait."""
        return sum(spool.count for spool in (self._metrics, self._others) if spool is not None)

    def take(self, most: int) -> Listing:
        """The next files, metrics before others, as a listing that says how many more wait."""
        items: list[Item] = []
        for spool in (self._metrics, self._others):
            try:
                items += spool.take(most - len(items)) if spool is not None else []
            except (OSError, ValueError) as error:
                logger.warning("what is to come cannot be read (%s): all is listed again", error)
                self.clear()
        said = self._said
        size = max(0, said.more_bytes - sum(item.size for item in items))
        self._said = replace(said, more=self.count, more_bytes=size)
        return replace(self._said, items=items)


class _Spool:
    """Records in the order in which they came: `SIZE NEW SAME_SIZE PATH`, a NUL behind each."""

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self._held: list[bytes] = []
        self._rest = b""
        self._read = False

    def add(self, item: Item) -> None:
        self._file.write(b"%d %d %d %b\0" % (item.size, item.new, item.same_size, item.path))
        self.count += 1

    def take(self, most: int) -> list[Item]:
        if not self._read:
            self._file.seek(0)
            self._read = True
        while len(self._held) < min(most, self.count):
            chunk = self._file.read(CHUNK)
            if not chunk:
                raise ValueError("it is shorter than what was written")
            *whole, self._rest = (self._rest + chunk).split(b"\0")
            self._held += whole
        taken, self._held = self._held[:most], self._held[most:]
        self.count -= len(taken)
        return [_item(record) for record in taken]

    def close(self) -> None:
        with suppress(OSError):  # what could not be written is not wanted any more
            self._file.close()


def _item(record: bytes) -> Item:
    size, new, same_size, path = record.split(b" ", 3)
    return Item(path, int(size), new=new == b"1", same_size=same_size == b"1")
