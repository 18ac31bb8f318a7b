"""The one way up: services put their state here, everyone else reads a snapshot at an index."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.state.follow import Arrival
    from expsyncd.state.runs import RunsState
    from expsyncd.state.samples import SamplesState
    from expsyncd.state.status import ConfigState, HostState, RootState, Snapshot
    from expsyncd.state.tensorboard import TensorBoardState


class Tracker:
    """Holds one Snapshot and an index that grows by one with every change; not for threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._index = 1
        self._changed = asyncio.Event()

    @property
    def snapshot(self) -> Snapshot:
        """All states now."""
        return self._snapshot

    @property
    def index(self) -> int:
        """Grows by one with every change."""
        return self._index

    def put_host(self, name: str, state: HostState) -> None:
        """The host's state as a whole; putting what is there already changes nothing."""
        if self._snapshot.hosts.get(name) != state:
            self._put(replace(self._snapshot, hosts={**self._snapshot.hosts, name: state}))

    def drop_host(self, name: str) -> None:
        """Forget a host that left the config."""
        if name in self._snapshot.hosts:
            hosts = {other: state for other, state in self._snapshot.hosts.items() if other != name}
            self._put(replace(self._snapshot, hosts=hosts))

    def put_tensorboard(self, state: TensorBoardState) -> None:
        """TensorBoard's state."""
        if self._snapshot.tensorboard != state:
            self._put(replace(self._snapshot, tensorboard=state))

    def put_root(self, state: RootState) -> None:
        """The root's state."""
        if self._snapshot.root != state:
            self._put(replace(self._snapshot, root=state))

    def put_config(self, state: ConfigState) -> None:
        """The config's state."""
        if self._snapshot.config != state:
            self._put(replace(self._snapshot, config=state))

    def put_samples(self, state: SamplesState) -> None:
        """What is known of the sample images as a whole."""
        if self._snapshot.samples != state:
            self._put(replace(self._snapshot, samples=state))

    def put_runs(self, state: RunsState) -> None:
        """What is known of the runs as a whole."""
        if self._snapshot.runs != state:
            self._put(replace(self._snapshot, runs=state))

    def put_shown_after(self, arrival: Arrival) -> None:
        """How long it takes from a write on a host to TensorBoard's answer."""
        if self._snapshot.shown_after != arrival:
            self._put(replace(self._snapshot, shown_after=arrival))

    def put_notices(self, notices: tuple[str, ...]) -> None:
        """What a person should know about this machine as a whole (old rsync, no agent)."""
        if self._snapshot.notices != notices:
            self._put(replace(self._snapshot, notices=notices))

    async def changed(self, since: int) -> tuple[int, Snapshot]:
        """Wait until the index differs from `since`; returns the index and the snapshot then."""
        while self._index == since:
            await self._changed.wait()
        return self._index, self._snapshot

    def _put(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._index += 1
        self._changed.set()
        self._changed = asyncio.Event()
