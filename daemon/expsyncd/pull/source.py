"""What one pull needs to know and to use, handed in so that nothing here reaches for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from expsyncd.pull.leases import Leases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from expsyncd.config.model import VersionsConfig
    from expsyncd.errors import Error
    from expsyncd.paths import RootPaths
    from expsyncd.process import Completed
    from expsyncd.pull.remote_tree import Wire
    from expsyncd.state.facts import Facts
    from expsyncd.state.status import Trouble
    from expsyncd.state.thread import DatabaseThread


T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """A folder on a host that is pulled, with everything its config says; sizes in bytes."""

    host: str
    name: str
    path: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_size: int | None = None
    bwlimit: int | None = None
    skip_patterns: tuple[str, ...] = ()
    skip_over: int = 0
    max_entries: int = 2_000_000


class Commands(Protocol):
    """The part of a connection that a pull uses."""

    def rsh(self) -> str:
        """The value of rsync's -e."""
        ...

    def heard(self) -> None:
        """The host answered just now."""
        ...

    async def command(
        self, remote: str, *, data: bytes | None = None, timeout_s: float, limit: int = ...
    ) -> Completed:
        """Run a command on the host."""
        ...


class Conversation(Protocol):
    """An sftp conversation, lent for a while."""

    async def run(
        self,
        work: Callable[[Wire], T],
        *,
        may_go_on: Callable[[], Error | None],
        look: Callable[[], None],
        stalled: Error,
        progress_timeout_s: float,
    ) -> T:
        """Run blocking `work` in its thread; raises what it raises, or why it had to end."""
        ...


class Ground(Protocol):
    """The part of the root that a pull uses."""

    @property
    def paths(self) -> RootPaths:
        """The tree under `root:`."""
        ...

    def check(self) -> Trouble | None:
        """Why nothing may be written now."""
        ...


@dataclass
class Tools:
    """What pulls of all hosts share; `versions` follows hosts.yaml."""

    ground: Ground
    facts: Facts
    thread: DatabaseThread
    versions: VersionsConfig
    environment: dict[str, str]
    room: Callable[[], int | None]
    # Event files that are about to be replaced must leave TensorBoard's view first, and say when done.
    replacing: Callable[[Sequence[Path]], Awaitable[None]]
    replaced: Callable[[Sequence[Path]], None]
    progress_timeout_s: float = 180.0
    # Temporary folders that could not be removed while the root could not be written.
    left: set[Path] = field(default_factory=set)
    # Pulls (host, source, pull) that were cut off or broke: what old bytes they left may not be recorded.
    unsettled: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass
class Lanes:
    """Two rsyncs a host at most: one for metrics, one for the rest, never the same path in both."""

    metrics: asyncio.Lock = field(default_factory=asyncio.Lock)
    bulk: asyncio.Lock = field(default_factory=asyncio.Lock)
    busy: dict[str, frozenset[bytes]] = field(default_factory=dict)
    leases: Leases = field(default_factory=Leases)

    def join(self, *, one: bool) -> None:
        """Make `one` of both, where the host allows no more at a time, or two; between two connections."""
        self.bulk = self.metrics if one else asyncio.Lock()


@dataclass
class Tally:
    """What has come so far and what is to come; `seen` is called on every change."""

    files: int = 0
    bytes: int = 0
    total_files: int = 0
    total_bytes: int = 0
    seen: Callable[[Tally], Any] = lambda _: None

    def add(self, files: int, count: int) -> None:
        """Count files and bytes that arrived."""
        self.files += files
        self.bytes += count
        self.seen(self)
