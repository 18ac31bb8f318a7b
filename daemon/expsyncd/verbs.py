"""What the CLI may ask of a running daemon, one method a verb."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error
from expsyncd.state.shown import snapshot_json, trouble_json
from expsyncd.state.status import Connected, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from expsyncd.host import Host
    from expsyncd.state.tracker import Tracker

Event = dict[str, Any]
WATCH_EVERY_S = 0.2  # a person cannot read faster, and a pull changes states hundreds of times a second
HURRY_S = 2.0  # between two pulls of what somebody follows
HURRY_SHARE = 4
CONNECT_WAIT_S = 20.0  # how long `pull` waits for a host that is being connected
CHANGED = Trouble("hosts.yaml was changed meanwhile", "`expsyncd pull` again")
LOOKS_FOR_S = 5.0  # a page asks each second while somebody looks at it; beyond, nobody does


class Verbs:
    """Answers requests by looking at the tracker and making wishes."""

    def __init__(
        self,
        tracker: Tracker,
        hosts: Callable[[], dict[str, Host]],
        *,
        stop: Callable[[], None],
        reload: Callable[[], None],
        remember_paused: Callable[[str, bool], Any],
        mark: Callable[[Event], Awaitable[Event]],
        link: Callable[[Event], Awaitable[Event]],
    ) -> None:
        self._tracker = tracker
        self._hosts = hosts
        self._stop = stop
        self._reload = reload
        self._remember_paused = remember_paused
        self._mark = mark
        self._link = link
        self._listeners: set[asyncio.Queue[Event]] = set()
        self._watching = 0
        self._looks_until = float("-inf")

    def table(self) -> dict[str, Callable[[Event], AsyncIterator[Event]]]:
        """The verbs by their names in the protocol."""
        return {
            "status": self.status,
            "watch": self.watch,
            "pull": self.pull,
            "pause": self.pause,
            "resume": self.resume,
            "login": self.login,
            "hurry": self.hurry,
            "mark": self.mark,
            "link": self.link,
            "stop": self.stop,
            "reload": self.reload,
        }

    def observe(self, event: Event) -> None:
        """Pass an event of a pull on to whoever listens."""
        for queue in self._listeners:
            queue.put_nowait(event)

    @property
    def watched(self) -> bool:
        """Whether somebody looks at what we tell."""
        return self._watching > 0 or asyncio.get_running_loop().time() < self._looks_until

    async def status(self, request: Event) -> AsyncIterator[Event]:
        """All that is known now; `looking`: somebody looks at it and asks again and again."""
        if request.get("looking"):
            self._looks_until = asyncio.get_running_loop().time() + LOOKS_FOR_S
        yield {"status": snapshot_json(self._tracker.snapshot)}

    async def watch(self, _: Event) -> AsyncIterator[Event]:
        """All that is known, again on every change, for ever."""
        self._watching += 1
        try:
            index = 0
            while True:
                index, snapshot = await self._tracker.changed(index)
                yield {"event": "status", "status": snapshot_json(snapshot)}
                await asyncio.sleep(WATCH_EVERY_S)
        finally:
            self._watching -= 1

    async def pause(self, request: Event) -> AsyncIterator[Event]:
        """Pause one host or all; survives restarts."""
        for name, host in self._chosen(request).items():
            host.pause()
            await self._remember_paused(name, True)
            yield {"event": "paused", "host": name}

    async def resume(self, request: Event) -> AsyncIterator[Event]:
        """Resume one host or all, and try again at once what had failed."""
        for name, host in self._chosen(request).items():
            await self._remember_paused(name, False)
            await host.resume()
            yield {"event": "resumed", "host": name}

    async def login(self, request: Event) -> AsyncIterator[Event]:
        """The person has logged in to a host, or with no host named to a gateway: use it at once."""
        typed = {str(name) for name in request.get("typed") or ()}
        for name, host in self._chosen(request).items():
            if host.state.status.word not in ("connected", "paused"):
                await host.request_login(typed=typed)
                yield {"event": "looking", "host": name}

    async def hurry(self, request: Event) -> AsyncIterator[Event]:
        """While whoever asked listens, pull a source that is not followed, at most a fifth of the time."""
        ((name, host),) = self._chosen(request).items()
        source = str(request["source"])
        yield {"event": "hurrying", "host": name, "source": source}
        self._watching += 1
        loop = asyncio.get_running_loop()
        try:
            with self._listening() as queue:
                while True:
                    began = loop.time()
                    if _connected(host) and not _followed(host, source):
                        waiting = {(name, own): number for own, number in host.request_pull(source).items()}
                        async for _ in self._until_done(queue, waiting, {name: host}):
                            pass
                    await asyncio.sleep(max(HURRY_S, HURRY_SHARE * (loop.time() - began)))
                    host = self._chosen(request)[name]  # another one after a change of the config
        finally:
            self._watching -= 1

    async def mark(self, request: Event) -> AsyncIterator[Event]:
        """What the person says of runs; see `marking.marked`."""
        yield await self._mark(request)

    async def link(self, request: Event) -> AsyncIterator[Event]:
        """Which run a journal's entry belongs to; see `board.link`."""
        yield await self._link(request)

    async def stop(self, _: Event) -> AsyncIterator[Event]:
        """End the daemon, after this answer."""
        yours = [name for name, host in self._tracker.snapshot.hosts.items() if host.adopted]
        yield {"event": "stopping", "pid": self._tracker.snapshot.pid, "yours": yours}
        asyncio.get_running_loop().call_later(0.05, self._stop)

    async def reload(self, _: Event) -> AsyncIterator[Event]:
        """Read hosts.yaml again."""
        self._reload()
        yield {"event": "reloading"}

    async def pull(self, request: Event) -> AsyncIterator[Event]:
        """Pull now; plan, progress and outcome of every source; `wait` false: only make the wish."""
        source = request.get("source")
        chosen = self._chosen(request)
        if request.get("wait") is False:
            for name, host in chosen.items():
                host.request_retry()
                host.request_pull(source)
                yield {"event": "wished", "host": name}
            return
        with self._listening() as queue:
            reached: dict[str, Host] = {}
            for name, host in chosen.items():
                if trouble := await self._reach(host):
                    yield _failed(name, source, trouble)
                else:
                    reached[name] = host
            if request.get("dry_run"):
                for host in reached.values():
                    for event in await host.preview(source):
                        yield event
                return
            waiting = {
                (name, own): number
                for name, host in reached.items()
                for own, number in host.request_pull(source).items()
            }
            async for event in self._until_done(queue, waiting, reached):
                yield event

    async def _until_done(
        self, queue: asyncio.Queue[Event], waiting: dict[tuple[str, str], int], hosts: dict[str, Host]
    ) -> AsyncIterator[Event]:
        while waiting:
            try:
                event = await asyncio.wait_for(queue.get(), 0.5)
            except TimeoutError:
                current = self._hosts()
                for name, own in list(waiting):
                    if current.get(name) is not hosts[name]:  # nobody tells of its rounds any more
                        del waiting[name, own]
                        yield _failed(name, own, CHANGED)
                    elif not _connected(hosts[name]):
                        del waiting[name, own]
                        yield _failed(name, own, _why(hosts[name]))
                continue
            key = (event["host"], event["source"])
            if key not in waiting:
                continue
            if event["event"] == "outcome":
                if event["round"] < waiting[key]:
                    continue
                del waiting[key]
            yield event

    async def _reach(self, host: Host) -> Trouble | None:
        """Wait a while for a host that is down to answer; why it did not."""
        if _connected(host):
            return None
        if host.state.status.word == "paused":
            return Trouble(f"{host.config.name} is paused", f"expsyncd resume {host.config.name}")
        if host.state.status.word in ("failed", "needs-login"):
            return _why(host)
        host.request_retry()
        try:
            async with asyncio.timeout(CONNECT_WAIT_S):
                index = self._tracker.index
                while not _connected(host):
                    if host.state.status.word in ("failed", "needs-login"):
                        return _why(host)
                    index, _ = await self._tracker.changed(index)
        except TimeoutError:
            return _why(host)
        return None

    def _chosen(self, request: Event) -> dict[str, Host]:
        hosts, name = self._hosts(), request.get("host")
        if name is None:
            return dict(hosts)
        if name not in hosts:
            known = ", ".join(hosts) or "none yet"
            raise Error(f"no host {name} in hosts.yaml", f"the hosts there: {known}")
        return {name: hosts[name]}

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Queue[Event]]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


def _connected(host: Host) -> bool:
    return isinstance(host.state.status, Connected)


def _followed(host: Host, source: str) -> bool:
    """Growth of the source comes by itself."""
    state = host.state.sources.get(source)
    return state is not None and state.follow.healthy


def _why(host: Host) -> Trouble:
    error = getattr(host.state.status, "error", None)
    return error if isinstance(error, Trouble) else Trouble(f"{host.config.name} is not connected", "")


def _failed(host: str, source: str | None, trouble: Trouble) -> Event:
    return {
        "event": "outcome",
        "host": host,
        "source": source or "",
        "outcome": "retry",
        "files": 0,
        "bytes": 0,
        "seconds": 0.0,
        **(trouble_json(trouble) or {}),
    }
