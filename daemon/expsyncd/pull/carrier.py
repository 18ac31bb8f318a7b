"""What carries the files of a pull, whatever the transport: the words that pulls and transports share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from expsyncd.pull.outcome import Outcome
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expsyncd.clock import Clock
    from expsyncd.errors import Error
    from expsyncd.pull.listing import Item, Listing
    from expsyncd.pull.place import Place
    from expsyncd.pull.plan import Grown, Wanted
    from expsyncd.pull.source import Source, Tally, Tools


class Stopped(Exception):  # noqa: N818 - not a failure of ours: the pull ends early with this outcome
    """Ends a pull early with its `outcome`."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.kind)
        self.outcome = outcome


def why(ended: Stopped | Error) -> Outcome:
    """The outcome of a pull that ended early."""
    if isinstance(ended, Stopped):
        return ended.outcome
    return Outcome("retry", Trouble(ended.title, ended.advice))


class Carrier(Protocol):
    """Lists and brings files for one pull; its methods may raise Stopped or Error.

    None of them ever changes a byte of the mirror that was there: files grow at their end, whole ones come
    by temp file and rename, and old ones go to versions.
    """

    troubles: list[Outcome]
    place: Place

    async def listing(
        self, *, gone: bool, most: int | None, beyond: Callable[[Item], None] | None = None
    ) -> Listing:
        """What differs between host and mirror. `gone`: also what left the host.

        `most`: so many of them, and `beyond` gets each of the others.
        """
        ...

    def unaskable(self, path: bytes) -> bool:
        """Whether a file of this name cannot be asked for."""
        ...

    async def audit(self, paths: Sequence[bytes]) -> Listing:
        """Which of `paths` differ, all their bytes compared."""
        ...

    async def same(self, grown: Sequence[Grown]) -> set[bytes]:
        """The paths whose first bytes, as many as are here, are the same on the host."""
        ...

    async def grow(self, grown: Sequence[Grown]) -> set[bytes]:
        """Append what the host has more of; the paths that turned out to be replaced meanwhile."""
        ...

    async def bring(
        self, wanted: Sequence[Wanted], name: str, *, sparse: bool = False, whole_progress: bool = False
    ) -> None:
        """Bring new and replaced files whole; `name` tells passes of one pull apart.

        `sparse`: runs of zeros become holes. `whole_progress`: bytes count while a file comes.
        """
        ...


class Reach(Protocol):
    """How the files of one host come over one connection. `by_names`: also just those that are named."""

    by_names: bool

    def carrier(self, source: Source, tools: Tools, tally: Tally, pull_id: str, clock: Clock) -> Carrier:
        """For one pull of `source`. Raises Error when the connection is gone."""
        ...

    async def folders(self, pattern: str) -> list[str]:
        """The folders of the host that a source's glob means now, sorted. Raises Error."""
        ...

    def heard(self) -> None:
        """The host answered just now: no round trip is needed to prove it alive."""
        ...

    async def run(self) -> None:
        """Let go of what rests unused; beside the pulls, until cancelled."""
        ...
