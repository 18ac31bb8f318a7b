"""Brings back event files that TensorBoard gave up, once they are sound, and tells of those that are not."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.eventfiles.damage import first_damage
from expsyncd.state.tensorboard import DamagedFile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from typing import BinaryIO

    from expsyncd.tensorboard.deaths import Death

logger = logging.getLogger(__name__)

# Given up again after so many rests though nothing changed and nothing is wrong with it that we see.
RESTS_MOST = 2
LOOK_S = 2.0
_Same = tuple[int, int, int]  # inode, size, ns mtime: while they are the same, so is the file


@dataclass
class _Given:
    """A file that TensorBoard gave up; `damage` as of `same`, None while it was not looked at."""

    death: Death
    same: _Same | None = None
    damage: int | None = None


class Mender:
    """`hold` and `release` take files out of TensorBoard's view and let them come back after their rest.

    `check`: one is damaged here, so have it compared with the host's. `tell`: these are damaged now.
    """

    def __init__(
        self,
        view: Path,
        hold: Callable[[Sequence[Path]], Awaitable[None]],
        release: Callable[[Sequence[Path]], None],
        check: Callable[[Path], None],
        tell: Callable[[tuple[DamagedFile, ...]], None],
    ) -> None:
        self._view = view
        self._hold = hold
        self._release = release
        self._check = check
        self._tell = tell
        self._given: dict[str, _Given] = {}
        self._rested: dict[tuple[str, _Same], int] = {}
        self._told: set[str] = set()
        self._wish = asyncio.Event()

    def gave_up(self, deaths: Iterable[Death]) -> None:
        """TensorBoard does not look at these any more."""
        for death in deaths:
            self._given[death.link] = _Given(death)
            self._wish.set()

    def starts_anew(self) -> None:
        """A new TensorBoard reads all files and says anew which it gives up."""
        self._given.clear()
        self._rested.clear()
        self._wish.set()

    def laid(self, removed: Iterable[str]) -> None:
        """These links (relative to the view) left, so TensorBoard forgets them."""
        for link in removed:
            if self._given.pop(str(self._view / link), None):
                self._wish.set()

    async def run(self) -> None:
        """Look whenever there is something to look at; until cancelled."""
        while True:
            # They are few, and whoever mends one may do it in a way that no file event tells of.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if self._given else None):
                    await self._wish.wait()
            self._wish.clear()
            await self._look()

    async def _look(self) -> None:
        found = await asyncio.to_thread(_examine, list(self._given.values()))
        sound = []
        for given, file in found:
            if file is None:
                self._given.pop(given.death.link, None)
            elif given.damage is None and self._may_rest(given):
                sound.append(file)
                self._given.pop(given.death.link, None)
        if sound:
            logger.info(
                "TensorBoard gave up %s, sound now: read again", ", ".join(str(file) for file in sound)
            )
            await self._hold(sound)
            self._release(sound)
        self._say([(given, file) for given, file in found if given.death.link in self._given and file])

    def _may_rest(self, given: _Given) -> bool:
        assert given.same is not None
        key = (given.death.link, given.same)
        self._rested[key] = self._rested.get(key, 0) + 1
        return self._rested[key] <= RESTS_MOST

    def _say(self, damaged: Sequence[tuple[_Given, Path]]) -> None:
        for given, file in damaged:
            if given.death.link not in self._told:
                where = "unreadable" if given.damage is None else f"damaged at byte {given.damage}"
                logger.warning("%s is %s: TensorBoard shows what comes before", file, where)
                self._check(file)
        self._told = {given.death.link for given, _ in damaged}
        self._tell(
            tuple(
                DamagedFile(
                    str(Path(given.death.link).parent.relative_to(self._view)), str(file), given.damage
                )
                for given, file in sorted(damaged, key=lambda one: one[0].death.link)
            )
        )


def _damage(file: BinaryIO, before: _Given, same: _Same) -> int | None:
    at, stored = before.damage, before.death.stored
    # One that only grew has its damage still, and may be large.
    if at and before.same and before.same[0] == same[0] and first_damage(file, begin=at, stored=stored) == at:
        return at
    return first_damage(file, stored=stored)


def _examine(given: Sequence[_Given]) -> list[tuple[_Given, Path | None]]:
    """Look at the files behind the links; None for one whose link is gone. Blocking."""
    found: list[tuple[_Given, Path | None]] = []
    for one in given:
        try:
            file = Path(os.readlink(one.death.link))
            with file.open("rb") as opened:
                stat = os.fstat(opened.fileno())
                same = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
                if same != one.same:
                    one.damage = _damage(opened, one, same)
                    one.same = same
        except OSError:
            found.append((one, None))
        else:
            found.append((one, file))
    return found
